"""The report: what `pgtune analyze` found, ready to be rendered. `pgtune schema report` documents its JSON form."""

import msgspec

from pgtune_cli.model.finding import Finding, NearMiss, Suppressed
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.plan import Fidelity, StatementPlan
from pgtune_cli.model.rewrite import Rewrite
from pgtune_cli.model.snapshot import Skipped, Window

REPORT_SCHEMA_VERSION = 1


class ReportServer(msgspec.Struct, frozen=True, kw_only=True):
    version_num: int
    database: str
    settings: dict[str, str]


class ReportWorkload(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    statements: int
    calls: int
    total_exec_time_ms: float
    window: Window


class ReportStatement(msgspec.Struct, frozen=True, kw_only=True):
    fingerprint: str
    queryids: tuple[str, ...]
    roles: tuple[str, ...]
    query: str
    calls: int
    total_exec_time_ms: float
    mean_exec_time_ms: float
    stddev_exec_time_ms: float | None
    rows: int
    shared_blks_hit: int
    shared_blks_read: int
    temp_blks_written: int
    share_of_time: float
    nested_exec_time_ms: float
    """passed inside functions: a part of their callers' time too, and counted once in the workload's."""
    plans: tuple[StatementPlan, ...]
    fidelity: Fidelity | None
    not_explained: str | None
    not_executed: str | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    statements: int
    explained: int
    executed: int
    findings: dict[str, int]
    """by severity; `possible` counts those that are possible only."""
    indexes_advised: int
    indexes_to_drop: int
    rewrites_proven: int
    workload_cost_reduction: float | None
    """1 - after/before, a fraction."""
    skipped: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "report"
    schema_version: int = REPORT_SCHEMA_VERSION
    pgtune_version: str
    server: ReportServer
    workload: ReportWorkload
    statements: tuple[ReportStatement, ...]
    findings: tuple[Finding, ...]
    indexes: IndexAdvice
    rewrites: tuple[Rewrite, ...]
    skipped: tuple[Skipped, ...]
    summary: Summary
    suppressed: tuple[Suppressed, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    """with --show-near-misses only."""
