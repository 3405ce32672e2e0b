"""Baselines and the verdicts of `pgtune check`."""

from enum import StrEnum

import msgspec

BASELINE_SCHEMA_VERSION = 1


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement cost, per call, over the run. Times in milliseconds, blocks of 8 kB."""

    calls: int
    mean_exec_time_ms: float
    stddev_exec_time_ms: float | None = None
    rows_per_call: float
    blocks_per_call: float
    """hit and read."""
    blocks_read_per_call: float | None = None
    """those of them that were not in shared_buffers; null in a baseline of an earlier pgtune."""
    blk_read_time_ms_per_call: float | None = None
    """null where track_io_timing is off."""
    temp_blocks_per_call: float
    wal_records_per_call: float | None = None


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a plan: enough to say what changed, nothing of the values that it was made with."""

    total_cost: float
    shape: tuple[str, ...]
    """a line a node, indented by depth: kind, join, relation, index."""
    nodes: tuple[str, ...] = ()
    """the node types, sorted."""
    relations: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    seq_scans: tuple[str, ...] = ()
    """tables read sequentially, as `schema.name`."""
    selective_scans: tuple[str, ...] = ()
    """those of them of which few rows are kept."""


class BaselineStatement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    fingerprint: str
    query: str
    """normalised: no literals."""
    over_threshold: bool = False
    measurement: Measurement
    windows: tuple[float | None, ...] = ()
    """mean execution time, ms, in each window where several were taken; null where it did not run."""
    tables: tuple[str, ...] = ()
    """what the text touches, through views and foreign keys too, as `schema.name`."""
    functions: tuple[str, ...] = ()
    """those outside of pg_catalog that it may call, through views and triggers too, as `schema.name(arguments)`."""
    plan: PlanSummary | None = None
    production_plan: PlanSummary | None = None
    """by the statistics of `--statistics`."""


class TableState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table as it was: what can explain that a statement changed. Definitions without literals."""

    rows: float | None = None
    """by the last ANALYZE or VACUUM."""
    pages: float | None = None
    """blocks of its main fork now."""
    columns: dict[str, str] = {}
    """name -> type."""
    indexes: dict[str, str] = {}
    """`schema.name` -> definition."""
    statistics: dict[str, str] = {}
    """extended statistics: `schema.name` -> definition."""
    code: dict[str, str] | None = None
    """`trigger x`, `policy x`, `constraint x`, a view's `query` -> digest of the definition; null where not known."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a workload, and the database that it met."""

    kind: str = "baseline"
    schema_version: int = BASELINE_SCHEMA_VERSION
    pgtune_version: str
    database: str = ""
    slow_query_threshold_ms: float
    settings: dict[str, str] = {}
    """of the planner, in raw units."""
    server_version_num: int | None = None
    functions: dict[str, str] | None = None
    """those that the statements may call -> digest of the definition; null where their bodies are not known."""
    evicted: int = 0
    """entries that pg_stat_statements dropped while it counted: numbers of calls may be too low."""
    tables: dict[str, TableState] = {}
    """those that the statements touch, by `schema.name`."""
    findings: tuple[str, ...] = ()
    """ids of the rules' findings."""
    statements: tuple[BaselineStatement, ...]


class ComparisonVerdict(StrEnum):
    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNDECIDED = "undecided"
    NEW = "new"
    GONE = "gone"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    fingerprint: str
    query: str
    verdict: ComparisonVerdict
    fails: bool
    reasons: tuple[str, ...]
    """those that decide first."""
    causes: tuple[str, ...] = ()
    """what changed in the schema, the settings, the data or the plan that can explain it."""
    previous: str | None = None
    """fingerprint of the baseline's statement that this one is taken for, where its text changed."""
    baseline: Measurement | None = None
    candidate: Measurement | None = None
    baseline_plan: PlanSummary | None = None
    candidate_plan: PlanSummary | None = None
    place: str | None = None
    """`file:line` of the text, from sqlcommenter tags or `--source`."""


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


class FailingFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the rules that the policy does not let pass."""

    id: str
    rule: str
    severity: str
    title: str
    statements: tuple[str, ...] = ()
    relation: str | None = None


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "check"
    schema_version: int = 1
    outcome: Outcome
    comparisons: tuple[Comparison, ...]
    findings: tuple[FailingFinding, ...] = ()
    notes: tuple[str, ...] = ()
    """about the run as a whole: its speed, what could not be judged."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What `pgtune diff` says of two files."""

    kind: str = "diff"
    schema_version: int = 1
    comparisons: tuple[Comparison, ...]
    changes: tuple[str, ...] = ()
    """of tables, indexes and settings."""
    findings_new: tuple[str, ...] = ()
    """ids"""
    findings_gone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
