"""All that was read from one database. Every command takes a Snapshot wherever it takes a connection.

Counters are raw: totals since the statistics were reset, or over the window when one was taken. Unknown is None.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.extended import ExtendedData, Extremes
from pgtune_cli.model.marks import LITERALS, VALUES
from pgtune_cli.model.numbers import Correlation, Distinct, Int4, Int8, Ms, Share
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.server_state import ServerState

SNAPSHOT_SCHEMA_VERSION = 2
"""1 held no plans. A reader takes every version up to its own."""


class Skipped(msgspec.Struct, frozen=True):
    """What was not read or not analysed, and why. `remedy` is SQL or a setting that mends it."""

    what: str
    why: str
    remedy: str | None = None


class Tablespace(msgspec.Struct, frozen=True, kw_only=True):
    """A tablespace with costs of its own."""

    name: str
    options: tuple[str, ...] = ()
    """`random_page_cost=1.1`."""
    of_database: bool = False
    """where the database's relations are unless they say otherwise."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    version_num: Int4
    version: str
    database: str
    user: str
    superuser: bool = False
    owner: bool = False
    """the login owns the database or any relation that was read."""
    service: str | None = None
    """the managed service that it shows itself to be part of; None of a server of one's own, and in older files."""
    in_recovery: bool = False
    encoding: str = "UTF8"
    collate: str = "C"
    ctype: str = "C"
    locale_provider: str = "c"
    """datlocprovider: c libc, i ICU, b builtin; 'c' before 15."""
    block_size: Annotated[int, Meta(ge=1024, le=65536)] = 8192
    settings: dict[str, str] = {}
    """pg_settings.setting in its raw unit, of the planner and of the session settings that plans depend on."""
    tablespaces: tuple[Tablespace, ...] = ()
    pg_stat_statements: str | None = None
    """extension version; None when it is not installed in this database."""
    pg_stat_statements_schema: str | None = None


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of pg_stat_statements; its key is role, database, queryid, toplevel. Times in ms, blocks of 8 kB."""

    queryid: str
    role: str
    toplevel: bool = True
    query: Annotated[str, LITERALS]
    calls: Int8
    total_exec_time_ms: Ms
    min_exec_time_ms: Ms | None = None
    max_exec_time_ms: Ms | None = None
    mean_exec_time_ms: Ms
    stddev_exec_time_ms: Ms | None = None
    rows: Int8 = 0
    shared_blks_hit: Int8 = 0
    shared_blks_read: Int8 = 0
    shared_blks_dirtied: Int8 = 0
    shared_blks_written: Int8 = 0
    temp_blks_read: Int8 = 0
    temp_blks_written: Int8 = 0
    blk_read_time_ms: Ms | None = None
    wal_records: Int8 | None = None
    wal_bytes: Int8 | None = None
    plans: Int8 | None = None
    """times it was planned; 0 without pg_stat_statements.track_planning."""
    total_plan_time_ms: Ms | None = None
    jit_time_ms: Ms | None = None
    """spent compiling, part of the execution time; 15 and later."""
    parallel_workers_to_launch: Int8 | None = None
    """18 and later."""
    parallel_workers_launched: Int8 | None = None
    stats_since: str | None = None
    """when the entry began (17 and later); another value is another entry of the same key."""
    origin: str | None = None
    """file:line of one that came from a file."""


class SampledText(msgspec.Struct, frozen=True):
    """A statement text with its literals, and the channel it was seen in (`pg_stat_activity`, `workload`)."""

    query: Annotated[str, LITERALS]
    channel: str
    calls: float = 1.0


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The time the statement counters cover. `seconds` only where two readings were taken."""

    since: str | None = None
    """ISO-8601, the last reset of pg_stat_statements."""
    seconds: float | None = None
    age_seconds: float | None = None
    """since the last reset."""
    evicted: Int8 | None = None
    """entries that pg_stat_statements dropped for want of room (pg_stat_statements_info.dealloc)."""


