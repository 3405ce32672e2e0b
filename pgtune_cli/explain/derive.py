"""What follows from a plan: paths, row estimates, what it reads, its shape. Pure."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import Plan, PlanNode

NO_ROW_COUNT = {"BitmapAnd", "BitmapOr"}
"""EXPLAIN ANALYZE always says 0 rows for these."""
INIT, SUB = "InitPlan", "SubPlan"


class PlacedNode(msgspec.Struct, frozen=True):
    """A node and where it stands: `0` is the root, `0.1` its second child."""

    path: str
    node: PlanNode
    parent: str | None
    depth: int


class IndexScan(msgspec.Struct, frozen=True):
    """A node that reads an index. `schema` is empty in plans made without VERBOSE."""

    path: str
    index: RelationName
    table: RelationName | None


def walk(plan: Plan) -> Iterator[PlacedNode]:
    """Every node, parents first, in EXPLAIN's order."""
    stack = [PlacedNode("0", plan.root, None, 0)]
    while stack:
        placed = stack.pop()
        yield placed
        children = [
            PlacedNode(f"{placed.path}.{number}", child, placed.path, placed.depth + 1)
            for number, child in enumerate(placed.node.children)
        ]
        stack.extend(reversed(children))


def q_error(node: PlanNode) -> float | None:
    """Of the rows per loop; None where nothing was counted."""
    if node.actual_rows is None or not node.loops or node.node_type in NO_ROW_COUNT:
        return None
    return q_error_of(node.plan_rows, node.actual_rows)


def q_error_of(planned: float, actual: float) -> float:
    """max(actual/planned, planned/actual), both at least 1."""
    planned, actual = max(planned, 1.0), max(actual, 1.0)
    return max(planned / actual, actual / planned)


def processes(workers: int) -> float:
    """What the planner divides the rows below a Gather by: the leader helps less, the more it has to collect."""
    return workers + max(0.0, 1 - 0.3 * workers)


def rows_total(node: PlanNode) -> float | None:
    """Rows returned over all loops; inexact before 18, which rounds the rows of a loop."""
    return None if node.actual_rows is None or node.loops is None else node.actual_rows * node.loops


def blocks_total(plan: Plan) -> int | None:
    """Shared blocks hit and read by the execution, planning left out; None without BUFFERS."""
    hit, read = plan.root.shared_hit_blocks, plan.root.shared_read_blocks
    return None if hit is None and read is None else (hit or 0) + (read or 0)


def relations_used(plan: Plan) -> frozenset[RelationName]:
    """Tables, materialized views and foreign tables the plan reads; schema '' when made without VERBOSE."""
    nodes = (placed.node for placed in walk(plan))
    return frozenset(RelationName(node.schema or "", node.relation) for node in nodes if node.relation is not None)


def index_scans(plan: Plan) -> tuple[IndexScan, ...]:
    """Every node that reads an index. A Bitmap Index Scan names no table: the bitmap heap scan above it does."""
    tables: dict[str, RelationName | None] = {}
    scans: list[IndexScan] = []
    for placed in walk(plan):
        node = placed.node
        own = RelationName(node.schema or "", node.relation) if node.relation is not None else None
        table = own or tables.get(placed.parent or "")
        tables[placed.path] = table
        if node.index_name is not None:
            index = RelationName(table.schema if table else "", node.index_name)
            scans.append(IndexScan(placed.path, index, table))
    return tuple(scans)


def indexes_used(plan: Plan) -> frozenset[RelationName]:
    """The indexes the plan reads; an index has the schema of its table."""
    return frozenset(scan.index for scan in index_scans(plan))


def shape_of(plan: Plan) -> tuple[str, ...]:
    """One indented line a node: kind, join, relation, index. Equal shapes are the same plan, whatever its numbers.

    Aliases and schemas are left out: neither changes what is done, and both differ between equal statements.
    """
    return tuple("  " * placed.depth + _shape_line(placed.node) for placed in walk(plan))


def _shape_line(node: PlanNode) -> str:
    parallel = "Parallel" if node.extra.get("Parallel Aware") is True else None
    backward = "Backward" if node.scan_direction == "Backward" else None
    partial = node.extra.get("Partial Mode")
    relationship = node.parent_relationship if node.parent_relationship in {INIT, SUB} else None
    words = [
        f"{relationship}:" if relationship else None,
        parallel,
        partial if isinstance(partial, str) and partial != "Simple" else None,
        node.node_type,
        node.strategy if node.strategy != "Plain" else None,
        node.join_type,
        backward,
        f"using {node.index_name}" if node.index_name else None,
        f"on {target}" if (target := node.relation or node.cte_name or node.function_name) else None,
    ]
    return " ".join(word for word in words if word)


def stopped_early(plan: Plan) -> frozenset[str]:
    """Paths of nodes that may not have been read to the end (LIMIT, EXISTS, a merge join): few rows prove nothing."""
    stopped: set[str] = set()
    nodes: dict[str, PlanNode] = {}
    for placed in walk(plan):
        nodes[placed.path] = placed.node
        above = nodes.get(placed.parent or "")
        if above is None or placed.parent is None:
            continue
        inherited = placed.parent in stopped and not reads_all_input(above)
        if inherited or _may_stop(above, placed.node):
            stopped.add(placed.path)
    return frozenset(stopped)


def _may_stop(parent: PlanNode, child: PlanNode) -> bool:
    if child.parent_relationship in {INIT, SUB}:
        return child.cte_name is None and not (child.subplan_name or "").startswith("CTE ")
    if parent.node_type in {"Limit", "Merge Join"}:
        return True
    first_match = parent.join_type in {"Semi", "Anti"} or parent.extra.get("Inner Unique") is True
    return parent.node_type == "Nested Loop" and child.parent_relationship == "Inner" and first_match


def reads_all_input(node: PlanNode) -> bool:
    """Whether it takes all rows from below before it gives its first."""
    if node.node_type == "Aggregate":
        return node.strategy != "Sorted"
    return node.node_type in {"Sort", "Hash", "Bitmap Heap Scan", "BitmapAnd", "BitmapOr"}
