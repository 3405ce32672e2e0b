"""Facts that rules read from a statement's text: lists, joins, unions, writes."""

from typing import Any

import pytest

from pgtune_cli.lint.facts import subjects
from pgtune_cli.lint.text_results import longest_list
from pgtune_cli.lint.world import World
from pgtune_cli.model.snapshot import StatementRow, TableUsage, Workload


def facts(shop: Any, text: str, **more: Any) -> Any:
    world = World(shop.analysis(shop.statement(text, **more)))
    (found,) = [subject.facts for subject in subjects("statement", world)]
    assert world.skipped == []
    return found


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("select 1 from t where a in (1, 2, 3)", 3),
        ("select 1 from t where a = any (array[$1, $2]) and b in ($3)", 2),
        ("select 1 from t where a in (select 1 from u where b in (1, 2))", 2),
        ("insert into t values (1, 2), (3, 4), (5, 6)", 6),
        ("select f(1, 2, 3, 4)", 0),
        ("select 1 from t where a in (1, 2, '", 2),
    ],
)
def test_the_longest_list_is_counted_without_a_parser(text: str, length: int) -> None:
    assert longest_list(text) == length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select id from customers where id = $1 limit 1", True),
        ("select id from customers where note = $1 limit 1", False),
        ("select count(*) from customers", True),
        ("select id from customers where id = $1 or note = $2", False),
        ("select o.id from orders o join customers c on c.id = o.customer_id where o.id = $1", True),
        ("select o.id from orders o join customers c on c.id = o.customer_id where c.id = $1", False),
    ],
)
def test_one_row_is_told_by_unique_keys(shop: Any, text: str, expected: bool) -> None:
    assert facts(shop, text).one_row is expected


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select 1 from orders o join customers c on c.id = o.customer_id where o.status = $1 or c.note = $2",
         ("public.customers", "public.orders")),
        ("select 1 from orders o join customers c on c.id = o.customer_id where o.status = $1 or o.id = $2", ()),
        ("select 1 from orders o join customers c on c.id = o.customer_id where (o.status = $1 and c.note = $2) or "
         "(o.status = $3 and c.note = $4)", ()),
    ],
)  # fmt: skip
def test_an_or_across_tables_has_arms_without_a_table_in_common(shop: Any, text: str, tables: tuple[str, ...]) -> None:
    assert facts(shop, text).or_across_tables == tables


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select distinct c.id, c.email from customers c join orders o on o.customer_id = c.id", ("public.orders",)),
        ("select distinct o.status from orders o join customers c on c.id = o.customer_id", ()),
        ("select distinct c.id, o.status from customers c join orders o on o.customer_id = c.id", ()),
        ("select c.id from customers c join orders o on o.customer_id = c.id", ()),
    ],
)
def test_distinct_hides_copies_of_a_table_that_shows_nothing(shop: Any, text: str, tables: tuple[str, ...]) -> None:
    assert facts(shop, text).distinct_fan_out == tables


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select 1 from orders o, customers c where o.status = $1", ("public.orders", "public.customers")),
        ("select 1 from orders o, customers c where o.customer_id = c.id", ()),
        ("select 1 from orders o, customers c where o.placed_at > $1 and o.id < c.id", ()),
        ("select 1 from orders o, customers c where c.id = $1", ()),
        ("select 1 from orders o, lateral (select 1 from customers c where c.id = o.customer_id) x", ()),
        (
            "select 1 from orders o, customers c where exists "
            "(select 1 from tiny t where t.id = o.id and t.name = c.ref)",
            (),
        ),
    ],
)
def test_tables_that_nothing_joins(shop: Any, text: str, tables: tuple[str, ...]) -> None:
    assert facts(shop, text).cartesian_tables == tables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select id, 'a' as k from orders union select id, 'b' from customers", True),
        ("select id, 'a' as k from orders union select id, 'a' from customers", False),
        ("select id, $1 as k from orders union select id, $2 from customers", None),
        ("select status, 'a' as k from orders union select email, 'b' from customers", False),
        ("select id from orders union select id from customers", False),
        ("select id from orders", False),
    ],
)
def test_a_union_drops_nothing_where_constants_tell_the_arms_apart(shop: Any, text: str, expected: bool | None) -> None:
    assert facts(shop, text).union_drops_nothing is expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [("random()", True), ("pg_catalog.random()", True), ("id", False), ("md5(id::text)", False)],
)
def test_a_random_order(shop: Any, order: str, expected: bool) -> None:
    assert facts(shop, f"select id from orders order by {order} limit 3").random_order is expected


def test_rows_inserted_one_by_one_know_their_parent(shop: Any) -> None:
    child = shop.statement("insert into orders (id, customer_id) values ($1, $2)", "c" * 16, calls=5000, rows=5000)
    parent = shop.statement("insert into customers (id) values ($1)", "b" * 16, calls=500, rows=500)
    found = next(iter(subjects("statement", World(shop.analysis(child, parent))))).facts
    assert (found.inserts_per_parent, found.insert_parent) == (10.0, "public.customers")


def test_texts_of_one_statement_are_counted(shop: Any) -> None:
    rows = tuple(
        StatementRow(queryid=str(size), role="app", calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0,
                     query=f"select id from orders where id in ({', '.join(f'${n}' for n in range(1, size + 1))})")
        for size in range(1, 8)
    )  # fmt: skip
    workload = Workload(source="pg_stat_statements", rows=rows)
    one = shop.statement(rows[0].query, queryids=tuple(row.queryid for row in rows))
    found = next(iter(subjects("statement", World(shop.analysis(one, workload=workload))))).facts
    assert found.text_variants == 7


def test_an_update_of_an_indexed_column_is_held_against_hot_updates(shop: Any) -> None:
    usage = TableUsage(table=shop.name("orders"), n_tup_upd=1000, n_tup_hot_upd=950)
    one = shop.statement("update orders set placed_at = $1, status = $2 where id = $3", calls=900, rows=900)
    found = next(iter(subjects("statement", World(shop.analysis(one, tables=[usage]))))).facts
    assert (found.indexed_columns_set, found.share_of_updates, found.hot_fraction) == (("placed_at",), 0.9, 0.95)


def test_what_cannot_be_computed_is_unknown_and_told(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgtune_cli.lint.text_results.longest_list", lambda _text: 1 / 0)
    world = World(shop.analysis(shop.statement("select 1")))
    found = next(iter(subjects("statement", world))).facts
    assert found.longest_list is None
    assert [(item.what, "longest_list" in item.why) for item in world.skipped] == [("statement " + "a" * 16, True)]
