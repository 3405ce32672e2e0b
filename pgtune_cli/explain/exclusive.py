"""Each node's own numbers: without its children, over all loops, on the clock.

EXPLAIN's rows and times are per loop and, under a Gather, per process; time and blocks include the children's.
An InitPlan or CTE hangs below one node and runs inside another, the first that asks for its result: its time and
blocks are taken from there, so that the sum over all nodes is the whole and nothing counts twice.
"""

import re
from collections.abc import Iterable

import msgspec

from pgtune_cli.explain.derive import INIT, PlacedNode, rows_total, walk
from pgtune_cli.model.plan import Plan, PlanNode

RETURNS = re.compile(r"\(returns ([^)]*)\)")
GATHERS = {"Gather", "Gather Merge"}
METRICS = ("time_ms", "shared_hit_blocks", "shared_read_blocks", "temp_read_blocks", "temp_written_blocks")


class NodeNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """One node without its children. None where the plan was made without ANALYZE, TIMING or BUFFERS."""

    path: str
    cost: float
    """the planner's; the repeats of an inner side stay with the join."""
    rows: float | None = None
    """rows returned over all loops; inexact before 18, which rounds the rows of a loop."""
    time_ms: float | None = None
    """wall clock; in a parallel part the average of its processes."""
    shared_hit_blocks: float | None = None
    shared_read_blocks: float | None = None
    temp_read_blocks: float | None = None
    temp_written_blocks: float | None = None


def exclusive(plan: Plan) -> dict[str, NodeNumbers]:
    """Own numbers of every node, by path, parents first. Rounding in EXPLAIN's own numbers never makes one negative."""
    nodes = list(walk(plan))
    own = {metric: _own(nodes, _totals(nodes, metric)) for metric in METRICS}
    return {
        placed.path: NodeNumbers(
            path=placed.path,
            cost=max(placed.node.total_cost - sum(child.total_cost for child in placed.node.children), 0.0),
            rows=rows_total(placed.node),
            **{metric: own[metric][placed.path] for metric in METRICS},
        )
        for placed in nodes
    }


def _totals(nodes: list[PlacedNode], metric: str) -> dict[str, float | None]:
    """The node with its children, over all loops."""
    if metric != "time_ms":
        return {placed.path: getattr(placed.node, metric) for placed in nodes}
    processes = _processes(nodes)
    return {placed.path: _clock(placed.node, processes[placed.path]) for placed in nodes}


def _clock(node: PlanNode, processes: float) -> float | None:
    if node.actual_total_time_ms is None or node.loops is None:
        return None
    return node.actual_total_time_ms * node.loops / processes


def _processes(nodes: list[PlacedNode]) -> dict[str, float]:
    """How many processes ran a node at once: below a Gather, its child's loops for one loop of its own."""
    processes: dict[str, float] = {}
    parents: dict[str, PlanNode] = {}
    for placed in nodes:
        parents[placed.path] = placed.node
        parent = parents.get(placed.parent or "")
        count = processes.get(placed.parent or "", 1.0)
        if parent is not None and parent.node_type in GATHERS and placed.node.parent_relationship != INIT:
            count *= max((placed.node.loops or 0.0) / (parent.loops or 1.0), 1.0)
        processes[placed.path] = count
    return processes


def _own(nodes: list[PlacedNode], totals: dict[str, float | None]) -> dict[str, float | None]:
    own = dict(totals)
    inits = [placed for placed in nodes if placed.node.parent_relationship == INIT]
    for placed in nodes:
        if placed.parent is not None and placed.node.parent_relationship != INIT:
            _take(own, placed.parent, totals[placed.path] or 0.0)
    for init in inits:
        left = totals[init.path] or 0.0
        for payer in (path for path in _payers(init, nodes) if left > 0):
            left -= _take(own, payer, left)
        if init.parent is not None:
            _take(own, init.parent, left)
    return own


def _take(own: dict[str, float | None], path: str, amount: float) -> float:
    """Take what is there of the amount; says how much that was."""
    have = own[path]
    if have is None:
        return 0.0
    taken = min(have, amount)
    own[path] = have - taken
    return taken


def _payers(init: PlacedNode, nodes: list[PlacedNode]) -> Iterable[str]:
    """The nodes inside which an InitPlan or CTE may have run, in the order they were started."""
    name = init.node.subplan_name or ""
    within = [placed for placed in nodes if not _inside(placed.path, init.path) and _inside(placed.path, init.parent)]
    if name.startswith("CTE "):
        cte = name.removeprefix("CTE ")
        return [placed.path for placed in within if placed.node.node_type == "CTE Scan" and placed.node.cte_name == cte]
    returns = RETURNS.search(name)
    marks = [mark.strip() for mark in returns[1].split(",")] if returns else [name.split(" (")[0]]
    pattern = re.compile("|".join(f"{re.escape(mark)}(?!\\d)" for mark in marks if mark) or "(?!)")
    users = [placed.path for placed in within if any(pattern.search(text) for text in _texts(placed.node))]
    gathers = [placed.path for placed in within if placed.node.node_type in GATHERS]
    # A Gather computes what its workers will ask for before it starts them; since 17 it no longer says so.
    return [*(gather for gather in gathers if any(_inside(user, gather) for user in users)), *users]


def _inside(path: str, ancestor: str | None) -> bool:
    return ancestor is not None and (path == ancestor or path.startswith(f"{ancestor}."))


def _texts(node: PlanNode) -> Iterable[str]:
    conditions = (
        node.filter, node.index_cond, node.recheck_cond, node.hash_cond, node.merge_cond, node.join_filter,
    )  # fmt: skip
    yield from (text for text in conditions if text)
    yield from (*node.sort_key, *node.group_key, *node.output)
    for value in node.extra.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))
