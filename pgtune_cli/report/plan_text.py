"""A plan as indented lines, in the words of EXPLAIN's text form."""

from collections.abc import Iterator

from pgtune_cli.explain.node_name import titled
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.report.format import cost, count, duration, one_line


def plan_lines(plan: Plan, width: int) -> list[str]:
    """One line a node and one a condition, each at most `width` characters."""
    lines = [one_line_keep_indent(line, width) for line in _node(plan.root, 0)]
    if plan.execution_time_ms is not None:
        lines.append(f"Execution time: {duration(plan.execution_time_ms)}")
    return lines


def one_line_keep_indent(line: str, width: int) -> str:
    """Cut `line` at `width`, keeping its leading blanks."""
    stripped = line.lstrip(" ")
    indent = len(line) - len(stripped)
    return " " * indent + one_line(stripped, max(width - indent, 8))


def _node(node: PlanNode, depth: int) -> Iterator[str]:
    pad = "  " * depth
    yield f"{pad}{node_title(node)}  ({node_numbers(node)})"
    for name, text in node_conditions(node):
        yield f"{pad}    {name}: {text}"
    for child in node.children:
        if child.subplan_name:
            yield f"{pad}  {child.subplan_name}"
        yield from _node(child, depth + 1)


def node_title(node: PlanNode) -> str:
    """`Index Scan using orders_pkey on orders o`."""
    target = node.relation or node.cte_name or node.function_name
    renamed = target and node.alias and node.alias != target
    return f"{titled(node)} {node.alias}" if renamed else titled(node)


def node_numbers(node: PlanNode) -> str:
    """Cost, rows planned and seen, loops, blocks."""
    parts = [f"cost {cost(node.total_cost)}", f"rows {count(node.plan_rows)}"]
    if node.actual_rows is not None:
        parts.append(f"actual {count(node.actual_rows)}")
        if node.loops and node.loops > 1:
            parts.append(f"loops {count(node.loops)}")
    if node.actual_total_time_ms is not None:
        parts.append(duration(node.actual_total_time_ms))
    if node.shared_hit_blocks is not None:
        parts.append(f"blocks {count(node.shared_hit_blocks + (node.shared_read_blocks or 0))}")
    return ", ".join(parts)


def node_conditions(node: PlanNode) -> Iterator[tuple[str, str]]:
    """(name, text) of every condition and key, and what was thrown away."""
    named = [
        ("Index Cond", node.index_cond),
        ("Recheck Cond", node.recheck_cond),
        ("Hash Cond", node.hash_cond),
        ("Merge Cond", node.merge_cond),
        ("Join Filter", node.join_filter),
        ("Filter", node.filter),
        ("Sort Key", ", ".join(node.sort_key) or None),
        ("Group Key", ", ".join(node.group_key) or None),
    ]
    yield from ((name, text) for name, text in named if text)
    if node.rows_removed_by_filter:
        yield "Rows Removed by Filter", count(node.rows_removed_by_filter)
    if node.sort_method:
        yield "Sort Method", f"{node.sort_method} {node.sort_space_type or ''} {node.sort_space_used_kb or ''} kB"
    if node.temp_written_blocks:
        yield "Temp Written Blocks", count(node.temp_written_blocks)
