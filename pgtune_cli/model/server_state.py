"""What the server counted and was doing when it was read: counters of the database, sessions, slots, checkpoints.

Everything is None (or empty) where it was not read: an older snapshot, a missing right, a version without it.
"""

from typing import Annotated

import msgspec

from pgtune_cli.model.marks import VALUES


class DatabaseCounters(msgspec.Struct, frozen=True, kw_only=True):
    """pg_stat_database of this database, totals since `Usage.since`; and how far its oldest ids are behind."""

    commits: int = 0
    rollbacks: int = 0
    blks_hit: int = 0
    blks_read: int = 0
    blk_read_time_ms: float | None = None
    temp_files: int = 0
    temp_bytes: int = 0
    deadlocks: int = 0
    conflicts: int = 0
    sessions: int | None = None
    """sessions begun; 14 and later."""
    session_time_ms: float | None = None
    active_time_ms: float | None = None
    idle_in_transaction_time_ms: float | None = None
    parallel_workers_to_launch: int | None = None
    """18 and later."""
    parallel_workers_launched: int | None = None
    xid_age: int | None = None
    """age(datfrozenxid): transactions."""
    multixact_age: int | None = None


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """The client sessions of this database at the time of reading, without pgtune's own. Seconds are of the longest."""

    total: int
    hidden: int = 0
    """sessions whose state this role may not see."""
    active: int = 0
    idle_in_transaction: int = 0
    idle_in_transaction_seconds: float | None = None
    idle_in_transaction_application: Annotated[str | None, VALUES] = None
    """application_name of the one that has been idle longest."""
    transaction_seconds: float | None = None
    statement_seconds: float | None = None
    lock_waits: int = 0
    lock_wait_seconds: float | None = None
    lock_holder_state: str | None = None
    """pg_stat_activity.state of a session that the longest waiter waits for."""
    xmin_age: int | None = None
    """the oldest backend_xmin of all sessions of the server, in transactions."""


class ReplicationSlot(msgspec.Struct, frozen=True, kw_only=True):
    """One row of pg_replication_slots."""

    name: str
    kind: str
    """physical or logical."""
    active: bool
    wal_status: str | None = None
    """reserved, extended, unreserved, lost."""
    retained_bytes: int | None = None
    """WAL between its restart_lsn and the server's position."""
    xmin_age: int | None = None
    """the older of xmin and catalog_xmin, in transactions."""


class PreparedTransactions(msgspec.Struct, frozen=True, kw_only=True):
    """pg_prepared_xacts of this database."""

    total: int
    oldest_seconds: float | None = None
    xmin_age: int | None = None


class Checkpoints(msgspec.Struct, frozen=True, kw_only=True):
    """pg_stat_bgwriter, pg_stat_checkpointer from 17 on; with the WAL that pg_stat_wal counted (14 and later)."""

    timed: int
    requested: int
    days: float | None = None
    """age of these counters."""
    wal_bytes: float | None = None
    wal_days: float | None = None


class Archiver(msgspec.Struct, frozen=True, kw_only=True):
    """pg_stat_archiver."""

    archived: int
    failed: int
    failing: bool
    """the last attempt failed."""
    failing_seconds: float | None = None
    """since the last segment that was archived, or since these counters began."""


class RoleSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of ALTER ROLE or ALTER DATABASE that holds in this database."""

    role: str | None = None
    """None is every role."""
    name: str
    value: str
    """as written, with its unit."""


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    database: DatabaseCounters | None = None
    sessions: Sessions | None = None
    slots: tuple[ReplicationSlot, ...] | None = None
    prepared: PreparedTransactions | None = None
    checkpoints: Checkpoints | None = None
    archiver: Archiver | None = None
    role_settings: tuple[RoleSetting, ...] | None = None
    uptime_days: float | None = None
