"""Which change of the planner two plans of one statement show, of an older source and of the clone."""

import msgspec
import pytest

from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.whatif.drift import drift

NODE = PlanNode(node_type="Seq Scan", startup_cost=0, total_cost=100, plan_rows=1, plan_width=4)


def plan(kind: str, *children: PlanNode, **more: object) -> Plan:
    return Plan(root=msgspec.structs.replace(NODE, node_type=kind, children=children, **more))


def node(kind: str, *children: PlanNode, **more: object) -> PlanNode:
    return plan(kind, *children, **more).root


def joined(kind: str, parallel: bool = False) -> Plan:
    return plan("Hash Join", join_type=kind, extra={"Parallel Aware": parallel})


PARTIAL = plan("Aggregate", node("Gather Merge"), extra={"Partial Mode": "Finalize"})
WHOLE = plan("Aggregate", node("Gather Merge"), extra={"Partial Mode": "Simple"}, total_cost=101)
CHEAPER = plan("Aggregate", node("Gather Merge"), extra={"Partial Mode": "Finalize"}, total_cost=95)


@pytest.mark.parametrize(
    ("source", "clone", "major", "said"),
    [
        (joined("Anti"), joined("Right Anti"), 15, "since 16 the planner can build the hash of an anti join"),
        (joined("Semi"), joined("Right Semi"), 17, "since 18 the planner can build the hash of a semi join"),
        (joined("Full"), joined("Full", parallel=True), 15, "since 16 the planner can run full and right hash joins"),
        (PARTIAL, WHOLE, 17, "since 18 the planner counts the leader's share of the rows that a Gather collects"),
        (PARTIAL, CHEAPER, 13, "since 14 the planner counts the work that aggregates share"),
        (PARTIAL, CHEAPER, 17, None),
        (plan("ModifyTable"), plan("ModifyTable", node("Append")), 13, "since 14 the planner plans UPDATE and DELETE"),
        (plan("Merge Append"), plan("Merge Append", total_cost=60), 16, "since 17 the planner counts what a Merge"),
        (plan("Recursive Union"), plan("Recursive Union", total_cost=90), 15, "since 16 the planner leaves out"),
        (plan("Aggregate", strategy="Sorted"), plan("Aggregate", strategy="Hashed"), 17, "since 18 the planner takes"),
        (WHOLE, PARTIAL, 13, "since 18 the planner counts the leader's share"),
        (plan("SetOp"), plan("SetOp", total_cost=90), 17, "since 18 the planner reads the two inputs of INTERSECT"),
        (plan("Seq Scan", total_cost=1e10 + 1), plan("Seq Scan"), 17, "since 18 the planner counts what enable_…"),
        (
            plan("Bitmap Heap Scan", node("BitmapOr"), recheck_cond="((a = ?) OR (a = ?))"),
            plan("Index Scan", index_cond="(a = ANY (?))"),
            16,
            "since 18 the planner turns OR over one column",
        ),
        (
            plan("Index Only Scan", index_cond="(a IS NOT NULL)"),
            plan("Index Only Scan"),
            16,
            "since 17 the planner leaves out IS NOT NULL",
        ),
        (
            plan("Seq Scan", node("Seq Scan", parent_relationship="SubPlan")),
            joined("Semi"),
            16,
            "since 17 the planner turns more IN subqueries into joins",
        ),
        (
            plan("Sort", sort_key=("date_part('year'::text, d)",)),
            plan("Sort", sort_key=("EXTRACT(year FROM d)",)),
            13,
            "since 14 the planner has extract() as numeric",
        ),
        (plan("Seq Scan"), plan("Seq Scan", total_cost=200), 13, None),
    ],
)
def test_the_change_that_the_plans_show(source: Plan, clone: Plan, major: int, said: str | None) -> None:
    found = drift(source, clone, major, 18)
    assert (found or "").startswith(said or "")
    assert (found is None) is (said is None)


def test_no_change_before_the_source_counts() -> None:
    assert drift(joined("Anti"), joined("Right Anti"), 16, 18) is None
