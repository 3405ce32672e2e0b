"""The model of time: loops and tuples, not pages that might have to be read."""

from typing import Any

import msgspec
import pytest
from support.advise_fakes import candidate, snapshot, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.fetched import Constants, IndexScan, fetched, pages_of
from pgtune_cli.advise.plan_tables import PlanTables, planned_loops
from pgtune_cli.advise.seen_rows import SeenRows
from pgtune_cli.advise.time_units import NANOSECONDS
from pgtune_cli.advise.work import milliseconds
from pgtune_cli.model.plan import Plan, PlanNode

BIG = table("big", "id integer, a integer, b integer", pages=10_000)  # a million rows
SMALL = table("small", "id integer, a integer", pages=100)
FACTS = Facts(snapshot([BIG, SMALL], stats=[statistics("small", "a", n_distinct=50)]))


def node(kind: str, rows: float, *children: PlanNode, cost: float = 100.0, **more: Any) -> PlanNode:
    return PlanNode(
        node_type=kind, startup_cost=more.pop("start", 0.0), total_cost=cost, plan_rows=rows, plan_width=8,
        children=children, **more,
    )  # fmt: skip


def scan(name: str, rows: float, kind: str = "Seq Scan", **more: Any) -> PlanNode:
    return node(kind, rows, relation=name, schema="public", alias=name, **more)


def time(root: PlanNode, seen: SeenRows | None = None) -> float:
    return milliseconds(Plan(root=root), FACTS, {candidate("big", "a"): 2_500 * 8192}, seen)


def lookup(rows: float = 1.0, **more: Any) -> PlanNode:
    return scan("big", rows, "Index Scan", index_name="i", parent_relationship="Inner", index_cond="(a = x)", **more)


def loop(outer: float, inner: PlanNode | None = None, rows: float | None = None) -> PlanNode:
    driving = scan("small", outer, parent_relationship="Outer")
    return node("Nested Loop", rows or outer, driving, inner or lookup(), join_type="Inner")


def test_a_scan_takes_its_pages_and_its_rows_whatever_is_left_of_them() -> None:
    few, many = time(scan("big", 10, filter="(a = 1)")), time(scan("big", 1_000_000, filter="(a = 1)"))
    assert 50 < few < many < 2 * few


def test_an_inner_side_runs_once_for_each_outer_row() -> None:
    base = time(scan("small", 10))
    assert (time(loop(10_000)) - base) / (time(loop(100)) - base) == pytest.approx(100, rel=0.02)


def test_what_was_counted_at_the_baseline_is_believed_under_another_plan() -> None:
    driving = scan("small", 10_000, actual_rows=10_000.0, loops=1.0)
    build = node("Hash", 1e6, scan("big", 1e6, actual_rows=1e6, loops=1.0))
    executed = node("Hash Join", 10_000, driving, build, join_type="Inner", actual_rows=900_000.0, loops=1.0)
    seen = SeenRows([Plan(root=executed)])
    assert seen.rows(frozenset({"small", "big"})) == 900_000
    assert time(loop(10_000), seen) > 10 * time(loop(10_000))


def test_rows_that_were_not_read_to_the_end_are_not_believed() -> None:
    limited = node("Limit", 5, scan("big", 1e6, actual_rows=5.0, loops=1.0), actual_rows=5.0, loops=1.0)
    assert SeenRows([Plan(root=limited)]).rows(frozenset({"big"})) is None


def test_a_set_that_was_not_joined_is_corrected_by_its_parts() -> None:
    seen = SeenRows([Plan(root=scan("big", 100, actual_rows=1000.0, loops=1.0))])
    assert seen.corrected(frozenset({"big", "small"}), 7.0) == pytest.approx(70.0)


def test_a_limit_stops_what_streams_below_it_and_not_what_is_sorted() -> None:
    ordered = scan("big", 1e6, "Index Scan", index_name="i", cost=100_000.0)
    first_page = node("Limit", 50, ordered, cost=5.0)
    sorting = node("Sort", 1e6, ordered, cost=200_000.0, start=190_000.0, sort_key=("b",))
    assert time(first_page) < 0.01 * time(ordered)
    assert time(node("Limit", 50, sorting, cost=190_000.5, start=190_000.0)) > time(ordered)


def test_a_memoize_looks_up_each_key_once() -> None:
    memo = node("Memoize", 1, lookup(), parent_relationship="Inner", extra={"Cache Key": "small.a"})
    assert time(loop(10_000, memo)) < 0.5 * time(loop(10_000))


