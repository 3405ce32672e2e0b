"""What the server itself counted and was doing; each part is read by itself, and what fails costs that part alone."""

from typing import Any

import msgspec

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_facts import SETTINGS
from pgtune_cli.model.server_state import (
    Archiver,
    Checkpoints,
    DatabaseCounters,
    PreparedTransactions,
    ReplicationSlot,
    RoleSetting,
    ServerState,
    Sessions,
)

ROLE_SETTINGS = (
    "statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout", "lock_timeout",
    "idle_session_timeout", "work_mem", "jit", "random_page_cost", "effective_cache_size",
)  # fmt: skip
"""those that rules look at, besides what plans depend on."""


async def read_server_state(reader: Reader, version_num: int) -> ServerState:
    """All parts that this version has and this role may read."""
    database = _first(await reader.rows("database_counters"))
    sessions = _first(await reader.rows("sessions"))
    slots = await _all(reader, "replication_slots")
    prepared = _first(await reader.rows("prepared_transactions"))
    settings = await _all(reader, "role_settings", [*ROLE_SETTINGS, *SETTINGS])
    archiver = _first(await reader.rows("archiver"))
    return ServerState(
        database=_database(database) if database else None,
        sessions=msgspec.convert(dict(sessions), Sessions) if sessions else None,
        slots=tuple(msgspec.convert(dict(row), ReplicationSlot) for row in slots) if slots is not None else None,
        prepared=msgspec.convert(dict(prepared), PreparedTransactions) if prepared else None,
        checkpoints=await _checkpoints(reader, version_num),
        archiver=msgspec.convert(dict(archiver), Archiver) if archiver else None,
        role_settings=(
            tuple(msgspec.convert(dict(row), RoleSetting) for row in settings) if settings is not None else None
        ),
        uptime_days=database["uptime_days"] if database else None,
    )


def _first(rows: list[Record]) -> Record | None:
    return rows[0] if rows else None


async def _all(reader: Reader, name: str, *arguments: object) -> list[Record] | None:
    """All rows; None, unlike no rows, when they could not be read."""
    before = len(reader.skipped)
    rows = await reader.rows(name, *arguments)
    return rows if rows or len(reader.skipped) == before else None


def _database(row: Record) -> DatabaseCounters:
    found: dict[str, Any] = msgspec.json.decode(row["counters"], type=dict[str, Any])
    return DatabaseCounters(
        commits=found["xact_commit"],
        rollbacks=found["xact_rollback"],
        blks_hit=found["blks_hit"],
        blks_read=found["blks_read"],
        blk_read_time_ms=found["blk_read_time"],
        temp_files=found["temp_files"],
        temp_bytes=found["temp_bytes"],
        deadlocks=found["deadlocks"],
        conflicts=found["conflicts"],
        sessions=found.get("sessions"),
        session_time_ms=found.get("session_time"),
        active_time_ms=found.get("active_time"),
        idle_in_transaction_time_ms=found.get("idle_in_transaction_time"),
        parallel_workers_to_launch=found.get("parallel_workers_to_launch"),
        parallel_workers_launched=found.get("parallel_workers_launched"),
        xid_age=row["xid_age"],
        multixact_age=row["multixact_age"],
    )


async def _checkpoints(reader: Reader, version_num: int) -> Checkpoints | None:
    row = _first(await reader.rows("checkpoints" if version_num < 170000 else "checkpoints_17"))
    if row is None:
        return None
    wal = _first(await reader.rows("wal")) if version_num >= 140000 else None
    return Checkpoints(
        timed=row["timed"],
        requested=row["requested"],
        days=row["days"],
        wal_bytes=wal["wal_bytes"] if wal else None,
        wal_days=wal["days"] if wal else None,
    )
