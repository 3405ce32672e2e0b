"""Facts of the server: what it counted for this database, checkpoints, WAL, and how old its oldest ids are."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.subject import known
from pgtune_cli.lint.table_upkeep import table_upkeep
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationKind
from pgtune_cli.model.server_state import DatabaseCounters

State = "server_state"
XID_LIMIT = 2**31 - 3_000_000
"""transactions after which the server takes no more of them."""
MEGABYTE = 1 << 20
MAX_COST_LIMIT = 10_000.0


class ServerCounters(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of the database and of the server."""

    counters_days: Annotated[float | None, known("age of the database's counters; null when they were never reset",
                                                 need="usage")]  # fmt: skip
    commits: Annotated[float | None, known("transactions committed in the database", need=State)]
    hit_ratio: Annotated[float | None, known("blocks of the database found in shared_buffers, a fraction", need=State)]
    read_bytes: Annotated[float | None, known("bytes read from outside shared_buffers", need=State)]
    read_ms_per_block: Annotated[float | None, known("time to read a block from outside shared_buffers",
                                                     need="io_timing")]  # fmt: skip
    data_bytes: Annotated[float | None, known("size of the tables and indexes of the database that were read",
                                              need="sizes")]  # fmt: skip
    rereads: Annotated[float | None, known("how often as much as all of them was read from outside shared_buffers",
                                           need=State)]  # fmt: skip
    temp_files: Annotated[float | None, known("temporary files written", need=State)]
    temp_bytes: Annotated[float | None, known("bytes of those", need=State)]
    deadlocks: Annotated[float | None, known("deadlocks that ended a transaction", need=State)]
    deadlocks_per_million: Annotated[float | None, known("of those, per million transactions", need=State)]
    conflicts: Annotated[float | None, known("statements of a standby ended for what the primary replayed",
                                             need=State)]  # fmt: skip
    sessions_begun: Annotated[float | None, known("sessions begun", need="session_counters")]
    session_seconds: Annotated[float | None, known("how long a session lasts on average", need="session_counters")]
    commits_per_session: Annotated[float | None, known("transactions of a session on average",
                                                       need="session_counters")]  # fmt: skip
    idle_in_transaction_share: Annotated[float | None, known("time idle in a transaction, a fraction of the time "
                                                             "in transactions", need="session_counters")]  # fmt: skip
    idle_in_transaction_total_seconds: Annotated[float | None, known("that time", need="session_counters")]
    xid_age: Annotated[float | None, known("transactions since the database's oldest row was frozen", need=State)]
    xid_used: Annotated[float | None, known("that as a fraction of those after which the server stops", need=State)]
    multixact_used: Annotated[float | None, known("the same of multixacts", need=State)]
    checkpoints: Annotated[float | None, known("checkpoints by time and by demand", need=State)]
    checkpoints_requested: Annotated[float | None, known("checkpoints before their time: WAL reached max_wal_size, or "
                                                         "a command asked for one", need=State)]  # fmt: skip
    requested_fraction: Annotated[float | None, known("those as a fraction of all", need=State)]
    checkpoint_minutes: Annotated[float | None, known("minutes between checkpoints on average", need=State)]
    max_wal_size_bytes: Annotated[float | None, known("max_wal_size", need="settings")]
    max_wal_size_wanted_mb: Annotated[float | None, known("four times max_wal_size, 4 GB at least, in MB",
                                                          need="settings")]  # fmt: skip
    wal_bytes: Annotated[float | None, known("WAL written since its counter began (14 and later)", need=State)]
    wal_per_request: Annotated[float | None, known("WAL written for each requested checkpoint, over max_wal_size",
                                                   need=State)]  # fmt: skip
    archiving_failed_seconds: Annotated[float | None, known("since WAL was last archived, where the last attempt "
                                                            "failed; 0 otherwise", need=State)]  # fmt: skip
    archiving_failures: Annotated[float | None, known("failed attempts to archive WAL", need=State)]
    overdue_tables: Annotated[float | None, known("tables with more than twice the dead rows at which autovacuum "
                                                  "should start; not those it is off for", need="usage")]  # fmt: skip
    overdue_table: Annotated[str, known("the one that is farthest beyond; empty without any")]
    overdue_rows: Annotated[float, known("dead rows of those tables")]
    vacuum_cost_limit: Annotated[float | None, known("autovacuum_vacuum_cost_limit, or vacuum_cost_limit where that "
                                                     "is -1", need="settings")]  # fmt: skip
    vacuum_cost_limit_wanted: Annotated[float | None, known("ten times that, 10,000 at most; null where it is that "
                                                            "already, or where autovacuum never pauses "
                                                            "(autovacuum_vacuum_cost_delay is 0)",
                                                            need="settings")]  # fmt: skip


def server_counters(world: World) -> dict[str, Any]:
    """The facts of ServerCounters, by name."""
    found = world.snapshot.usage.server.database
    return {
        "counters_days": world.snapshot.usage.days,
        **(_database(world, found) if found is not None else dict.fromkeys(DATABASE)),
        "data_bytes": data_bytes(world),
        **_checkpoints(world), **_archiver(world), **_overdue(world), **_cost_limit(world.snapshot.server.settings),
    }  # fmt: skip


