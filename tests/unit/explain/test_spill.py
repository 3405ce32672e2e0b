"""Temporary files are foreseen: by what was measured, else by the rows that a plan keeps."""

import pytest

from pgtune_cli.explain.spill import spills
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.model.statement import Statement


def node(node_type: str, rows: float, *children: PlanNode, strategy: str | None = None) -> PlanNode:
    return PlanNode(
        node_type=node_type, startup_cost=0, total_cost=1, plan_rows=rows, plan_width=1000, strategy=strategy,
        children=children,
    )  # fmt: skip


def statement(calls: int = 0, temp_blks_written: int = 0) -> Statement:
    return Statement(
        fingerprint="f", query="q", calls=calls, total_exec_time_ms=float(calls), mean_exec_time_ms=1.0,
        temp_blks_written=temp_blks_written,
    )  # fmt: skip


HUGE = 10_000_000


@pytest.mark.parametrize(
    ("root", "refused"),
    [
        (node("Sort", HUGE), True),
        (node("Aggregate", HUGE, strategy="Hashed"), True),
        (node("Aggregate", HUGE, strategy="Sorted"), False),
        (node("Hash Join", 1, node("Seq Scan", 1), node("Hash", HUGE)), True),
        (node("Limit", 10, node("Sort", HUGE)), False),
        (node("Seq Scan", HUGE), False),
        (node("Sort", 10_000), False),
    ],
)
def test_a_plan_that_keeps_too_much(root: PlanNode, refused: bool) -> None:
    assert (spills(statement(), Plan(root=root), {"work_mem": "4096"}) is not None) is refused


def test_what_was_measured_counts_more_than_the_plan() -> None:
    plan = Plan(root=node("Sort", HUGE))
    assert spills(statement(calls=10), plan, {}) is None
    wrote = spills(statement(calls=10, temp_blks_written=1_000_000), Plan(root=node("Seq Scan", 1)), {})
    assert wrote == "it wrote 781 MB of temporary files a call"


def test_the_limit_grows_with_work_mem() -> None:
    assert spills(statement(), Plan(root=node("Sort", HUGE)), {"work_mem": "no number"}) is not None
    assert spills(statement(), Plan(root=node("Sort", HUGE)), {"work_mem": str(2 * 1024 * 1024)}) is None
