"""The index that a DELETE by age would use."""

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql, index_name

TIMES = ("timestamp", "date")


def expiry_index(world: World, table: RelationName, name: str) -> tuple[str, str] | None:
    """CREATE and DROP INDEX over a date or time column; None for other types, and where an index starts with it."""
    column = world.column(table, name)
    if column is None or not column.type.startswith(TIMES):
        return None
    if any(index.valid and index.keys and index.keys[0].column == name for index in world.indexes.get(table, [])):
        return None
    candidate = CandidateIndex(table=table, keys=(IndexKey(column=name),))
    taken = {index.name for index in world.snapshot.catalog.indexes if index.schema == table.schema}
    made = index_name(candidate, taken)
    online = not world.snapshot.catalog.is_partitioned(table)
    return (
        create_index_sql(candidate, made, concurrently=online),
        drop_index_sql(table.schema, made, concurrently=online),
    )