DATABASE = (
    "commits", "hit_ratio", "read_bytes", "read_ms_per_block", "rereads", "temp_files", "temp_bytes", "deadlocks",
    "deadlocks_per_million",
    "conflicts", "sessions_begun", "session_seconds", "commits_per_session", "idle_in_transaction_share",
    "idle_in_transaction_total_seconds", "xid_age", "xid_used", "multixact_used",
)  # fmt: skip


def data_bytes(world: World) -> float | None:
    """Tables, TOAST and indexes that were read."""
    catalog, block = world.snapshot.catalog, world.snapshot.server.block_size
    sized = [relation for relation in catalog.relations if relation.pages is not None]
    if not sized:
        return None
    tables = sum((relation.pages or 0) * block + (relation.toast_bytes or 0) for relation in sized)
    return float(tables + sum((index.pages or 0) * block for index in catalog.indexes))


def _database(world: World, found: DatabaseCounters) -> dict[str, Any]:
    block, size = world.snapshot.server.block_size, data_bytes(world)
    touched, ended = found.blks_hit + found.blks_read, found.commits + found.rollbacks
    begun = found.sessions
    idle, active = found.idle_in_transaction_time_ms, found.active_time_ms
    return {
        "commits": found.commits, "hit_ratio": found.blks_hit / touched if touched else None,
        "read_bytes": found.blks_read * block,
        "read_ms_per_block": found.blk_read_time_ms / found.blks_read
        if found.blk_read_time_ms and found.blks_read else None,
        "rereads": found.blks_read * block / max(size, block) if size is not None else None,
        "temp_files": found.temp_files, "temp_bytes": found.temp_bytes, "deadlocks": found.deadlocks,
        "deadlocks_per_million": found.deadlocks * 1e6 / max(ended, 1), "conflicts": found.conflicts,
        "sessions_begun": begun,
        "session_seconds": (found.session_time_ms or 0.0) / 1000 / begun if begun else None,
        "commits_per_session": ended / begun if begun else None,
        "idle_in_transaction_share": idle / (idle + active) if idle is not None and active and idle + active else None,
        "idle_in_transaction_total_seconds": idle / 1000 if idle is not None else None,
        "xid_age": found.xid_age, "xid_used": found.xid_age / XID_LIMIT if found.xid_age is not None else None,
        "multixact_used": found.multixact_age / XID_LIMIT if found.multixact_age is not None else None,
    }  # fmt: skip


def _checkpoints(world: World) -> dict[str, Any]:
    found = world.snapshot.usage.server.checkpoints
    text = world.snapshot.server.settings.get("max_wal_size", "")
    most = float(text) * MEGABYTE if text.isdigit() else None
    names = ("checkpoints", "checkpoints_requested", "requested_fraction", "checkpoint_minutes", "wal_bytes",
             "wal_per_request")  # fmt: skip
    settings = {
        "max_wal_size_bytes": most,
        "max_wal_size_wanted_mb": max(4096.0, 4 * most / MEGABYTE) if most is not None else None,
    }
    if found is None:
        return {**dict.fromkeys(names), **settings}
    total = found.timed + found.requested
    return {
        "checkpoints": total, "checkpoints_requested": found.requested, **settings,
        "requested_fraction": found.requested / total if total else 0.0,
        "checkpoint_minutes": found.days * 1440 / total if total and found.days is not None else None,
        "wal_bytes": found.wal_bytes,
        "wal_per_request": found.wal_bytes / max(found.requested, 1) / most
        if found.wal_bytes is not None and most else None,
    }  # fmt: skip


def _archiver(world: World) -> dict[str, Any]:
    found = world.snapshot.usage.server.archiver
    if found is None:
        return {"archiving_failed_seconds": None, "archiving_failures": None}
    seconds = found.failing_seconds if found.failing else 0.0
    return {"archiving_failed_seconds": seconds, "archiving_failures": found.failed}


def _cost_limit(settings: Mapping[str, str]) -> dict[str, Any]:
    """The delay's own -1 stands for vacuum_cost_delay, 0 unless somebody set it: unknown here."""
    names = ("autovacuum_vacuum_cost_limit", "vacuum_cost_limit", "autovacuum_vacuum_cost_delay")
    own, general, delay = (_number(settings.get(name)) for name in names)
    limit = general if own == -1 else own
    pauses = limit is not None and limit < MAX_COST_LIMIT and delay is not None and delay > 0
    return {
        "vacuum_cost_limit": limit,
        "vacuum_cost_limit_wanted": min(10 * (limit or 0.0), MAX_COST_LIMIT) if pauses else None,
    }


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None


def _overdue(world: World) -> dict[str, Any]:
    """Tables for which autovacuum should have come long ago."""
    if not world.usage:
        return {"overdue_tables": None, "overdue_table": "", "overdue_rows": 0}
    found: list[tuple[float, str, int]] = []
    for relation in world.snapshot.catalog.relations:
        if relation.kind is not RelationKind.TABLE or relation.relation_name not in world.usage:
            continue
        facts = table_upkeep(world, relation)
        overdue = facts["vacuum_overdue"]
        if facts["autovacuum_enabled"] and overdue is not None and overdue >= 2:
            found.append((overdue, str(relation.relation_name), world.usage[relation.relation_name].n_dead_tup))
    worst = max(found, default=None)
    return {
        "overdue_tables": len(found),
        "overdue_table": worst[1] if worst is not None else "",
        "overdue_rows": sum(dead for _, _, dead in found),
    }
