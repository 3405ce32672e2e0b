"""What a plan has to do: how often each node runs, and over how many tuples; from that, how long it may take.

The planner's cost counts pages that may have to be read. When they are cached it is loops and tuples that take
time: the inner side of a nested loop runs once for each outer row.
"""

import math
from collections.abc import Mapping

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.fetched import Constants, fetched, pages_of
from pgtune_cli.advise.plan_tables import CACHE_BYTES, PlanTables, conditions, inputs, planned_loops
from pgtune_cli.advise.row_order import neighbours
from pgtune_cli.advise.seen_rows import INNER, SCANS, SeenRows, aliases
from pgtune_cli.advise.time_units import NANOSECONDS
from pgtune_cli.explain.derive import INIT, SUB, processes, reads_all_input
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode

MOST_CALLS = 1e8
"""of a sub-plan"""
HASHED_HEADER = 32
"""bytes of a hashed row beside its columns, with its share of the buckets"""
SEMI = ("Semi", "Anti")
KEEPS = ("Materialize", "Hash")
PASSES_ON = ("Hash", "Sort", "Incremental Sort", "Materialize", "Memoize")


class Outer(msgspec.Struct, frozen=True):
    """The other side of the nested loop that a node is the inner side of."""

    aliases: frozenset[str]
    rows: float
    """over all loops of the join."""
    join: PlanNode
    nested: bool
    """whether the join itself is an inner side."""
    driving: Mapping[str, float]
    """alias -> rows by itself, of every relation that a condition of the inner side may name."""


def milliseconds(
    plan: Plan, facts: Facts, used: Mapping[CandidateIndex, int] | None = None, seen: SeenRows | None = None
) -> float:
    """The model's time of one execution; good for comparing plans of the same statement, no more.

    `used`: the candidates in the plan, and their bytes.
    """
    whole = _Walk(plan, facts, used or {}, seen or SeenRows())
    whole.node(plan.root, 1.0, None)
    return whole.nanoseconds / 1e6


def _constants(facts: Facts, settings: Mapping[str, str]) -> Constants:
    defaults = Constants()
    names = Constants.__struct_fields__
    found = {name: facts.setting(name, getattr(defaults, name)) for name in names}
    found |= {name: float(settings[name]) for name in names if name in settings}
    return Constants(**found)


