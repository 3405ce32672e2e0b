"""In whose order rows come, and what look-ups in that order take."""

from typing import Any

import pytest
from support.advise_fakes import candidate, snapshot, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.plan_tables import PlanTables
from pgtune_cli.advise.row_order import neighbours
from pgtune_cli.advise.work import milliseconds
from pgtune_cli.model.plan import Plan, PlanNode

ORDERS = table("orders", "id integer, customer integer", pages=10_000)
LINES = table("lines", "order_id integer, part integer", pages=40_000)
FACTS = Facts(
    snapshot(
        [ORDERS, LINES, table("nation", "id integer", pages=1)],
        stats=[
            statistics("orders", "id", correlation=1.0),
            statistics("orders", "customer", correlation=0.0),
            statistics("lines", "order_id", correlation=-1.0),
            statistics("lines", "part", correlation=0.1),
        ],
    )
)
BY_ORDER, BY_PART = "(lines.order_id = orders.id)", "(lines.part = part.id)"


def node(kind: str, *children: PlanNode, **more: Any) -> PlanNode:
    rows = more.pop("rows", 100_000.0)
    return PlanNode(
        node_type=kind, startup_cost=0.0, total_cost=100.0, plan_rows=rows, plan_width=8, children=children, **more
    )


def scan(name: str, kind: str = "Seq Scan", **more: Any) -> PlanNode:
    return node(kind, relation=name, schema="public", alias=name, **more)


def loop(outer: PlanNode, condition: str = BY_ORDER, name: str = "lines") -> PlanNode:
    inner = scan(name, "Index Scan", index_name="i", index_cond=condition, rows=1.0, parent_relationship="Inner")
    return node("Nested Loop", outer, inner, join_type="Inner")


def hashed(outer: PlanNode, inner: PlanNode, condition: str) -> PlanNode:
    return node("Hash Join", outer, node("Hash", inner), hash_cond=condition, join_type="Inner")


SORTED = node("Sort", scan("orders"), sort_key=("orders.customer", "orders.id"))
KEPT = hashed(scan("orders"), scan("nation"), "(orders.customer = nation.id)")


@pytest.mark.parametrize(
    ("outer", "condition", "share"),
    [
        (scan("orders"), BY_ORDER, 1.0),
        (scan("orders", "Bitmap Heap Scan"), BY_ORDER, 1.0),
        (scan("lines"), "(orders.id = lines.order_id)", 1.0),  # backwards is an order too
        (scan("lines"), BY_PART, 0.01),
        (scan("orders"), "(customer.id = orders.customer)", 0.0),
        (scan("orders"), "(a = nobody.b)", 0.0),
        (scan("orders"), None, 0.0),
        (KEPT, BY_ORDER, 1.0),  # the probing side keeps its order
        (hashed(scan("nation"), scan("orders"), "(nation.id = orders.customer)"), BY_ORDER, 0.0),
        (node("Memoize", scan("orders")), BY_ORDER, 1.0),
        (SORTED, "(customer.id = orders.customer)", 1.0),
        (SORTED, BY_ORDER, 0.0),
        (node("Aggregate", scan("orders")), BY_ORDER, 0.0),
        (node("Merge Join", SORTED, scan("lines"), merge_cond=BY_ORDER), BY_ORDER, 1.0),
        # the rows of the inner side come as the outer ones ask for them
        (loop(scan("orders")), "(other.x = lines.order_id)", 1.0),
        (loop(scan("orders")), "(other.x = lines.part)", 0.0),
        (loop(scan("orders")), "(other.x = lines.order)", 0.0),  # not the one that it is the beginning of
        (loop(scan("orders"), "(order_id = orders.id)"), "(other.x = lines.order_id)", 1.0),
        (hashed(scan("lines"), scan("orders"), BY_ORDER), "(other.x = orders.id)", 1.0),
    ],
)  # fmt: skip
def test_in_whose_order_rows_come(outer: PlanNode, condition: str | None, share: float) -> None:
    tables = PlanTables(Plan(root=outer), FACTS, {})
    assert neighbours(outer, condition, tables) == pytest.approx(share)


@pytest.mark.parametrize(("of", "share"), [("orders.id", 0.0), ("orders.customer", 1.0)])
def test_an_index_scan_gives_the_order_of_its_first_key(of: str, share: float) -> None:
    outer = scan("orders", "Index Scan", index_name="i", index_cond="(customer > 1)")
    tables = PlanTables(Plan(root=outer), FACTS, {candidate("orders", "customer"): 1 << 20})
    assert neighbours(outer, f"(x.y = {of})", tables) == share


def ms(root: PlanNode) -> float:
    return milliseconds(Plan(root=root), FACTS, {candidate("lines", "order_id"): 100 << 20})


def test_look_ups_of_neighbours_take_less_than_those_anywhere_and_those_in_a_small_table_least() -> None:
    outer = ms(scan("orders"))
    anywhere = ms(loop(scan("orders"), "(lines.order_id = orders.customer)")) - outer
    near = ms(loop(scan("orders"))) - outer
    small = ms(loop(scan("orders"), "(nation.id = orders.customer)", "nation")) - outer
    assert anywhere > 1.5 * near > 1.5 * 1.5 * small


def test_a_hash_that_no_cache_holds_is_cheap_to_probe_in_order_alone() -> None:
    build, probing = scan("orders", rows=1e6), scan("lines", rows=5e6)
    near = ms(hashed(probing, build, BY_ORDER))
    anywhere = ms(hashed(probing, build, "(lines.part = orders.id)"))
    assert anywhere - near == pytest.approx(5e6 * 0.3e-3, rel=0.05)
    few = scan("orders", rows=1000.0)
    assert ms(hashed(probing, few, "(lines.part = orders.id)")) == pytest.approx(ms(hashed(probing, few, BY_ORDER)))
