"""Whether a plan would fill the disk with temporary files: no role but a superuser may limit them."""

from collections.abc import Iterator, Mapping

from pgtune_cli.explain.derive import walk
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.model.statement import Statement

TIMES_WORK_MEM = 10
WORK_MEM_KB = 4096
"""PostgreSQL's own default"""
LEAST_LIMIT_KB = 256 * 1024
ROW_OVERHEAD = 24
KEEPS_ROWS = {"Sort", "Hash", "Materialize", "WindowAgg", "CTE Scan"}


def spills(statement: Statement, plan: Plan, settings: Mapping[str, str]) -> str | None:
    """Why it is not executed; None where temporary files stay small, as far as was measured or else as is planned."""
    told = settings.get("work_mem", "")
    work_mem_kb = int(told) if told.isdecimal() else WORK_MEM_KB  # a file may say anything
    limit_kb = max(TIMES_WORK_MEM * work_mem_kb, LEAST_LIMIT_KB)
    if statement.calls > 0 and statement.total_exec_time_ms > 0:
        wrote_kb = statement.temp_blks_written * 8 / statement.calls
        if wrote_kb > limit_kb:
            return f"it wrote {_megabytes(wrote_kb)} of temporary files a call"
        return None
    kept_kb = sum(kept for kept in _kept_kb(plan) if kept > work_mem_kb)
    if kept_kb > limit_kb:
        return f"by its plan it would write about {_megabytes(kept_kb)} of temporary files"
    return None


def _kept_kb(plan: Plan) -> Iterator[float]:
    """Of every node that keeps rows; a sort under LIMIT keeps no more than that."""
    nodes: dict[str | None, PlanNode] = {}
    for placed in walk(plan):
        node, parent = placed.node, nodes.get(placed.parent)
        nodes[placed.path] = node
        hashes = node.node_type == "Aggregate" and node.strategy in ("Hashed", "Mixed")
        if node.node_type in KEEPS_ROWS or hashes:
            limited = node.node_type == "Sort" and parent is not None and parent.node_type == "Limit"
            rows = min(node.plan_rows, parent.plan_rows) if limited and parent is not None else node.plan_rows
            yield rows * (node.plan_width + ROW_OVERHEAD) / 1024


def _megabytes(kilobytes: float) -> str:
    return f"{kilobytes / 1024:,.0f} MB"
