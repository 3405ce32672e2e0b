"""A plan as rows of a tree: each node with its own share, its estimate, its blocks and its spills."""

import msgspec

from pgtune_cli.explain.derive import q_error, shape_of, walk
from pgtune_cli.explain.exclusive import NodeNumbers, exclusive
from pgtune_cli.model.plan import Plan, PlanNode, StatementPlan
from pgtune_cli.report.format import cost, count, duration, number_of, percent
from pgtune_cli.report.plan_text import node_conditions, node_title

DEEPEST = 12
"""levels that are indented; what lies deeper stands below its parent all the same"""
WRONG = 10
"""times that an estimate is off, from where it is marked"""


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """One node. Widths of bars are whole percent of the plan's; `blocks_hit` and `blocks_read` share one bar."""

    level: int
    indent: int
    title: str
    subplan: str | None
    worst: bool
    own: str
    own_width: int
    rows: str
    wrong: str
    """`×382`: how far the estimate is off; empty where it is near, or not known."""
    blocks: str
    hit_width: int
    read_width: int
    spill: str
    conditions: tuple[tuple[str, str], ...]


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[PlanRow, ...]
    worst: str
    """`Seq Scan on orders: 93 % of the time`."""
    measured: str
    """what the shares are of: time, or planned cost."""


def plan_view(plan: Plan) -> PlanView:
    numbers = exclusive(plan)
    timed = any(own.time_ms is not None for own in numbers.values())
    weights = {path: (own.time_ms if timed else own.cost) or 0.0 for path, own in numbers.items()}
    whole = sum(weights.values())
    blocks = sum(_blocks(own) for own in numbers.values())
    worst = max(weights, key=lambda path: weights[path])
    rows = []
    for placed in walk(plan):
        own = numbers[placed.path]
        share = weights[placed.path] / whole if whole else 0.0
        rows.append(
            PlanRow(
                level=placed.depth + 1,
                indent=min(placed.depth, DEEPEST),
                title=node_title(placed.node),
                subplan=placed.node.subplan_name,
                worst=placed.path == worst,
                own=duration(own.time_ms) if timed else f"cost {cost(own.cost)}",
                own_width=round(share * 100),
                rows=_rows(placed.node),
                wrong=_wrong(placed.node),
                blocks=_told_blocks(own),
                hit_width=round((own.shared_hit_blocks or 0) / blocks * 100) if blocks else 0,
                read_width=round((own.shared_read_blocks or 0) / blocks * 100) if blocks else 0,
                spill=f"{count(own.temp_written_blocks)} temp blocks written" if own.temp_written_blocks else "",
                conditions=tuple(node_conditions(placed.node)),
            )
        )
    what = "time" if timed else "planned cost"
    title = next(row.title for row in rows if row.worst)
    share = weights[worst] / whole if whole else 0.0
    return PlanView(rows=tuple(rows), worst=f"{title}: {percent(share)} of the {what}", measured=what)


def how(plan: StatementPlan) -> str:
    """`executed on the server with typical values (pg_stats)`."""
    verb = "executed" if plan.executed else "planned"
    where = {"snapshot": "source when the snapshot was taken"}.get(plan.source, plan.source)
    values = ", ".join(value if value is not None else "NULL" for value in plan.parameters.values or ())
    shown = f": {values}" if values else ""
    name, origin = plan.parameters.name, plan.parameters.origin
    if name == origin:
        taken = {"generic": "for any values: a generic plan", "literal": "with the constants of its text"}
        return f"{verb} on the {where} {taken.get(name, f'with {name} values')}{shown}"
    return f"{verb} on the {where} with {name} values (from {origin}{shown})"


def caches(plan: StatementPlan) -> str:
    """What the first run found and what the second took; empty where there was no execution."""
    if not plan.executed:
        return ""
    first = plan.first_run
    if first is None:
        return "Executed once."
    return (
        f"Executed twice: first as the caches were, {duration(first.execution_time_ms)} with "
        f"{number_of(first.shared_read_blocks, 'block')} read and {count(first.shared_hit_blocks)} hit; "
        f"then warm, {duration(plan.execution_time_ms)}, which is what is shown."
    )


def same_plan(plans: tuple[StatementPlan, ...]) -> tuple[bool, ...]:
    """For each plan, whether it has the shape of the first one."""
    shapes = [shape_of(plan.plan) for plan in plans]
    return tuple(shape == shapes[0] for shape in shapes)


def _blocks(own: NodeNumbers) -> float:
    return (own.shared_hit_blocks or 0) + (own.shared_read_blocks or 0)


def _told_blocks(own: NodeNumbers) -> str:
    if own.shared_hit_blocks is None and own.shared_read_blocks is None:
        return ""
    return f"{count(own.shared_hit_blocks or 0)} hit, {count(own.shared_read_blocks or 0)} read"


def _rows(node: PlanNode) -> str:
    planned = f"{count(node.plan_rows)} planned"
    if node.actual_rows is None:
        return planned
    if not node.loops:
        return f"{planned}, never executed"
    loops = f", {count(node.loops)} loops" if node.loops > 1 else ""
    return f"{planned}, {count(node.actual_rows)} seen{loops}"


def _wrong(node: PlanNode) -> str:
    error = q_error(node)
    return f"×{count(error)} off" if error is not None and error >= WRONG else ""
