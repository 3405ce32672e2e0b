"""How a replica uses the indexes: it has counters of its own, and an index that only it reads is no unused one."""

import msgspec

from pgtune_cli.collect.connection import MARK, Connection, PostgresError, transaction
from pgtune_cli.collect.replica import check_replica
from pgtune_cli.errors import ServerRefused
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Snapshot, Usage

SCANS = (
    f"SELECT {MARK} schemaname::text AS schema, indexrelname::text AS name, idx_scan::int8"
    " FROM pg_catalog.pg_stat_user_indexes WHERE idx_scan > 0"
)
AGE = (
    f"SELECT {MARK} (extract(epoch FROM clock_timestamp()"
    " - coalesce(stats_reset, pg_catalog.pg_postmaster_start_time())) / 86400)::float8"
    " FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()"
)
"""of the counters, at least: those that were never reset are as old as the server's start, or older"""


async def with_replica_usage(snapshot: Snapshot, primary: Connection, replica: Connection) -> Snapshot:
    """The snapshot with the replica's index scans added to its own; as young as the youngest counters.

    Raises:
        UsageError: it is no replica of the server.
        ServerRefused: its counters cannot be read.
    """
    await check_replica(primary, replica, "--replica")
    try:
        async with transaction(replica, isolation="read_committed"):
            rows = await replica.fetch(SCANS)
            days = await replica.fetchval(AGE)
    except PostgresError as exc:
        raise ServerRefused(f"--replica: its counters could not be read: {type(exc).__name__}") from exc
    scans = {RelationName(row["schema"], row["name"]): int(row["idx_scan"]) for row in rows}
    return msgspec.structs.replace(snapshot, usage=_merged(snapshot.usage, scans, days))


def _merged(usage: Usage, scans: dict[RelationName, int], days: float | None) -> Usage:
    indexes = tuple(
        msgspec.structs.replace(one, idx_scan=one.idx_scan + scans.get(one.index, 0)) for one in usage.indexes
    )
    youngest = None if usage.days is None or days is None else min(usage.days, days)
    return msgspec.structs.replace(usage, indexes=indexes, days=youngest, replicas=usage.replicas + 1)
