"""Facts of plans and their nodes."""

from typing import Any

import msgspec
import pytest

from pgtune_cli.lint.facts import subjects
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import UserType
from pgtune_cli.model.plan import PlanParameters


def facts(kind: str, analysis: Any) -> list[Any]:
    world = World(analysis)
    found = [subject.facts for subject in subjects(kind, world)]
    assert world.skipped == []
    return found


def node(shop: Any, document: dict[str, Any], text: str = "select 1", **snapshot: Any) -> Any:
    analysis = shop.analysis(shop.statement(text), plans={"a" * 16: document}, **snapshot)
    return facts("plan_node", analysis)[0]


@pytest.mark.parametrize(
    ("filter_", "casts"),
    [
        ("((orders.id)::numeric = ?::numeric)", ("id::numeric",)),
        ("((id)::numeric = ?::numeric)", ("id::numeric",)),
        ("((id)::numeric(10,2) = ?::numeric)", ("id::numeric",)),
        ("((other.id)::numeric = ?::numeric)", ()),
        ("((customer_id)::numeric = ?::numeric)", ()),
        ("(id = (?)::bigint)", ()),
        ("((placed_at)::timestamp without time zone > ?)", ("placed_at::timestamp without time zone",)),
        ("this is (no condition", ()),
    ],
)
def test_casts_over_indexed_columns_are_found_in_filters(shop: Any, filter_: str, casts: tuple[str, ...]) -> None:
    assert node(shop, shop.node("Seq Scan", "orders", Filter=filter_)).cast_columns == casts


def test_varchar_as_text_is_served_by_its_index(shop: Any) -> None:
    assert node(shop, shop.node("Seq Scan", "customers", Filter="((ref)::text = ?::text)")).cast_columns == ()


def test_a_cast_that_the_text_asks_for_is_not_implicit(shop: Any) -> None:
    document = shop.node("Seq Scan", "orders", Filter="((id)::text = ?::text)")
    assert node(shop, document, "select * from orders where id::text = $1").cast_columns == ()
    assert node(shop, document, "select * from orders where id = $1").cast_columns == ("id::text",)


def test_what_a_node_does_not_have_is_zero_once_it_was_executed(shop: Any) -> None:
    executed = node(shop, shop.node("Seq Scan", "orders", Actual_Rows=5, Actual_Loops=1))
    planned = node(shop, shop.node("Seq Scan", "orders"))
    assert (executed.rows_removed, executed.heap_fetches, executed.sort_spilled) == (0, 0, False)
    assert (planned.rows_removed, planned.heap_fetches, planned.sort_spilled) == (None, None, False)


def test_rows_removed_count_over_all_loops(shop: Any) -> None:
    document = shop.node("Seq Scan", "orders", Actual_Rows=1, Actual_Loops=4, Filter="x", Rows_Removed_by_Filter=24)
    found = node(shop, document)
    assert (found.rows_removed, found.removed_fraction, found.actual_rows_total) == (96, 0.96, 4)


def test_columns_that_a_scan_compares_together_make_statistics(shop: Any) -> None:
    document = shop.node("Seq Scan", "orders", Filter="((orders.status = ?) AND (orders.customer_id = ?))")
    found = node(shop, document)
    assert found.condition_columns == ("status", "customer_id")
    assert found.statistics_sql == (
        "CREATE STATISTICS public.orders_status_customer_id_stats ON status, customer_id FROM public.orders; "
        "ANALYZE public.orders"
    )


