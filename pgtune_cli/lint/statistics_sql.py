"""CREATE STATISTICS over columns that the planner takes to be independent."""

import hashlib
from collections.abc import Sequence

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.quote import qualified, quote_identifier

MAX_NAME_BYTES = 63


def create_statistics_sql(table: RelationName, columns: Sequence[str], world: World) -> str:
    """The statement and the ANALYZE that fills it."""
    taken = {item.name for item in world.snapshot.catalog.extended_statistics}
    stem = "_".join([table.name, *columns])
    name, number = _fit(stem, "_stats"), 1
    while name in taken:
        number += 1
        name = _fit(stem, f"_stats{number}")
    statistics = qualified(RelationName(table.schema, name))
    keys = ", ".join(quote_identifier(column) for column in columns)
    return f"CREATE STATISTICS {statistics} ON {keys} FROM {qualified(table)}; ANALYZE {qualified(table)}"


def missing_statistics_sql(world: World, table: RelationName | None, columns: tuple[str, ...]) -> str | None:
    """The same where the columns are two to eight and nothing covers them yet; else None."""
    if table is None or not 2 <= len(columns) <= 8:
        return None
    covered = any(set(columns) <= set(item.columns) for item in world.extended_statistics.get(table, []))
    return None if covered else create_statistics_sql(table, columns, world)


def _fit(stem: str, suffix: str) -> str:
    if len((stem + suffix).encode()) <= MAX_NAME_BYTES:
        return stem + suffix
    end = "_" + hashlib.sha256(stem.encode()).hexdigest()[:8] + suffix
    return stem.encode()[: MAX_NAME_BYTES - len(end)].decode(errors="ignore").rstrip("_") + end
