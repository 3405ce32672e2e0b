"""Parameters and the places they are used in; statements that write."""

from support.shapes import CUSTOMERS, ITEMS, ORDERS, pairs, read

from pgtune_cli.sql.shape import (
    ColumnRef,
    JoinPair,
    ParameterUse,
    PredicateKind,
    StatementKind,
    Use,
)


def uses(text: str) -> list[tuple[int, str, str | None, str | None, str | None]]:
    return [
        (use.number, use.use.value, use.column.column if use.column else None, use.operator, use.type)
        for use in read(text).parameters
    ]


def test_every_parameter_has_its_use() -> None:
    text = (
        "select $1, case when o.status = $2 then 1 end from orders o where o.total > $3::numeric "
        "and lower(o.status) = $4 and o.created_at > now() - interval $5 and o.payload ->> $6 = $7 "
        "and o.id in ($8,$9) limit $10 offset $11"
    )
    found = uses(text)
    assert [use[:4] for use in found] == [
        (1, "select", None, None),
        (2, "predicate", "status", "="),
        (3, "predicate", "total", ">"),
        (4, "predicate", "status", "="),
        (5, "derived", "created_at", ">"),
        (6, "derived", "payload", "->>"),
        (7, "predicate", "payload", "="),
        (8, "predicate", "id", "IN"),
        (9, "predicate", "id", "IN"),
        (10, "limit", None, None),
        (11, "offset", None, None),
    ]
    assert [use[4] for use in found if use[4]] == ["numeric", "interval"]


def test_elements_of_a_list_and_sides_of_between_have_places() -> None:
    found = read("select 1 from orders where id in ($1,$2) and total between $3 and $4").parameters
    assert [use.place for use in found] == [0, 1, 0, 1]


def test_a_parameter_used_twice_has_two_uses() -> None:
    found = read("select 1 from orders where id = $1 or customer_id = $1").parameters
    assert [use.column and use.column.column for use in found] == ["id", "customer_id"]


def test_insert_assigns_by_position() -> None:
    found = read(
        "insert into orders (id, status) values ($1,$2),($3,$4) on conflict (id) do update set total = $5 "
        "where orders.status = $6 returning id"
    )
    assert (found.kind, found.target, found.returning) == (StatementKind.INSERT, ORDERS, True)
    assert (found.assigned, found.conflict_columns) == (("id", "status", "total"), ("id",))
    assert [(use.use.value, use.column and use.column.column) for use in found.parameters] == [
        ("assign", "id"),
        ("assign", "status"),
        ("assign", "id"),
        ("assign", "status"),
        ("assign", "total"),
        ("predicate", "status"),
    ]


def test_insert_without_a_list_assigns_the_columns_of_the_table() -> None:
    assert uses("insert into items select $1, id, $2 from orders where status = $3") == [
        (1, "assign", "id", None, None),
        (2, "assign", "sku", None, None),
        (3, "predicate", "status", "=", None),
    ]


def test_update_from_is_walked() -> None:
    found = read(
        "update orders o set (status, total) = ($1, total + $2) from customers c "
        "where c.id = o.customer_id and c.email = $3"
    )
    assert (found.kind, found.target, found.assigned) == (StatementKind.UPDATE, ORDERS, ("status", "total"))
    (outer,) = found.blocks
    assert [(table.alias, table.join) for table in outer.tables] == [("o", "target"), ("c", "from")]
    assert pairs(outer) == (
        JoinPair(left=ColumnRef("c", CUSTOMERS, "id"), right=ColumnRef("o", ORDERS, "customer_id")),
    )
    assert [use.use for use in found.parameters] == [Use.ASSIGN, Use.ASSIGN, Use.PREDICATE]


def test_delete_using_is_walked() -> None:
    found = read("delete from items using orders where orders.id = items.order_id and orders.status = $1")
    assert (found.kind, found.target) == (StatementKind.DELETE, ITEMS)
    assert found.blocks[0].predicates[0].column == ColumnRef("orders", ORDERS, "status")
    assert len(found.blocks[0].joins) == 1


def test_merge_is_walked() -> None:
    found = read(
        "merge into orders t using items s on t.id = s.order_id "
        "when matched and t.total > $1 then update set status = $2 "
        "when not matched then insert (id, status) values (s.id, $3)"
    )
    assert (found.kind, found.target, found.assigned) == (StatementKind.MERGE, ORDERS, ("status", "id"))
    assert [(use.use.value, use.column and use.column.column) for use in found.parameters] == [
        ("predicate", "total"),
        ("assign", "status"),
        ("assign", "status"),
    ]
    assert len(found.blocks[0].joins) == 1


def test_a_write_within_a_cte_is_told() -> None:
    found = read("with gone as (delete from items where qty = $1 returning id) select count(*) from gone")
    assert found.writes_in_cte
    assert found.parameters[0] == ParameterUse(
        number=1,
        use=Use.PREDICATE,
        column=ColumnRef("items", ITEMS, "qty"),
        kind=PredicateKind.EQ,
        operator="=",
    )
