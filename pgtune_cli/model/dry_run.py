"""What `pgtune analyze --dry-run` says: what would become of each statement, before anything is executed."""

from enum import StrEnum

import msgspec

DRY_RUN_SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """EXECUTED: by EXPLAIN (ANALYZE). PLANNED: by plain EXPLAIN alone. SKIPPED: the server is asked for no plan."""

    EXECUTED = "executed"
    PLANNED = "planned_only"
    SKIPPED = "skipped"


class DryRunStatement(msgspec.Struct, frozen=True, kw_only=True):
    fingerprint: str
    query: str
    calls: int
    mean_exec_time_ms: float
    outcome: Outcome
    reason: str | None
    """why it is not executed, or not even planned on the server; None where it would be executed."""


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "dry_run"
    schema_version: int = DRY_RUN_SCHEMA_VERSION
    pgtune_version: str
    database: str
    executed: int
    planned_only: int
    skipped: int
    statements: tuple[DryRunStatement, ...]
    """costliest first."""