def test_a_parallel_scan_is_shared_by_its_processes() -> None:
    part = scan("big", 500_000, extra={"Parallel Aware": True})
    assert time(node("Gather", 1e6, part, workers_planned=2)) < time(scan("big", 1e6))


SCAN = IndexScan(pages=10_000.0, rows=1e6, leaves=2_500.0, conditions=1, loops=1.0, ordered=0.0)


@pytest.mark.parametrize("tuples", [5.0, 30.0, 5000.0])
@pytest.mark.parametrize("ordered", [0.0, 1.0])
@pytest.mark.parametrize("loops", [1.0, 50_000.0])
def test_the_tuples_before_a_filter_follow_from_the_cost(tuples: float, ordered: float, loops: float) -> None:
    """As cost_index adds it up: the leaves and the heap's pages, of which repeats find many in the cache."""
    scan, part = msgspec.structs.replace(SCAN, ordered=ordered, loops=loops), tuples / 1e6
    if loops == 1.0:
        leaf, first = max(part * 2_500, 1) * 4, 4 + max(part * 10_000 - 1, 0)
    else:
        leaf, first = (pages_of(max(part * of, 1) * loops, of) / loops * 4 for of in (2_500, 10_000))
    heap = (1 - ordered) * pages_of(tuples * loops, 10_000) / loops * 4 + ordered * first
    cost = tuples * (0.015 + 0.0025) + leaf + heap
    assert fetched(cost, scan, Constants()) == pytest.approx(tuples, rel=0.01)


def test_a_look_up_by_key_is_not_taken_for_one_of_many_rows() -> None:
    """Its cost is that of a page of the index and one of the heap."""
    assert fetched(6.5, msgspec.structs.replace(SCAN, ordered=1.0), Constants()) < 1


def test_an_index_only_scan_reads_all_that_its_filter_throws_away() -> None:
    read = 900_000 * (0.015 + 2 * 0.0025) + 0.9 * 2_500 * 4
    whole = scan("big", 100_000, "Index Only Scan", index_name="i", index_cond="(a > 1)", filter="(b > 1)", cost=read)
    seen_in_full = Facts(snapshot([msgspec.structs.replace(BIG, relpages=10_000, relallvisible=10_000)]))
    ms = milliseconds(Plan(root=whole), seen_in_full, {candidate("big", "a", include=("b",)): 2_500 * 8192})
    assert ms > 800_000 * NANOSECONDS["index-only tuple"] / 1e6


def test_the_loops_are_those_of_a_driving_scan_whose_condition_is_printed_in_full() -> None:
    alone = scan("small", 30, "Index Scan", index_name="i", index_cond="(small.a > 1)")
    assert PlanTables(Plan(root=alone), FACTS, {}).driving(alone) == {"small": 30}


def test_more_tuples_never_lie_on_more_pages_than_there_are() -> None:
    assert pages_of(1e9, 100.0) == 100.0


def test_pages_that_the_planner_shared_out_among_more_repeats_are_fetched_all_the_same() -> None:
    """It divides by the rows of the relation by itself, though a join leaves few of them to drive the loop."""
    constants, a_loop, whole = Constants(), 500.0, 10_000.0
    shared = pages_of(a_loop * whole, 10_000.0) / whole * constants.random_page_cost
    leaf = pages_of(whole, 2_500) / whole * constants.random_page_cost
    cost = a_loop * (0.015 + 2 * constants.cpu_operator_cost) + shared + leaf
    inner = scan(
        "big", 100, "Index Scan", index_name="i", parent_relationship="Inner", index_cond="(a = small.a)",
        filter="(b > 1)", cost=cost,
    )  # fmt: skip
    filtered = node(
        "Hash Join", 100, scan("small", whole), node("Hash", 1, scan("big", 1)), parent_relationship="Outer"
    )
    joined = node("Nested Loop", 10_000, filtered, inner, join_type="Inner")
    fetches = 100 * a_loop
    assert time(joined) - time(filtered) > 0.9 * fetches * NANOSECONDS["random heap tuple"] / 1e6


@pytest.mark.parametrize("value", ["'x.y'::text", "'x'::x.kind", "'it''s \"x\".y'::text"])
def test_what_stands_in_a_value_is_no_other_table(value: str) -> None:
    alone = scan("big", 30, "Index Scan", index_name="i", index_cond=f"(a = {value})")
    assert planned_loops(alone, {"x": 5.0}, 100) == 100
    assert PlanTables(Plan(root=alone), FACTS, {}).driving(alone) == {"big": 30}
    joined = scan("big", 30, "Index Scan", index_name="i", index_cond=f"((a = {value}) AND (b = x.b))")
    assert planned_loops(joined, {"x": 5.0}, 100) == 5
