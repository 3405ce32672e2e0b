"""What counts as a misestimate, and what only looks like one."""

import msgspec
import pytest
from support.advise_fakes import analysis, snapshot, statement, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.misestimates import Misestimate, misestimates
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan

T = table("t", "a integer, b integer, at timestamp")
FILTER = "SELECT * FROM t WHERE a = 1 AND b = 2"
GROUP = "SELECT a, count(*) FROM t GROUP BY a"


def node(node_type: str, planned: float, actual: float, *children: PlanNode, **more: object) -> PlanNode:
    given: dict[str, object] = {"loops": 1, **more}
    return PlanNode(
        node_type=node_type, startup_cost=0, total_cost=1, plan_width=8, plan_rows=planned, actual_rows=actual,
        children=children, **given,
    )  # type: ignore[arg-type]  # fmt: skip


def scan(planned: float, actual: float, **more: object) -> PlanNode:
    given: dict[str, object] = {"filter": "((t.a = ?) AND (t.b = ?))", **more}
    return node("Seq Scan", planned, actual, relation="t", schema="public", alias="t", **given)


def seen(root: PlanNode, query: str, *, executed: bool = True, source: str = "server") -> list[Misestimate]:
    made = analysis(snapshot([T]), statement("s", query))
    plan = StatementPlan(
        source=source, parameters=PlanParameters("literal", "literal"), executed=executed, total_cost=1.0,
        plan=Plan(root=root),
    )  # fmt: skip
    plans = {"s": msgspec.structs.replace(made.plans["s"], plans=(plan,))}
    return misestimates(msgspec.structs.replace(made, plans=plans), Facts(made.snapshot))


def test_a_scan_and_its_columns() -> None:
    (one,) = seen(scan(20, 5000), FILTER)
    assert (one.columns, one.planned, one.actual, one.purpose) == (("a", "b"), 20, 5000, "filter")


def test_columns_are_in_the_order_of_the_table() -> None:
    """So are the values of common combinations, wherever they come from."""
    (one,) = seen(scan(20, 5000, filter="((t.b = ?) AND (t.a = ?))"), FILTER)
    assert one.columns == ("a", "b")
    groups = node("Aggregate", 20, 5000, scan(1e6, 1e6, filter=None), group_key=("t.b", "t.a"), strategy="Hashed")
    (one,) = seen(groups, "SELECT b, a, count(*) FROM t GROUP BY b, a")
    assert one.columns == ("a", "b")


def test_a_value_of_a_type_of_some_schema_is_no_column_of_another_table() -> None:
    (one,) = seen(scan(20, 5000, filter="((t.a = ?) AND (t.b = 'x'::other.kind))"), FILTER)
    assert one.columns == ("a", "b")


@pytest.mark.parametrize(
    "root",
    [
        scan(1000, 5000),  # a factor of five
        scan(1, 40),  # of few rows
        scan(5000, 20),  # too many: the values may have been chosen so
        scan(20, 5000, filter="((t.a = ?) AND (t.b = u.b))"),  # of another table's columns
        scan(20, 5000, filter="((t.a = ?) AND (t.b = (InitPlan 1).col1))"),
        scan(20, 240, loops=1),
        node("Limit", 10, 10, scan(20, 5000)),  # it was stopped
    ],
)
def test_what_only_looks_like_one(root: PlanNode) -> None:
    assert seen(root, FILTER) == []


def test_a_scan_that_is_read_again_and_again_counts_a_loop() -> None:
    (one,) = seen(scan(1, 100, loops=100), FILTER)
    assert (one.planned, one.actual) == (1, 100)
    again = node("Aggregate", 200, 50_000, scan(1e6, 1e6, filter=None), group_key=("t.a",), loops=7)
    assert seen(again, GROUP) == []


def test_what_was_not_executed_is_not_seen() -> None:
    assert seen(scan(20, 5000), FILTER, executed=False) == []
    assert seen(scan(20, 5000), FILTER, source="clone") == []


def test_the_rows_of_workers_are_added_up() -> None:
    part = scan(20, 2000, loops=3, extra={"Parallel Aware": True})
    (one,) = seen(node("Gather", 48, 6000, part, workers_planned=2), FILTER)
    assert (one.planned, one.actual) == (pytest.approx(48), 6000)


def test_groups_of_the_whole_table_are_counted() -> None:
    whole = node("Aggregate", 200, 50_000, scan(1e6, 1e6, filter=None), group_key=("t.a",), strategy="Hashed")
    (one,) = seen(whole, GROUP)
    assert (one.columns, one.purpose, one.whole) == (("a",), "group", True)
    part = node("Aggregate", 200, 50_000, scan(9e5, 9e5), group_key=("t.a",), strategy="Hashed")
    assert [each.whole for each in seen(part, GROUP) if each.purpose == "group"] == [False]


def test_what_having_leaves_is_no_count_of_groups() -> None:
    root = node("Aggregate", 20_000, 3, scan(1e6, 1e6, filter=None), group_key=("t.a",), filter="(count(*) > ?)")
    assert seen(root, f"{GROUP} HAVING count(*) > 5") == []


def test_an_expression_is_misjudged_either_way() -> None:
    root = scan(5000, 1, filter="(date_part('?'::text, t.at) = ?)")
    (one,) = seen(root, "SELECT * FROM t WHERE date_part('year', at) = 2024")
    assert (one.columns, one.expressions) == ((), ("date_part('year', at)",))
