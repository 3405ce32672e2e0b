"""Statements: the rows of pg_stat_statements merged by fingerprint, and what it takes to plan one."""

import msgspec

SEEN_ORIGINS = frozenset({"params-file", "sample", "pg_stat_activity", "workload", "auto_explain", "pg_qualstats"})
"""of value sets that the application really sent, or the user says so."""
RARELY_ASKED = frozenset({"generic", "absent", "null"})
"""names of sets that show another plan, and say nothing of how often such values come."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one fingerprint, merged. Times in milliseconds, blocks of 8 kB, totals over the window."""

    fingerprint: str
    queryids: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    query: str
    """the text of the costliest row, verbatim."""
    calls: int
    total_exec_time_ms: float
    mean_exec_time_ms: float
    stddev_exec_time_ms: float | None = None
    max_exec_time_ms: float | None = None
    rows: int = 0
    shared_blks_hit: int = 0
    shared_blks_read: int = 0
    temp_blks_read: int = 0
    temp_blks_written: int = 0
    wal_records: int | None = None
    blk_read_time_ms: float | None = None
    plans: int | None = None
    """times it was planned; 0 without pg_stat_statements.track_planning."""
    total_plan_time_ms: float | None = None
    jit_time_ms: float | None = None
    parallel_workers_to_launch: int | None = None
    parallel_workers_launched: int | None = None
    min_exec_time_ms: float | None = None
    share_of_time: float = 0.0
    """fraction of the execution time of the database, which counts what passed inside a function once."""
    toplevel: bool = True
    nested_exec_time_ms: float = 0.0
    """the part of the total that passed inside functions, and so inside the statements that call them."""
    samples: tuple[str, ...] = ()
    """texts with literals that have this fingerprint (from --window or --workload); never printed by default."""
    sample_channel: str | None = None
    given: tuple["ValueSet", ...] = ()
    """values that the user knows (--params), by the numbers of `query`; never printed by default."""


class ValueSet(msgspec.Struct, frozen=True, kw_only=True):
    """Values for the parameters of one statement, as untyped literals that PostgreSQL coerces; None is NULL."""

    name: str
    """generic, common, typical, rare, absent, null, literal (constants that were seen), or a name of the user's."""
    origin: str
    """where they came from: generic, pg_stats, default (of the type, or guessed), row (sampled from the table), literal
    (the text has its own), params-file, or the channel that a text was seen in (pg_stat_activity, workload,
    auto_explain, pg_qualstats)."""
    values: tuple[str | None, ...] | None = None
    """None for a generic plan, and for a text without parameters."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that PREPARE accepts, with values to plan it with."""

    fingerprint: str
    sql: str
    """the repaired text; equals the statement's where nothing had to be mended."""
    parameter_types: tuple[str, ...] = ()
    """regtype names, in order of $n."""
    value_sets: tuple[ValueSet, ...] = ()
    """the first is the one of record."""
