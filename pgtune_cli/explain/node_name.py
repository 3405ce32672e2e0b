"""What EXPLAIN's text form calls a node: `Parallel Seq Scan`, `Partial HashAggregate`, `Hash Left Join`."""

from pgtune_cli.explain.derive import INIT, SUB, walk
from pgtune_cli.model.plan import Plan, PlanNode

_AGGREGATES = {"Sorted": "GroupAggregate", "Hashed": "HashAggregate", "Mixed": "MixedAggregate"}
_JOINS = {"Nested Loop": "Nested Loop", "Hash Join": "Hash", "Merge Join": "Merge"}


def operation(node: PlanNode) -> str:
    """The words before `using` and `on`. JSON has them in parts: node type, strategy, partial mode, join type."""
    name = _kind(node)
    partial = node.extra.get("Partial Mode")
    if partial in ("Partial", "Finalize"):
        name = f"{partial} {name}"
    if node.extra.get("Async Capable") is True:
        name = f"Async {name}"
    return f"Parallel {name}" if node.extra.get("Parallel Aware") is True else name


def titled(node: PlanNode) -> str:
    """`Index Scan Backward using orders_pkey on orders`."""
    words = operation(node)
    if node.index_name:
        words += f" using {node.index_name}"
    target = node.relation or node.cte_name or node.function_name
    return f"{words} on {target}" if target else words


def titled_lines(plan: Plan) -> tuple[str, ...]:
    """One indented line a node, in the order of `walk`."""
    return tuple(f"{'  ' * placed.depth}{_beneath(placed.node)}{titled(placed.node)}" for placed in walk(plan))


def _beneath(node: PlanNode) -> str:
    return f"{node.parent_relationship}: " if node.parent_relationship in {INIT, SUB} else ""


def _kind(node: PlanNode) -> str:
    kind, done = node.node_type, node.extra.get("Operation")
    if kind == "Aggregate":
        return _AGGREGATES.get(node.strategy or "", kind)
    if kind == "SetOp":
        command = node.extra.get("Command")
        return f"{'HashSetOp' if node.strategy == 'Hashed' else kind}{f' {command}' if command else ''}"
    if kind in _JOINS and node.join_type and node.join_type != "Inner":
        return f"{_JOINS[kind]} {node.join_type} Join"
    if node.scan_direction == "Backward":
        return f"{kind} Backward"
    if isinstance(done, str) and kind in ("ModifyTable", "Foreign Scan"):
        return done if kind == "ModifyTable" else f"Foreign {done}" if done != "Select" else kind
    return kind
