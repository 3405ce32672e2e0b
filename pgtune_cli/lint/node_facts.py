"""Facts of a plan node: what it is, what it read, what it threw away."""

from functools import cached_property

from pgtune_cli.explain.condition_columns import columns_in
from pgtune_cli.explain.derive import PlacedNode, q_error, rows_total
from pgtune_cli.explain.exclusive import NodeNumbers
from pgtune_cli.lint.condition_columns import casts_on_columns
from pgtune_cli.lint.lazy import LazyFacts, fact
from pgtune_cli.lint.plan_view import PlanView, times
from pgtune_cli.lint.statistics_sql import missing_statistics_sql
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import PlanNode

ANALYZE, BUFFERS = "analyze", "buffers"
DISABLED_COST = 1e10
"""what enable_… = off added to a node's cost before 18."""


class NodeBase(LazyFacts):
    """A node in its plan."""

    def __init__(self, view: PlanView, placed: PlacedNode) -> None:
        self.view, self.placed, self.node = view, placed, placed.node

    def lost(self, name: str, error: Exception) -> None:
        self.view.lost(name, error)

    @cached_property
    def table(self) -> RelationName | None:
        return self.view.world.relation_of(self.node)

    @cached_property
    def own(self) -> NodeNumbers:
        return self.view.numbers[self.placed.path]

    @property
    def children(self) -> tuple[PlanNode, ...]:
        return self.node.children


class WhatItIs(NodeBase):
    @fact("as EXPLAIN names it: Seq Scan, Hash Join, Sort")
    def node_type(self) -> str:
        return self.node.node_type

    @fact("the node and what it reads: Seq Scan on public.orders")
    def label(self) -> str:
        node = self.node
        target = self.table or node.relation or node.cte_name or node.function_name
        kind = node.node_type if node.join_type in (None, "Inner") else f"{node.node_type} ({node.join_type})"
        return f"{kind} on {target}" if target else kind

    @fact("Inner, Left, Semi, Anti; empty for other nodes")
    def join_type(self) -> str:
        return self.node.join_type or ""

    @fact("of an Aggregate: Plain, Sorted, Hashed, Mixed; else empty")
    def strategy(self) -> str:
        return self.node.strategy or ""

    @fact("Outer, Inner, InitPlan, SubPlan, Member; empty at the root")
    def parent_relationship(self) -> str:
        return self.node.parent_relationship or ""

    @fact("schema.name of the table that is read")
    def relation(self) -> str | None:
        return str(self.table) if self.table else None

    @fact("the index that is read")
    def index_name(self) -> str | None:
        return self.node.index_name

    @fact("the plan was made with ANALYZE")
    def executed(self) -> bool:
        return self.view.made.executed

    @fact("0 at the root")
    def depth(self) -> int:
        return self.placed.depth

    @fact("a setting such as enable_hashjoin = off forbids this kind of node, and it had to be used all the same")
    def disabled(self) -> bool:
        if "Disabled" in self.node.extra:
            return self.node.extra["Disabled"] is True
        inner = sum(child.total_cost for child in self.children)
        return self.node.total_cost >= DISABLED_COST > 0 and self.node.total_cost - inner >= DISABLED_COST

    @fact("settings that forbid kinds of nodes: enable_… that are off")
    def disabling_settings(self) -> tuple[str, ...]:
        names = {**self.view.world.snapshot.server.settings, **self.view.made.plan.settings, **self.view.made.settings}
        return tuple(sorted(name for name in names if name.startswith("enable_") and self.view.setting(name) == "off"))


class HowManyRows(NodeBase):
    @fact("the planner's cost, children included")
    def total_cost(self) -> float:
        return self.node.total_cost

    @fact("rows the planner expected, per loop")
    def plan_rows(self) -> float:
        return self.node.plan_rows

    @fact("bytes of a row the planner expected")
    def plan_width(self) -> int:
        return self.node.plan_width

    @fact("rows returned, per loop", need=ANALYZE)
    def actual_rows(self) -> float | None:
        return self.node.actual_rows

    @fact("rows returned over all loops", need=ANALYZE)
    def actual_rows_total(self) -> float | None:
        return rows_total(self.node)

    @fact("how often it ran", need=ANALYZE)
    def loops(self) -> float | None:
        return self.node.loops

    @fact("max(actual/plan, plan/actual) of the rows, both at least 1", need=ANALYZE)
    def q_error(self) -> float | None:
        return q_error(self.node)

    @fact("the largest q_error right below; 1 without any", need=ANALYZE)
    def worst_child_q_error(self) -> float | None:
        if self.node.actual_rows is None:
            return None
        return max((error for child in self.children if (error := q_error(child)) is not None), default=1.0)

    @fact("something above may have stopped reading: a LIMIT, EXISTS, a merge join")
    def stopped_early(self) -> bool:
        return self.placed.path in self.view.stopped

    @fact("a LIMIT somewhere above may have stopped reading")
    def under_limit(self) -> bool:
        return self.stopped_early and any(node.node_type == "Limit" for node in self.view.ancestors(self.placed))


