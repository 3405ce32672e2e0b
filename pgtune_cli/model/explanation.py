"""One statement in depth: what `pgtune explain` found out. `pgtune schema explain` documents its JSON form."""

import msgspec

from pgtune_cli.model.finding import Finding
from pgtune_cli.model.plan import Fidelity, Plan, PlanParameters, StatementPlan
from pgtune_cli.model.snapshot import Skipped

EXPLAIN_SCHEMA_VERSION = 1


class WhatIfIndex(msgspec.Struct, frozen=True, kw_only=True):
    """An index that was imagined."""

    sql: str
    name: str
    """what the plans call it."""
    size_bytes: int
    """by the size model of the clone."""
    used: bool
    """in the plan for any of the values."""


class WhatIfPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Before and after, both of the clone, with the same values."""

    parameters: PlanParameters
    cost_before: float
    cost_after: float
    used: tuple[str, ...]
    """names of the imagined indexes in the plan."""
    before: Plan
    after: Plan


class WhatIfAnswer(msgspec.Struct, frozen=True, kw_only=True):
    with_indexes: tuple[WhatIfIndex, ...] = ()
    without_indexes: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    plans: tuple[WhatIfPlan, ...] = ()
    """the one of record first."""


class ExplainedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` and times only where it is a statement of the workload."""

    fingerprint: str
    query: str
    calls: int | None = None
    total_exec_time_ms: float | None = None
    mean_exec_time_ms: float | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = "explain"
    schema_version: int = EXPLAIN_SCHEMA_VERSION
    pgtune_version: str
    statement: ExplainedStatement | None
    """None for a saved plan."""
    plans: tuple[StatementPlan, ...]
    """the one of record first."""
    fidelity: Fidelity | None = None
    not_explained: str | None = None
    not_executed: str | None = None
    what_if: WhatIfAnswer | None = None
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
