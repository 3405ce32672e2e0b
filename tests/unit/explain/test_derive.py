"""Paths, own numbers, estimates and shapes, on plans of real servers."""

from pathlib import Path

import pytest

from pgtune_cli.explain.derive import (
    blocks_total,
    index_scans,
    indexes_used,
    q_error,
    relations_used,
    rows_total,
    shape_of,
    stopped_early,
    walk,
)
from pgtune_cli.explain.exclusive import exclusive
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import Plan, PlanNode

PLANS = Path(__file__).resolve().parents[2] / "plans"
FILES = sorted(PLANS.glob("*.json"))
MAJORS = (13, 14, 15, 16, 17, 18)


def plan(name: str, major: int = 18) -> Plan:
    return parse_plan((PLANS / f"{name}.pg{major}.json").read_text(encoding="utf-8"))


def node(**fields: object) -> PlanNode:
    known = {"node_type": "Seq Scan", "startup_cost": 0.0, "total_cost": 1.0, "plan_rows": 1.0, "plan_width": 4}
    return PlanNode(**{**known, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_own_blocks_and_times_add_up_to_the_whole(file: Path) -> None:
    """InitPlans, SubPlans, CTEs read twice and parallel workers included: nothing is counted twice or lost."""
    read = parse_plan(file.read_text(encoding="utf-8"))
    numbers = exclusive(read).values()
    blocks = sum((own.shared_hit_blocks or 0) + (own.shared_read_blocks or 0) for own in numbers)
    assert blocks == (blocks_total(read) or 0)
    time = (read.root.actual_total_time_ms or 0) * (read.root.loops or 0)
    rounding = sum(0.0005 * (placed.node.loops or 0) for placed in walk(read))
    assert sum(own.time_ms or 0 for own in numbers) == pytest.approx(time, rel=0.05, abs=0.1 + rounding)
    assert all((own.time_ms or 0) >= 0 and own.cost >= 0 for own in numbers)


def test_paths_are_positions_parents_first() -> None:
    paths = [(placed.path, placed.parent, placed.depth, placed.node.node_type) for placed in walk(plan("bitmap_or"))]
    assert paths == [
        ("0", None, 0, "Bitmap Heap Scan"),
        ("0.0", "0", 1, "BitmapOr"),
        ("0.0.0", "0.0", 2, "Bitmap Index Scan"),
        ("0.0.1", "0.0", 2, "Bitmap Index Scan"),
    ]


@pytest.mark.parametrize("major", MAJORS)
def test_an_initplan_is_taken_from_the_node_that_asked_for_it(major: int) -> None:
    read = plan("initplan", major)
    numbers = exclusive(read)
    init = next(placed for placed in walk(read) if placed.node.parent_relationship == "InitPlan")
    inside = [own for path, own in numbers.items() if path == init.path or path.startswith(f"{init.path}.")]
    scan = numbers["0"] if read.root.relation else numbers["0.1"]
    blocks = (scan.shared_hit_blocks or 0) + (scan.shared_read_blocks or 0)
    assert blocks == sum((own.shared_hit_blocks or 0) + (own.shared_read_blocks or 0) for own in inside) > 0


def test_a_cte_read_twice_is_paid_for_once() -> None:
    read = plan("cte_read_twice")
    numbers = exclusive(read)
    scans = [placed.path for placed in walk(read) if placed.node.node_type == "CTE Scan"]
    assert len(scans) == 2
    assert [numbers[path].shared_hit_blocks for path in scans] == [0, 0]


def test_time_below_a_gather_is_on_the_clock() -> None:
    read = plan("parallel_in_a_loop")
    gather = next(placed for placed in walk(read) if placed.node.node_type == "Gather")
    scan = next(placed for placed in walk(read) if placed.parent == gather.path)
    assert (gather.node.loops, scan.node.loops) == (3, 9)
    assert exclusive(read)[scan.path].time_ms == pytest.approx((scan.node.actual_total_time_ms or 0) * 3)


def test_a_plan_that_was_not_executed_has_costs_only() -> None:
    own = exclusive(plan("costs_only"))["0"]
    assert (own.rows, own.time_ms, own.shared_hit_blocks, own.temp_read_blocks) == (None, None, None, None)
    assert own.cost > 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"actual_rows": 500.0, "loops": 1.0, "plan_rows": 5.0}, 100.0),
        ({"actual_rows": 5.0, "loops": 3.0, "plan_rows": 500.0}, 100.0),
        ({"actual_rows": 0.0, "loops": 1.0, "plan_rows": 1.0}, 1.0),
        ({"actual_rows": 0.2, "loops": 5000.0, "plan_rows": 10.0}, 10.0),
        ({"actual_rows": 0.0, "loops": 0.0, "plan_rows": 100.0}, None),
        ({"plan_rows": 100.0}, None),
        ({"actual_rows": 0.0, "loops": 1.0, "plan_rows": 100.0, "node_type": "BitmapOr"}, None),
    ],
)
def test_q_error_has_no_direction_and_is_unknown_without_a_count(fields: dict[str, object], expected: float) -> None:
    assert q_error(node(**fields)) == expected