def test_one_column_makes_no_statistics(shop: Any) -> None:
    assert node(shop, shop.node("Seq Scan", "orders", Filter="(orders.status = ?)")).statistics_sql is None


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("select * from orders where status = $1 and customer_id = $2", 900.0),
        ("select * from orders where status = $1 and placed_at > $2", None),
        ("select * from orders where id in ($1, $2)", None),
        ("select * from orders where status = $1 limit 5", None),
        ("select status from orders where customer_id = $1 group by status", None),
        ("select * from orders where placed_at > now()", 900.0),
        ("update orders set status = $1 where customer_id = $2", None),
        ("select generate_series(1, 5)", None),
        ("select * from orders where status = $1 and customer_id <> $2", None),
        ("select * from orders where status = $1 and customer_id is distinct from $2", None),
        ("select * from orders where not (status = $1)", None),
        ("select * from orders where status <> 'new' and customer_id = $1", 900.0),
        ("select * from orders where ($1::text is null or status = $1)", None),
        ("select * from orders where status = coalesce($1, status)", None),
        ("select * from orders where lower(status) = $1", None),
        (
            "select id from customers c where not exists "
            "(select from orders o where o.customer_id = c.id and o.status = $1)",
            None,
        ),
        ("select id from orders where status = $1 except select id from orders where customer_id = $2", None),
        (
            "select c.id from customers c left join orders o on o.customer_id = c.id and o.status = $1 "
            "where o.id is null",
            None,
        ),
        ("select $2 as mark, o.* from orders o where status = $1", 900.0),
    ],
)
def test_measured_rows_are_held_against_the_plan_where_values_cannot_explain_them(
    shop: Any, text: str, measured: float | None
) -> None:
    document = shop.node("Seq Scan", "orders", Filter="((orders.status = ?) AND (orders.customer_id = ?))")
    analysis = shop.analysis(shop.statement(text, calls=10, rows=9000), plans={"a" * 16: document})
    (found,) = facts("plan", analysis)
    assert (found.measured_rows, found.measured_q_error) == (measured, 90.0 if measured else None)


def test_a_domain_is_served_by_the_index_of_its_base_type(shop: Any) -> None:
    import msgspec

    analysis = shop.analysis(
        shop.statement("select 1"),
        plans={"a" * 16: shop.node("Seq Scan", "customers", Filter="((ref)::text = ?)")},
    )
    relation = analysis.snapshot.catalog.relations[0]
    columns = [msgspec.structs.replace(c, type="public.code") if c.name == "ref" else c for c in relation.columns]
    catalog = msgspec.structs.replace(
        analysis.snapshot.catalog,
        relations=(msgspec.structs.replace(relation, columns=tuple(columns)),),
        types=(UserType(schema="public", name="code", kind="d", base_type="text"),),
    )
    snapshot = msgspec.structs.replace(analysis.snapshot, catalog=catalog)
    (found,) = facts("plan_node", msgspec.structs.replace(analysis, snapshot=snapshot))
    assert found.cast_columns == ()


def test_an_incremental_sort_tells_the_space_of_its_largest_group(shop: Any) -> None:
    groups = {"Sort Space Disk": {"Average Sort Space Used": 1652, "Peak Sort Space Used": 3304}}
    document = shop.node("Incremental Sort", "orders", Actual_Rows=5, Actual_Loops=1)
    document["Pre-sorted Groups"] = groups
    found = node(shop, document)
    assert (found.sort_spilled, found.sort_space_bytes) == (True, 3304 * 1024)


@pytest.mark.parametrize(
    ("origin", "longest", "time", "blocks", "judged"),
    [
        ("pg_stats", 2.0, 80.0, 4000, ["typical"]),  # no call was ever near it
        ("pg_stats", None, 80.0, 4000, ["typical", "rare"]),
        ("pg_stats", 60.0, 80.0, 4000, ["typical", "rare"]),
        ("pg_stats", 2.0, 80.0, 90, ["typical", "rare"]),  # a cold cache takes long, and reads no more
        ("sample", 2.0, 80.0, 4000, ["typical", "rare"]),  # the application was seen to ask for it
    ],
)
def test_a_plan_of_guessed_values_that_no_call_was_near_is_not_judged(
    shop: Any, origin: str, longest: float | None, time: float, blocks: int, judged: list[str]
) -> None:
    document = shop.node("Seq Scan", "orders") | {"Actual Rows": 1, "Actual Loops": 1}
    asked = shop.statement("select 1", calls=60, shared_blks_hit=3000, max_exec_time_ms=longest)
    analysis = shop.analysis(asked, plans={"a" * 16: document})
    typical = analysis.plans["a" * 16].plans[0]
    rare = msgspec.structs.replace(
        typical, parameters=PlanParameters("rare", origin), execution_time_ms=time, blocks=blocks
    )
    plans = msgspec.structs.replace(analysis.plans["a" * 16], plans=(typical, rare))
    world = World(msgspec.structs.replace(analysis, plans={"a" * 16: plans}))
    assert [plan.parameters.name for plan in world.plans("a" * 16)] == judged
