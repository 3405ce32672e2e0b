"""CREATE STATISTICS over columns that the planner takes to be independent."""

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.quote import qualified
from pgtune_cli.sql.statistics_ddl import MOST_KEYS, create_statistics_sql, statistics_name


def missing_statistics_sql(world: World, table: RelationName | None, columns: tuple[str, ...]) -> str | None:
    """The statement and the ANALYZE that fills it, where the columns are several and nothing covers them yet."""
    if table is None or not 2 <= len(columns) <= MOST_KEYS:
        return None
    if any(set(columns) <= set(item.columns) for item in world.extended_statistics.get(table, [])):
        return None
    name = statistics_name(table, columns, {item.name for item in world.snapshot.catalog.extended_statistics})
    return f"{create_statistics_sql(table, name, columns)}; ANALYZE {qualified(table)}"
