"""Facts of a plan node: what it makes of the nodes below it, and how often these are read."""

from functools import cached_property

from pgtune_cli.explain.derive import rows_total
from pgtune_cli.lint.lazy import fact
from pgtune_cli.lint.node_facts import ANALYZE, BUFFERS, NodeBase, total
from pgtune_cli.lint.plan_view import below, number_in
from pgtune_cli.model.plan import PlanNode

APPENDS = {"Append", "Merge Append"}
PARALLEL_OFF = "max_parallel_workers_per_gather"


class NestedLoopInputs(NodeBase):
    """What is 0 for other joins."""

    @cached_property
    def outer_input(self) -> PlanNode | None:
        return self._side("Outer")

    @cached_property
    def inner_input(self) -> PlanNode | None:
        return self._side("Inner")

    def _side(self, name: str) -> PlanNode | None:
        if self.node.node_type != "Nested Loop":
            return None
        return next((child for child in self.children if child.parent_relationship == name), None)

    @fact("of a nested loop: rows its outer side was planned for", need=ANALYZE)
    def outer_plan_rows(self) -> float | None:
        return self.outer_input.plan_rows if self.outer_input is not None else self.view.there(None)

    @fact("of a nested loop: rows its outer side returned, a loop", need=ANALYZE)
    def outer_rows(self) -> float | None:
        return self.view.there(self.outer_input.actual_rows if self.outer_input is not None else None)

    @fact("of a nested loop: how often its inner side was run", need=ANALYZE)
    def inner_loops(self) -> float | None:
        return self.view.there(self.inner_input.loops if self.inner_input is not None else None)

    @fact("of a nested loop: shared blocks that its inner side hit and read, over all loops", need=BUFFERS)
    def inner_blocks(self) -> float | None:
        inner = self.inner_input
        blocks = total(inner.shared_hit_blocks, inner.shared_read_blocks) if inner is not None else None
        return self.view.there(blocks)

    @fact("of a nested loop: those blocks over all blocks of the tables that the inner side reads", need=BUFFERS)
    def inner_blocks_over_tables(self) -> float | None:
        if self.inner_input is None:
            return self.view.there(None)
        world = self.view.world
        names = {world.relation_of(node) for node in below(self.inner_input)} - {None}
        sizes = [world.size_bytes(name) for name in names if name is not None]
        size = sum(found for found in sizes if found is not None)
        blocks = self.inner_blocks
        return blocks * world.snapshot.server.block_size / size if size and blocks is not None else None


class RepeatedInputs(NodeBase):
    @fact("shared blocks of the part of the plan that runs once for each row of another (a SubPlan), all loops",
          need=BUFFERS)  # fmt: skip
    def subplan_blocks(self) -> float | None:
        if self.node.parent_relationship != "SubPlan":
            return self.view.there(None)
        return total(self.node.shared_hit_blocks, self.node.shared_read_blocks)

    @fact("rows that it read, kept or not, over all loops", need=ANALYZE)
    def rows_read_total(self) -> float | None:
        node = self.node
        if node.actual_rows is None or node.loops is None:
            return None
        return (node.actual_rows + (node.rows_removed_by_filter or 0.0)) * node.loops

    @fact("the CTE that is read; empty for other nodes")
    def cte_name(self) -> str:
        return self.node.cte_name or ""

    @fact("of a Memoize: lookups, found in its cache or not", need=ANALYZE)
    def memoize_lookups(self) -> float | None:
        return self.view.there(self._looked_up())

    @fact("of a Memoize: lookups found in its cache, a fraction; 0 for other nodes", need=ANALYZE)
    def memoize_hit_fraction(self) -> float | None:
        looked_up = self._looked_up()
        hits = number_in(self.node, "Cache Hits") or 0.0
        return self.view.there(hits / looked_up if looked_up else None)

    @fact("of a Memoize: entries that it dropped for want of memory", need=ANALYZE)
    def memoize_evictions(self) -> float | None:
        return self.view.there(number_in(self.node, "Cache Evictions"))

    def _looked_up(self) -> float | None:
        return total(number_in(self.node, "Cache Hits"), number_in(self.node, "Cache Misses"))


class Partitions(NodeBase):
    @cached_property
    def scanned(self) -> list[PlanNode]:
        """The children of an Append that were read and that read partitions of one table."""
        if self.node.node_type not in APPENDS:
            return []
        ran = [child for child in self.children if child.loops]
        return ran if self.partitioned_table is not None else []

    @fact("of an Append: the partitioned table whose partitions it reads; null for other nodes")
    def partitioned_table(self) -> str | None:
        if self.node.node_type not in APPENDS:
            return None
        parents = set()
        for child in self.children:
            name = next((found for node in below(child) if (found := self.view.world.relation_of(node))), None)
            relation = self.view.world.relations.get(name) if name is not None else None
            parents.add(relation.partition_of if relation is not None else None)
        (parent,) = parents if len(parents) == 1 else (None,)
        return str(parent) if parent is not None else None

    @fact("of an Append: partitions that were read", need=ANALYZE)
    def partitions_scanned(self) -> float | None:
        return float(len(self.scanned)) if self.view.made.executed else None

    @fact("of an Append: partitions that were read and gave no row", need=ANALYZE)
    def partitions_without_rows(self) -> float | None:
        if not self.view.made.executed:
            return None
        return float(sum(1 for child in self.scanned if not rows_total(child)))


class ParallelWork(NodeBase):
    @fact("of a Gather")
    def workers_planned(self) -> float:
        return self.node.workers_planned or 0

    @fact("of a Gather", need=ANALYZE)
    def workers_launched(self) -> float | None:
        return self.view.there(self.node.workers_launched)

    @fact("it shares its work with parallel workers, or runs below a Gather")
    def in_parallel(self) -> bool:
        above = any(node.node_type in ("Gather", "Gather Merge") for node in self.view.ancestors(self.placed))
        return above or self.node.extra.get("Parallel Aware") is True

    @fact("why the plan could not use parallel workers, where that can be told: a setting, row locks, a write, a "
          "storage parameter; empty when nothing is known to stand in the way")  # fmt: skip
    def not_parallel_because(self) -> str:
        view = self.view
        for name in (PARALLEL_OFF, "max_parallel_workers"):
            if view.setting(name) == "0":
                return f"{name} is 0"
        shape = view.world.shape(view.statement)
        if shape is not None and (shape.kind.value != "select" or shape.writes_in_cte):
            return "the statement writes"
        if shape is not None and any(block.locking for block in shape.blocks):
            return "it locks the rows that it reads"
        relation = view.world.relations.get(self.table) if self.table is not None else None
        if relation is not None and "parallel_workers=0" in relation.options:
            return "the table's storage parameter parallel_workers is 0"
        if relation is not None and relation.persistence == "t":
            return "the table is temporary"
        return self._unsafe_function({name for block in shape.blocks for name in block.functions} if shape else set())

    def _unsafe_function(self, called: set[str]) -> str:
        """CREATE FUNCTION makes functions parallel-unsafe unless told otherwise."""
        for function in self.view.world.snapshot.catalog.functions:
            names = {function.name, f"{function.schema}.{function.name}"}
            text = (function.definition or "").upper()
            safe = "PARALLEL SAFE" in text or "PARALLEL RESTRICTED" in text or function.extension is not None
            if function.definition and names & called and not safe:
                return f"the function {function.schema}.{function.name} is parallel-unsafe"
        return ""
