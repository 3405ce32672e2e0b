"""Plans as EXPLAIN (FORMAT JSON) gives them, typed where pgtune reads them.

Rows and times of a node are per loop and include its children; block counts are totals and include its children.
"""

from typing import Any

import msgspec

from pgtune_cli.model.statement import Prepared

MAX_DEPTH = 300
"""a left-deep join of some 250 tables; more is no plan anyone can read, and encoders recurse."""


class PlanNode(msgspec.Struct, frozen=True, kw_only=True):
    node_type: str
    startup_cost: float
    total_cost: float
    plan_rows: float
    plan_width: int
    parent_relationship: str | None = None
    relation: str | None = None
    schema: str | None = None
    alias: str | None = None
    index_name: str | None = None
    join_type: str | None = None
    strategy: str | None = None
    scan_direction: str | None = None
    filter: str | None = None
    index_cond: str | None = None
    recheck_cond: str | None = None
    hash_cond: str | None = None
    merge_cond: str | None = None
    join_filter: str | None = None
    sort_key: tuple[str, ...] = ()
    presorted_key: tuple[str, ...] = ()
    group_key: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    subplan_name: str | None = None
    cte_name: str | None = None
    function_name: str | None = None
    actual_rows: float | None = None
    actual_total_time_ms: float | None = None
    loops: float | None = None
    rows_removed_by_filter: float | None = None
    rows_removed_by_index_recheck: float | None = None
    rows_removed_by_join_filter: float | None = None
    heap_fetches: float | None = None
    exact_heap_blocks: int | None = None
    lossy_heap_blocks: int | None = None
    sort_method: str | None = None
    sort_space_type: str | None = None
    sort_space_used_kb: int | None = None
    hash_batches: int | None = None
    workers_planned: int | None = None
    workers_launched: int | None = None
    shared_hit_blocks: int | None = None
    shared_read_blocks: int | None = None
    temp_read_blocks: int | None = None
    temp_written_blocks: int | None = None
    extra: dict[str, Any] = {}
    """keys that pgtune has no field for, as EXPLAIN spelled them."""
    children: tuple["PlanNode", ...] = ()


class TriggerTime(msgspec.Struct, frozen=True, kw_only=True):
    """What the triggers of one name on one relation took, over all rows. EXPLAIN ANALYZE of a write prints it."""

    name: str
    relation: str | None = None
    constraint: str | None = None
    """of a foreign key or a constraint trigger."""
    time_ms: float
    calls: float = 0.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One EXPLAIN. Literals in conditions are already replaced by `?` unless the user asked for values."""

    root: PlanNode
    settings: dict[str, str] = {}
    planning_time_ms: float | None = None
    execution_time_ms: float | None = None
    jit_time_ms: float | None = None
    triggers: tuple[TriggerTime, ...] = ()

    @property
    def total_cost(self) -> float:
        return self.root.total_cost


class PlanParameters(msgspec.Struct, frozen=True):
    """`values` only with --show-values."""

    name: str
    origin: str
    values: tuple[str | None, ...] | None = None


class FirstRun(msgspec.Struct, frozen=True, kw_only=True):
    """What the first of two executions took, which found the caches as they were."""

    execution_time_ms: float
    shared_hit_blocks: int
    shared_read_blocks: int


class StatementPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of a statement: where it was made, with what, and whether it was executed."""

    source: str
    """server, clone or snapshot; file, for a plan that was saved."""
    parameters: PlanParameters
    executed: bool
    total_cost: float
    execution_time_ms: float | None = None
    blocks: int | None = None
    """shared blocks hit + read; None when not executed."""
    first_run: FirstRun | None = None
    """None when it was executed once: it was slow, or found all its pages in the cache."""
    settings: dict[str, str] = {}
    plan: Plan


class Fidelity(msgspec.Struct, frozen=True, kw_only=True):
    """How the clone's plan compares with the source's own, same values."""

    same_shape: bool
    cost_server: float | None
    cost_clone: float
    reason: str | None = None


class StatementPlans(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one statement by EXPLAIN."""

    fingerprint: str
    prepared: Prepared | None = None
    plans: tuple[StatementPlan, ...] = ()
    fidelity: Fidelity | None = None
    not_explained: str | None = None
    """why there is no plan."""
    not_executed: str | None = None
    """why there is a plan without ANALYZE."""
