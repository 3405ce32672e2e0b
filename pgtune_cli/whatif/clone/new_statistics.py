"""Statistics that the source does not have, in the clone for as long as some statements are planned with them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, Skipped, Snapshot
from pgtune_cli.sql.quote import qualified
from pgtune_cli.whatif.clone.extended import restore_extended
from pgtune_cli.whatif.clone.statistics import restore_columns
from pgtune_cli.whatif.protocol import NewStatistics
from pgtune_cli.whatif.reason import reason_of

CLEAR = "SELECT pg_catalog.pg_clear_attribute_stats($1, $2, $3, $4)"


@asynccontextmanager
async def planted(
    admin: Connection, owner: Connection, snapshot: Snapshot, new: NewStatistics
) -> AsyncIterator[str | None]:
    """Yields why the clone does not take them; None where it does. All is as it was afterwards."""
    made: list[str] = []
    try:
        yield await _plant(admin, owner, snapshot, new, made)
    finally:
        for name in made:
            await owner.execute(f"DROP STATISTICS {name}")
        await _replace(owner, [_known(one, snapshot) for one in new.columns])


async def _plant(
    admin: Connection, owner: Connection, snapshot: Snapshot, new: NewStatistics, made: list[str]
) -> str | None:
    try:
        for statistics, _ in new.objects:
            await owner.fetch(statistics.definition)  # one statement, whatever it holds
            made.append(qualified(RelationName(statistics.schema, statistics.name)))
    except PostgresError as error:
        return reason_of(error)
    catalog = Catalog(extended_statistics=tuple(statistics for statistics, _ in new.objects))
    data = tuple(held for _, held in new.objects)
    added = msgspec.structs.replace(snapshot, catalog=catalog, extended=data)
    lost = [*await restore_extended(admin, owner, added), *await _replace(owner, new.columns)]
    return lost[0].why if lost else None


async def _replace(owner: Connection, columns: Sequence[ColumnStatistics]) -> list[Skipped]:
    """Restoring alone keeps the lists that the new statistics do not have."""
    for one in columns:
        await owner.fetch(CLEAR, one.schema, one.table, one.column, one.inherited)
    return await restore_columns(owner, columns)


def _known(new: ColumnStatistics, snapshot: Snapshot) -> ColumnStatistics:
    key = (new.schema, new.table, new.column, new.inherited)
    return next(one for one in snapshot.statistics if (one.schema, one.table, one.column, one.inherited) == key)
