"""Baselines and the verdicts of `pgtune check`."""

from enum import StrEnum

import msgspec

BASELINE_SCHEMA_VERSION = 1


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement cost, per call, over the window. Times in milliseconds, blocks of 8 kB."""

    calls: int
    mean_exec_time_ms: float
    stddev_exec_time_ms: float | None = None
    rows_per_call: float
    blocks_per_call: float
    temp_blocks_per_call: float
    wal_records_per_call: float | None = None


class BaselineStatement(msgspec.Struct, frozen=True, kw_only=True):
    fingerprint: str
    query: str
    """normalised: no literals."""
    over_threshold: bool
    measurement: Measurement


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "baseline"
    schema_version: int = BASELINE_SCHEMA_VERSION
    pgtune_version: str
    slow_query_threshold_ms: float
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
    baseline: Measurement | None = None
    candidate: Measurement | None = None


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "check"
    schema_version: int = 1
    outcome: Outcome
    comparisons: tuple[Comparison, ...]