def test_rows_are_totals_over_the_loops() -> None:
    assert rows_total(node(actual_rows=0.2, loops=5000.0)) == 1000.0
    assert rows_total(node()) is None


def test_the_shape_names_joins_relations_and_indexes() -> None:
    assert shape_of(plan("nested_loop_inner_index")) == (
        "Nested Loop Inner",
        "  Index Scan using customer_pkey on customer",
        "  Bitmap Heap Scan on orders",
        "    Bitmap Index Scan using orders_customer_id_idx",
    )
    assert shape_of(plan("parallel_aggregate")) == (
        "Finalize Aggregate Sorted",
        "  Gather Merge",
        "    Sort",
        "      Partial Aggregate Hashed",
        "        Parallel Seq Scan on orders",
    )


@pytest.mark.parametrize(
    "name", ["index_scan", "seq_scan_filter", "limit_top_n", "append_partitions", "cte_read_twice"]
)
def test_the_shape_of_a_plain_plan_is_the_same_on_13_and_18(name: str) -> None:
    assert shape_of(plan(name, 13)) == shape_of(plan(name, 18))


def test_the_shape_knows_no_numbers_but_knows_the_index() -> None:
    one = Plan(root=node(index_name="a_idx", relation="t", node_type="Index Scan", total_cost=5.0))
    other = Plan(root=node(index_name="a_idx", relation="t", node_type="Index Scan", alias="x", schema="s"))
    third = Plan(root=node(index_name="b_idx", relation="t", node_type="Index Scan"))
    assert shape_of(one) == shape_of(other) == ("Index Scan using a_idx on t",)
    assert shape_of(third) == ("Index Scan using b_idx on t",)


def test_relations_and_indexes_used_carry_their_schema() -> None:
    read = plan("bitmap_or")
    orders = RelationName("public", "orders")
    assert relations_used(read) == {orders}
    assert indexes_used(read) == {
        RelationName("public", "orders_customer_id_idx"),
        RelationName("public", "orders_placed_at_idx"),
    }
    assert [(scan.path, scan.table) for scan in index_scans(read)] == [("0.0.0", orders), ("0.0.1", orders)]


def test_partitions_are_the_relations_that_are_read() -> None:
    names = {relation.name for relation in relations_used(plan("append_partitions"))}
    assert names == {"event_1", "event_2"}


def test_a_limit_stops_its_child_but_not_what_a_sort_reads() -> None:
    read = plan("limit_top_n")
    assert [placed.node.node_type for placed in walk(read) if placed.path in stopped_early(read)] == ["Sort"]


def test_a_semi_join_and_a_merge_join_may_stop_reading() -> None:
    assert stopped_early(plan("exists_semi_join")) == {"0.1"}
    assert stopped_early(plan("merge_join")) == {"0.0.0", "0.0.1"}


def test_a_plain_scan_is_read_to_the_end() -> None:
    assert stopped_early(plan("seq_scan_filter")) == frozenset()