class WhatItCosts(NodeBase):
    @fact("time without its children, over all loops", need=ANALYZE)
    def time_ms(self) -> float | None:
        return self.own.time_ms

    @fact("that time as a fraction of the execution", need=ANALYZE)
    def time_share(self) -> float | None:
        ran = self.view.made.execution_time_ms
        return self.own.time_ms / ran if self.own.time_ms is not None and ran else None

    @fact("shared blocks hit and read without its children", need=BUFFERS)
    def blocks(self) -> float | None:
        return total(self.own.shared_hit_blocks, self.own.shared_read_blocks)

    @fact("shared blocks hit and read, with all below it", need=BUFFERS)
    def blocks_with_children(self) -> float | None:
        return total(self.node.shared_hit_blocks, self.node.shared_read_blocks)

    @fact("how often the statement was called")
    def calls(self) -> float:
        return self.view.statement.calls

    @fact("measured mean time of the statement", need="workload")
    def mean_exec_time_ms(self) -> float | None:
        return self.view.statement.mean_exec_time_ms if self.view.world.measured else None


class WhatItReads(NodeBase):
    @fact("it has a Filter")
    def has_filter(self) -> bool:
        return self.node.filter is not None

    @fact("it searches its index by a condition, and does not read it from one end")
    def has_index_condition(self) -> bool:
        return self.node.index_cond is not None

    @fact("rows removed by its filter, over all loops", need=ANALYZE)
    def rows_removed(self) -> float | None:
        removed = times(self.node.rows_removed_by_filter, self.node) if self.node.filter else None
        return self.view.there(removed)

    @fact("the removed rows as a fraction of those it read", need=ANALYZE)
    def removed_fraction(self) -> float | None:
        return fraction(self.rows_removed, rows_total(self.node))

    @fact("rows removed by its join filter, over all loops", need=ANALYZE)
    def join_rows_removed(self) -> float | None:
        removed = times(self.node.rows_removed_by_join_filter, self.node) if self.node.join_filter else None
        return self.view.there(removed)

    @fact("those as a fraction of the joined rows", need=ANALYZE)
    def join_removed_fraction(self) -> float | None:
        return fraction(self.join_rows_removed, rows_total(self.node))

    @fact("rows removed by an index recheck, all loops", need=ANALYZE)
    def recheck_rows_removed(self) -> float | None:
        return times(self.node.rows_removed_by_index_recheck, self.node)

    @fact("those as a fraction of the rows that the index found", need=ANALYZE)
    def recheck_removed_fraction(self) -> float | None:
        kept = total(rows_total(self.node), self.rows_removed)
        return fraction(self.recheck_rows_removed, kept)

    @fact("of an index-only scan: rows it had to look up in the table, all loops", need=ANALYZE)
    def heap_fetches(self) -> float | None:
        return self.view.there(self.node.heap_fetches)

    @fact("of a bitmap heap scan", need=ANALYZE)
    def exact_heap_blocks(self) -> float | None:
        return self.view.there(self.node.exact_heap_blocks)

    @fact("of a bitmap heap scan: blocks read whole because work_mem was too small for the bitmap", need=ANALYZE)
    def lossy_heap_blocks(self) -> float | None:
        return self.view.there(self.node.lossy_heap_blocks)

    @fact("rows of the table that is read", need="statistics")
    def table_rows(self) -> float | None:
        return self.view.world.rows(self.table) if self.table else None

    @fact("size of the table that is read", need="sizes")
    def table_bytes(self) -> float | None:
        return self.view.world.size_bytes(self.table) if self.table else None

    @fact("rows that a loop read, kept or not, as a fraction of the table's", need=ANALYZE)
    def table_fraction_read(self) -> float | None:
        node, rows = self.node, self.table_rows
        if node.actual_rows is None or not rows:
            return None
        return (node.actual_rows + (node.rows_removed_by_filter or 0.0)) / rows

    @fact("columns of its table in its filter and index condition")
    def condition_columns(self) -> tuple[str, ...]:
        return columns_in(self.node, self.view.world.relations.get(self.table)) if self.table is not None else ()

    @fact("CREATE STATISTICS over those columns; null with fewer than two, or when they are covered", sql=True)
    def statistics_sql(self) -> str | None:
        return missing_statistics_sql(self.view.world, self.table, self.condition_columns)

    @fact("indexed columns that its filter compares after a cast which the text does not ask for and the index does "
          "not serve, as column::type")  # fmt: skip
    def cast_columns(self) -> tuple[str, ...]:
        if self.table is None:
            return ()
        return casts_on_columns(self.node, self.table, self.view.statement, self.view.world)


def fraction(removed: float | None, kept: float | None) -> float | None:
    """Removed over all; 0 of nothing."""
    if removed is None or kept is None:
        return None
    return removed / (removed + kept) if removed + kept else 0.0


def total(*numbers: float | None) -> float | None:
    """The sum of what is known; None when nothing is."""
    there = [number for number in numbers if number is not None]
    return sum(there) if there else None
