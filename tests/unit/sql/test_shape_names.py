"""Joins, and which table a name is of."""

from support.shapes import CUSTOMERS, ITEMS, ORDERS, block, only, pairs, read

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.shape import (
    ColumnRef,
    JoinPair,
    Place,
    TableKind,
)


def test_join_pairs_come_from_on_using_and_where() -> None:
    found = block(
        "select 1 from orders o join customers c on c.id = o.customer_id left join items i on i.order_id = o.id"
    )
    assert pairs(found) == (
        JoinPair(left=ColumnRef("c", CUSTOMERS, "id"), right=ColumnRef("o", ORDERS, "customer_id")),
        JoinPair(left=ColumnRef("i", ITEMS, "order_id"), right=ColumnRef("o", ORDERS, "id"), outer=True),
    )
    assert [(table.alias, table.join, table.nullable) for table in found.tables] == [
        ("o", "from", False),
        ("c", "inner", False),
        ("i", "left", True),
    ]
    using = block("select id from orders join items using (id)")
    pair = JoinPair(left=ColumnRef("orders", ORDERS, "id"), right=ColumnRef("items", ITEMS, "id"))
    assert pairs(using) == (pair,)
    assert using.select[0].column == ColumnRef("orders", ORDERS, "id")
    assert pairs(block("select 1 from orders, items where orders.id = items.id")) == (pair,)


def test_the_other_side_of_a_right_join_is_nullable() -> None:
    found = block("select 1 from orders o right join items i on i.order_id = o.id")
    assert [(table.alias, table.nullable) for table in found.tables] == [("o", True), ("i", False)]


def test_conditions_of_a_join_name_its_table() -> None:
    found = only("select 1 from orders o join items i on i.order_id = o.id and i.qty > $1")
    assert (found.place, found.join, found.table) == (Place.JOIN_ON, 1, "i")


def test_an_unqualified_column_goes_to_the_one_table_that_has_it() -> None:
    found = block("select sku, id from orders, items where total > $1")
    assert found.select[0].column == ColumnRef("items", ITEMS, "sku")
    assert found.select[1].column is None
    assert found.unresolved == ("id",)
    assert found.predicates[0].column == ColumnRef("orders", ORDERS, "total")


def test_the_search_path_decides_which_relation_a_name_is() -> None:
    archive = RelationName("archive", "orders")
    assert read("select 1 from orders", ("archive", "public")).relations == (archive,)
    assert read("select 1 from orders", ("public", "archive")).relations == (ORDERS,)
    assert read("select archive.orders.id from archive.orders").relations == (archive,)


def test_an_unknown_relation_is_kept_by_name() -> None:
    (table,) = block("select a from nowhere.t x where b = $1").tables
    assert (table.alias, table.kind, table.relation) == ("x", TableKind.UNKNOWN, None)


def test_quoted_names_are_taken_as_they_are() -> None:
    found = only('select 1 from "Odd Name" where "Some Col" = $1')
    assert found.column == ColumnRef("Odd Name", RelationName("public", "Odd Name"), "Some Col")


def test_names_fold_to_lower_case() -> None:
    assert only("SELECT 1 FROM ORDERS O WHERE O.STATUS = $1").column == ColumnRef("o", ORDERS, "status")


def test_a_view_is_kept_by_name() -> None:
    found = only("select 1 from open_orders where status = $1")
    assert found.column == ColumnRef("open_orders", RelationName("public", "open_orders"), "status")


def test_columns_are_followed_through_subqueries_and_ctes() -> None:
    derived = ColumnRef("s", ORDERS, "status", derived=True)
    assert only("select 1 from (select id, status as st from orders) s where s.st = $1").column == derived
    assert only("with s as (select * from orders) select 1 from s where status = $1").column == derived
    assert only("with s(x, y) as (select id, status from orders) select 1 from s where y = $1").column == derived


def test_a_cte_hides_a_table_of_the_same_name() -> None:
    found = read("with orders as (select id as total from items) select 1 from orders where total = $1")
    assert found.blocks[0].predicates[0].column == ColumnRef("orders", ITEMS, "id", derived=True)
