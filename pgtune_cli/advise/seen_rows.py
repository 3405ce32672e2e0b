"""How many rows joins really had: counted where the statement was executed as it is, known under other plans too.

The rows of a join depend on which relations are joined, not on how; so a plan that was never run has true counts for
every set of relations that the executed one joined as well.
"""

from collections.abc import Iterable

from pgtune_cli.explain.derive import INIT, SUB, stopped_early, walk
from pgtune_cli.model.plan import Plan, PlanNode

SCANS = frozenset({"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"})
JOINS = frozenset({"Hash Join", "Merge Join", "Nested Loop"})
INNER = frozenset({None, "Inner"})
FEWEST = 0.01


class SeenRows:
    """Rows by the aliases that were joined; empty where nothing was executed."""

    def __init__(self, executed: Iterable[Plan] = ()) -> None:
        self._counted: dict[frozenset[str], float] = {}
        self._planned: dict[frozenset[str], float] = {}
        for plan in executed:
            self._learn(plan)

    def rows(self, joined: frozenset[str]) -> float | None:
        """As counted; None for a set that was not joined."""
        return self._counted.get(joined)

    def corrected(self, joined: frozenset[str], planned: float) -> float:
        """The count, or the estimate times how far the parts of it that were seen were off."""
        counted = self.rows(joined)
        if counted is not None:
            return max(counted, FEWEST)
        factor, rest = 1.0, set(joined)
        for part in sorted(self._counted, key=lambda each: (-len(each), sorted(each))):
            if part <= rest:
                factor *= max(self._counted[part], 0.5) / self._planned[part]
                rest -= part
        return max(planned * factor, FEWEST)

    def _learn(self, plan: Plan) -> None:
        partial = stopped_early(plan)
        inside: set[str] = set()
        """paths that run once for each row of something else, or were not read to the end"""
        nodes: dict[str, PlanNode] = {}
        for placed in walk(plan):
            nodes[placed.path] = node = placed.node
            above = nodes.get(placed.parent or "")
            again = above is not None and above.node_type == "Nested Loop" and node.parent_relationship == "Inner"
            if placed.parent in inside or placed.path in partial or again or node.parent_relationship == SUB:
                inside.add(placed.path)
                continue
            joined = aliases(node)
            if node.node_type in SCANS | JOINS and node.loops == 1 and node.actual_rows is not None and joined:
                self._counted.setdefault(joined, node.actual_rows)
                self._planned.setdefault(joined, max(node.plan_rows, 1.0))


def aliases(node: PlanNode) -> frozenset[str]:
    """Of the relations that are scanned below a node, those of sub-plans left out."""
    found: set[str] = set()
    stack = [node]
    while stack:
        each = stack.pop()
        name = each.alias or each.relation
        if each.node_type in SCANS and name is not None:
            found.add(name)
        stack.extend(child for child in each.children if child.parent_relationship not in (INIT, SUB))
    return frozenset(found)