class _Walk:
    """Down the tree: each node gets its loops and says how many rows it returns in one of them."""

    def __init__(self, plan: Plan, facts: Facts, used: Mapping[CandidateIndex, int], seen: SeenRows) -> None:
        self._seen = seen
        self._constants = _constants(facts, plan.settings)
        self._tables = PlanTables(plan, facts, used)
        self._processes = 1.0
        self._part = 1.0
        """of their rows that nodes give before a LIMIT above them has enough; it is in their loops already"""
        self.nanoseconds = 0.0

    def _add(self, unit: str, amount: float) -> None:
        self.nanoseconds += NANOSECONDS[unit] * max(amount, 0.0)

    def node(self, node: PlanNode, loops: float, outer: Outer | None) -> float:
        if node.node_type in SCANS or node.node_type == "Bitmap Index Scan":
            rows = self._scan(node, loops, outer)
        elif node.node_type == "Nested Loop":
            rows = self._nested_loop(node, loops, outer)
        elif node.node_type in ("Hash Join", "Merge Join"):
            rows = self._join(node, loops, outer)
        else:
            rows = self._other(node, loops, outer)
        for child in node.children:
            if child.parent_relationship in (INIT, SUB):
                self.node(child, _calls(node, child, loops), None)
        return rows

    def _scan(self, node: PlanNode, loops: float, outer: Outer | None) -> float:
        rows = self._rows(node, outer)
        if node.node_type == "Seq Scan":
            pages, tuples = self._tables.size(node)
            parts = self._processes if node.extra.get("Parallel Aware") is True else 1.0
            self._add("page in a row", pages * loops / parts)
            self._add("tuple in a row", tuples * loops / parts)
            self._add("condition", conditions(node) * tuples * loops / parts)
        elif node.node_type == "Bitmap Index Scan":
            self._descend(node, loops, outer)
            self._add("bitmap tuple", node.plan_rows * loops)
            return node.plan_rows
        elif node.node_type == "Bitmap Heap Scan":
            self._bitmap_heap(node, loops, outer)
        else:
            rows = self._index(node, loops, outer, rows)
        self._add("row of a scan", rows * loops)
        return rows

    def _bitmap_heap(self, node: PlanNode, loops: float, outer: Outer | None) -> None:
        part, self._part = self._part, 1.0
        below = [self.node(child, loops / part, outer) for child in inputs(node)]
        self._part = part
        tuples = max([*below, node.plan_rows])
        pages, _ = self._tables.size(node)
        self._add("bitmap page", pages_of(tuples, pages) * loops)
        self._add("bitmap heap tuple", tuples * loops)
        self._add("condition", conditions(node) * tuples * loops)

    def _index(self, node: PlanNode, loops: float, outer: Outer | None, rows: float) -> float:
        tuples = rows
        if node.filter is not None:
            repeats = planned_loops(node, outer.driving if outer is not None else {}, loops)
            found = fetched(
                node.total_cost - node.startup_cost, self._tables.index_scan(node, repeats), self._constants
            )
            tuples = max(found, rows)
        if outer is not None and outer.join.join_type in SEMI and outer.rows > 0:
            rows = min(1.0, outer.join.plan_rows / outer.rows)
            hit = rows if outer.join.join_type == "Semi" else 1 - rows
            tuples = hit * min(tuples, (tuples + 1) / 2) + (1 - hit) * tuples
        near = self._descend(node, loops, outer)
        if node.node_type == "Index Only Scan":
            self._add("index-only tuple", tuples * loops)
        else:
            self._add("index tuple", tuples * loops)
            self._heap(node, tuples, loops, near)
        self._add("condition", conditions(node) * tuples * loops)
        return rows

    def _descend(self, node: PlanNode, loops: float, outer: Outer | None) -> float:
        """The share of the descents that go where the one before went."""
        if self._tables.is_small(node):
            self._add("descent", loops)
            return 1.0
        near = 0.0 if outer is None else neighbours(inputs(outer.join)[0], node.index_cond, self._tables)
        self._add("descent to a neighbour", loops * near)
        self._add("descent anywhere", loops * (1 - near))
        return near

    def _heap(self, node: PlanNode, tuples: float, loops: float, near: float) -> None:
        """The first of a loop lies where the descent leads to, the others behind it or anywhere."""
        if self._tables.is_small(node):
            self._add("cached heap tuple", tuples * loops)
            return
        ordered, first = self._tables.ordered(node), min(tuples, 1.0)
        self._add("neighbouring heap tuple", first * loops * ordered * near)
        self._add("random heap tuple", first * loops * (1 - ordered * near))
        self._add("random heap tuple", (tuples - first) * loops * (1 - ordered))
        self._add("ordered heap tuple", (tuples - first) * loops * ordered)

    def _nested_loop(self, node: PlanNode, loops: float, outer: Outer | None) -> float:
        rows = self._rows(node, outer)
        first, *rest = inputs(node)
        driving = self.node(first, loops, outer) * loops
        named = {**(outer.driving if outer is not None else {}), **self._tables.driving(first)}
        inner = Outer(aliases(first), driving, node, outer is not None, named)
        found = [self.node(child, driving, inner) for child in rest]
        self._add("outer row", driving)
        self._add("joined row", rows * loops)
        if node.join_filter is not None:
            self._add("join condition", driving * max([*found, 1.0]))
        return rows

    def _join(self, node: PlanNode, loops: float, outer: Outer | None) -> float:
        rows = self._rows(node, outer)
        sides = [self.node(child, loops, outer) for child in inputs(node)]
        if node.node_type == "Hash Join":
            self._probe(node, sides, loops)
        else:
            self._add("merged row", sum(sides) * loops)
        self._add("joined row", rows * loops)
        if node.join_filter is not None:
            self._add("join condition", rows * loops * 2)
        return rows

    def _probe(self, node: PlanNode, sides: list[float], loops: float) -> None:
        probing, hashed = inputs(node)
        if sides[1] * (hashed.plan_width + HASHED_HEADER) <= CACHE_BYTES:
            self._add("probe", sides[0] * loops)
            return
        near = neighbours(probing, node.hash_cond, self._tables)
        self._add("probe", sides[0] * loops * near)
        self._add("probe anywhere", sides[0] * loops * (1 - near))

    def _other(self, node: PlanNode, loops: float, outer: Outer | None) -> float:
        kind, rows, below = node.node_type, max(node.plan_rows, 1.0), loops
        if kind in KEEPS:
            below = 1.0 if outer is not None else loops
        elif kind == "Memoize" and outer is not None:
            below = min(loops, self._tables.keys(node))
        above, part = self._processes, self._part
        if kind == "Limit":
            below *= _before_enough(node)
            self._part *= _before_enough(node)
        elif reads_all_input(node):
            below, self._part = below / part, 1.0
        if kind in ("Gather", "Gather Merge"):
            self._processes = processes(node.workers_planned or 0)
        taken = [self.node(child, below, None if kind in KEEPS else outer) for child in inputs(node)]
        self._processes, self._part = above, part
        incoming = taken[0] if taken else rows
        if kind in PASSES_ON:
            rows = incoming
        elif kind in ("Limit", "Unique", "Subquery Scan"):
            rows = min(rows, incoming)
        self._own(node, sum(taken) * below, rows * loops, incoming, loops)
        return rows

    def _own(self, node: PlanNode, taken: float, given: float, incoming: float, loops: float) -> None:
        kind = node.node_type
        if kind == "Hash":
            self._add("hashed row", taken)
            self._add("hashed byte", taken * node.plan_width)
        elif kind in ("Sort", "Incremental Sort"):
            self._add("comparison", taken * math.log2(max(incoming, 2.0)))
            self._add("sorted row", taken)
        elif kind in ("Aggregate", "WindowAgg", "Group"):
            self._add("aggregated row", taken)
            self._add("group", given)
        elif kind == "Materialize":
            self._add("kept row", given)
        elif kind == "Memoize":
            self._add("cache lookup", loops)
        elif kind not in ("BitmapAnd", "BitmapOr"):
            self._add("other row", taken or given)

    def _rows(self, node: PlanNode, outer: Outer | None) -> float:
        """A loop; as counted where the relations were joined before."""
        planned, own = max(node.plan_rows, 1.0), aliases(node)
        if outer is None:
            return self._seen.corrected(own, planned)
        if outer.nested or outer.join.join_type not in INNER or node.node_type not in SCANS or outer.rows <= 0:
            return planned
        together = self._seen.rows(outer.aliases | own)
        if together is not None:
            return together / outer.rows
        joined = max(outer.join.plan_rows, 1.0)
        driving = max(outer.join.children[0].plan_rows, 1.0)
        # of an inner side EXPLAIN says 1 for everything below; the join tells the fraction
        least = min(planned, joined / driving) if outer.join.join_filter is None else planned
        return self._seen.corrected(own, least)


def _before_enough(limit: PlanNode) -> float:
    """The share of its input's run that a LIMIT waits for."""
    below = inputs(limit)
    whole = below[0].total_cost - below[0].startup_cost if below else 0.0
    return 1.0 if whole <= 0 else min(max((limit.total_cost - below[0].startup_cost) / whole, 1e-6), 1.0)


def _calls(node: PlanNode, child: PlanNode, loops: float) -> float:
    """How often a sub-plan runs: once, or for what its parent's cost has room."""
    if child.parent_relationship == INIT or "hashed" in (node.filter or ""):
        return 1.0
    own = node.total_cost - sum(each.total_cost for each in inputs(node))
    return loops * min(max(own / max(child.total_cost, 1e-6), 1.0), MOST_CALLS)