class UtilityUse(msgspec.Struct, frozen=True):
    """Utility statements of one kind."""

    command: str
    """`SET application_name`, `BEGIN`, `CREATE TABLE`: no object and no value."""
    calls: Int8
    total_exec_time_ms: float


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    """pg_stat_statements, or workload (files)."""
    window: Window = Window()
    rows: tuple[StatementRow, ...] = ()
    samples: Annotated[tuple[SampledText, ...], VALUES] = ()
    total_statements: Int8 | None = None
    """entries there were before --top."""
    total_exec_time_ms: Ms | None = None
    """of the database: all top-level entries but pgtune's own, before --top; utility statements included."""
    utility_statements: Int8 | None = None
    """entries with nothing to analyse (BEGIN, DDL, COPY, VACUUM), which have no row here."""
    utility_exec_time_ms: Ms | None = None
    utility: tuple[UtilityUse, ...] | None = None
    """what those were, most calls first; None in files of before, and without pg_stat_statements."""


class ColumnStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One row of pg_stats. Arrays of values are PostgreSQL's text form (`{a,"b c"}`), exactly as ::text prints them."""

    schema: str
    table: str
    """the table, or the index for an expression's statistics."""
    column: str
    inherited: bool = False
    null_frac: Share
    avg_width: Int4
    n_distinct: Distinct
    """negative: minus the fraction of rows that are distinct."""
    most_common_vals: Annotated[str | None, VALUES] = None
    most_common_freqs: Annotated[tuple[Share, ...] | None, VALUES] = None
    histogram_bounds: Annotated[str | None, VALUES] = None
    correlation: Correlation | None = None
    most_common_elems: Annotated[str | None, VALUES] = None
    most_common_elem_freqs: Annotated[tuple[float, ...] | None, VALUES] = None
    elem_count_histogram: Annotated[tuple[float, ...] | None, VALUES] = None
    range_length_histogram: Annotated[str | None, VALUES] = None
    range_empty_frac: Annotated[Share | None, VALUES] = None
    range_bounds_histogram: Annotated[str | None, VALUES] = None


class TableUsage(msgspec.Struct, frozen=True, kw_only=True):
    """pg_stat_user_tables of one table."""

    table: RelationName
    seq_scan: Int8 = 0
    seq_tup_read: Int8 = 0
    idx_scan: Int8 | None = None
    n_tup_ins: Int8 = 0
    n_tup_upd: Int8 = 0
    n_tup_del: Int8 = 0
    n_tup_hot_upd: Int8 = 0
    n_live_tup: Int8 = 0
    n_dead_tup: Int8 = 0
    n_mod_since_analyze: Int8 = 0
    last_analyze: str | None = None
    """ISO-8601, by hand or by autovacuum, whichever came later."""
    last_vacuum: str | None = None
    n_tup_newpage_upd: int | None = None
    """updates whose new version went to another page, for want of room; 16 and later."""
    n_ins_since_vacuum: int | None = None
    vacuums: int | None = None
    blks_hit: int | None = None
    """pg_statio_user_tables: of the table, its indexes and its TOAST."""
    blks_read: int | None = None


class IndexUsage(msgspec.Struct, frozen=True, kw_only=True):
    """pg_stat_user_indexes of one index."""

    index: RelationName
    idx_scan: Int8 = 0
    idx_tup_read: Int8 = 0
    idx_tup_fetch: Int8 = 0
    own_scans: Int8 = 0
    """of idx_scan: pgtune's own, as far as this machine knows of them."""

    @property
    def application_scans(self) -> int:
        return self.idx_scan - self.own_scans


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    since: str | None = None
    """ISO-8601, pg_stat_database.stats_reset."""
    days: float | None = None
    """age of the counters when they were read."""
    replicas: int = 0
    """whose index scans are among the counters."""
    tables: tuple[TableUsage, ...] = ()
    indexes: tuple[IndexUsage, ...] = ()
    server: ServerState = ServerState()


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "snapshot"
    schema_version: int = SNAPSHOT_SCHEMA_VERSION
    pgtune_version: str
    server: Server
    workload: Workload
    catalog: Catalog
    statistics: tuple[ColumnStatistics, ...] = ()
    extended: tuple[ExtendedData, ...] = ()
    extremes: Annotated[tuple[Extremes, ...], VALUES] = ()
    usage: Usage = Usage()
    skipped: tuple[Skipped, ...] = ()
    plans: tuple[StatementPlans, ...] = ()
    """the source's own, of plain EXPLAIN, literals as `?`; none in a file that was taken without them."""
    values: bool = True
    """False: all that holds values of rows was left out (--no-values)."""
