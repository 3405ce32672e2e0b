import msgspec
import pytest

from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind, RelationName
from pgtune_cli.sql.shape import (
    Aggregate,
    Block,
    Bound,
    ColumnRef,
    CountCheck,
    JoinPair,
    ParameterUse,
    Place,
    Predicate,
    PredicateKind,
    Role,
    Shape,
    StatementKind,
    TableKind,
    Use,
    shape,
)


def relation(name: str, columns: str, schema: str = "public", kind: RelationKind = RelationKind.TABLE) -> Relation:
    found = tuple(
        Column(attnum=number, name=column, type="text", not_null=False)
        for number, column in enumerate(columns.split(","), start=1)
    )
    return Relation(oid=1, schema=schema, name=name, kind=kind, columns=found)


CATALOG = Catalog(
    relations=(
        relation("customers", "id,email,name,created_at,tags"),
        relation("orders", "id,customer_id,status,total,created_at,payload"),
        relation("items", "id,order_id,sku,qty"),
        relation("Odd Name", "Id,Some Col"),
        relation("orders", "id,old_status", schema="archive"),
        relation("open_orders", "id,status", kind=RelationKind.VIEW),
    )
)
ORDERS = RelationName("public", "orders")
CUSTOMERS = RelationName("public", "customers")
ITEMS = RelationName("public", "items")


def read(text: str, search_path: tuple[str, ...] = ("public",)) -> Shape:
    found = shape(text, CATALOG, search_path)
    assert found is not None
    return found


def only(text: str) -> Predicate:
    """The one predicate of the outermost block."""
    (predicate,) = read(text).blocks[0].predicates
    return predicate


def block(text: str) -> Block:
    return read(text).blocks[0]


def pairs(found: Block) -> tuple[JoinPair, ...]:
    """The joins without the places where they stand."""
    return tuple(msgspec.structs.replace(pair, join=None, span=None) for pair in found.joins)


def where(condition: str) -> Predicate:
    return only(f"select 1 from orders o where {condition}")


@pytest.mark.parametrize(
    ("condition", "kind", "operator", "column"),
    [
        ("o.status = $1", "eq", "=", "status"),
        ("$1 = o.status", "eq", "=", "status"),
        ("$1 < total", "range", ">", "total"),
        ("total >= $1", "range", ">=", "total"),
        ("not total >= $1", "range", "<", "total"),
        ("status <> $1", "not_eq", "<>", "status"),
        ("not status = $1", "not_eq", "<>", "status"),
        ("status is not distinct from $1", "eq", "IS NOT DISTINCT FROM", "status"),
        ("status in ($1,$2)", "in", "IN", "status"),
        ("status not in ($1,$2)", "not_in", "NOT IN", "status"),
        ("status = any($1)", "in", "IN", "status"),
        ("status = any(array[$1,$2])", "in", "IN", "status"),
        ("status <> all($1)", "not_in", "NOT IN", "status"),
        ("status like $1", "like", "~~", "status"),
        ("status ilike $1", "ilike", "~~*", "status"),
        ("status ~ $1", "regex", "~", "status"),
        ("$1 like status", "other", "~~", "status"),
        ("status is null", "is_null", "IS NULL", "status"),
        ("status is not null", "is_not_null", "IS NOT NULL", "status"),
        ("not status is null", "is_not_null", "IS NOT NULL", "status"),
        ("payload @> $1", "contains", "@>", "payload"),
        ("$1 <@ payload", "contains", "@>", "payload"),
        ("payload ? $1", "exists_key", "?", "payload"),
        ("payload && $1", "overlap", "&&", "payload"),
        ("payload @@ $1", "text_search", "@@", "payload"),
        ("status % $1", "similar", "%", "status"),
        ("$1 = any(payload)", "other", "= ANY", "payload"),
        ("o.status", "bool", "", "status"),
        ("status is true", "bool", "IS TRUE", "status"),
    ],
)
def test_a_condition_has_the_column_on_the_left(condition: str, kind: str, operator: str, column: str) -> None:
    found = where(condition)
    assert (found.kind.value, found.operator, found.column) == (kind, operator, ColumnRef("o", ORDERS, column))
    assert not found.under_not
    assert not found.under_or


@pytest.mark.parametrize(
    "condition", ["status not like $1", "not status like $1", "status !~~ $1", "not (status ~ $1)"]
)
def test_a_negated_pattern_says_so(condition: str) -> None:
    assert where(condition).under_not


def test_between_is_two_ranges() -> None:
    found = block("select 1 from orders where total between $1 and $2").predicates
    assert [(each.operator, each.operand.parameters) for each in found] == [(">=", (1,)), ("<=", (2,))]


@pytest.mark.parametrize(
    ("condition", "expression", "index_expression", "function"),
    [
        ("lower(o.status) = $1", "lower(o.status)", "lower(status)", "lower"),
        ("o.payload ->> 'kind' = $1", "o.payload ->> 'kind'", "payload ->> 'kind'", "->>"),
        ("o.payload ->> $1 = $2", "o.payload ->> $1", None, "->>"),
        (
            "date_trunc('day', created_at) = $1",
            "date_trunc('day', created_at)",
            "date_trunc('day', created_at)",
            "date_trunc",
        ),
        (
            "date_part('year', created_at) = 5",
            "date_part('year', created_at)",
            "date_part('year', created_at)",
            "date_part",
        ),
        (
            "(created_at at time zone 'utc') > $1",
            "(created_at at time zone 'utc')",
            "(created_at at time zone 'utc')",
            None,
        ),
        ("total * 2 > $1", "total * 2", "total * 2", "*"),
        ("coalesce(total, $1) > 5", "coalesce(total, $1)", None, "coalesce"),
    ],
)
def test_an_expression_keeps_its_text(
    condition: str, expression: str, index_expression: str | None, function: str | None
) -> None:
    found = where(condition)
    assert (found.column, found.expression) == (None, expression)
    assert (found.index_expression, found.function) == (index_expression, function)


def test_a_cast_of_the_column_is_told() -> None:
    found = where("o.id::text = $1")
    assert (found.column, found.cast, found.expression) == (ColumnRef("o", ORDERS, "id"), "text", "o.id::text")


def test_a_cast_of_the_other_side_is_told() -> None:
    found = where("o.id = $1::numeric(10, 2)")
    assert (found.cast, found.operand.cast, found.operand.plain) == (None, "numeric(10, 2)", True)


def test_constants_and_parameters_of_the_other_side_are_told_apart() -> None:
    found = where("status in ('a', $3, -5)").operand
    assert (found.literals, found.parameters, found.size, found.plain) == (("a", "5"), (3,), 3, True)


def test_the_size_of_a_squashed_list_is_unknown() -> None:
    assert where("status in ($1 /*, ... */)").operand.size is None
    assert where("status = any($1)").operand.size is None


def test_or_and_not_are_told() -> None:
    found = block(
        "select 1 from orders where id = 1 and (status = $1 or total > $2 and id < 9) and not (id = 5 or id = 6)"
    )
    assert [(each.operator, each.under_or, each.or_group, each.or_branch) for each in found.predicates] == [
        ("=", False, None, None),
        ("=", True, 0, 0),
        (">", True, 0, 1),
        ("<", True, 0, 1),
        ("<>", False, None, None),
        ("<>", False, None, None),
    ]


def test_a_row_comparison_is_taken_apart() -> None:
    found = block("select 1 from orders where (created_at, id) < ($1, $2)").predicates
    assert [(each.column and each.column.column, each.operator, each.row_position) for each in found] == [
        ("created_at", "<", 0),
        ("id", "<", 1),
    ]


def test_row_lists_are_taken_apart() -> None:
    found = block("select 1 from orders where (status, id) in (($1, $2), ($3, $4))").predicates
    assert [(each.column and each.column.column, each.operand.parameters) for each in found] == [
        ("status", (1, 3)),
        ("id", (2, 4)),
    ]


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


def test_subqueries_are_blocks_with_roles() -> None:
    found = read(
        "select 1 from customers c where id in (select customer_id from orders) "
        "and name not in (select sku from items) and exists (select 1 from orders o where o.customer_id = c.id) "
        "and not exists (select 1 from items) "
        "and created_at > (select max(created_at) from orders)"
    )
    assert [each.role for each in found.blocks] == [
        Role.OUTERMOST,
        Role.IN,
        Role.NOT_IN,
        Role.EXISTS,
        Role.NOT_EXISTS,
        Role.SCALAR,
    ]
    assert [each.parent for each in found.blocks] == [None, 0, 0, 0, 0, 0]
    assert [each.correlated for each in found.blocks] == [False, False, False, True, False, False]
    not_in = found.blocks[0].predicates[1]
    assert (not_in.kind, not_in.operand.subquery) == (PredicateKind.NOT_IN, 2)
    assert found.blocks[2].select[0].column == ColumnRef("items", ITEMS, "sku")
    assert pairs(found.blocks[0]) == (
        JoinPair(left=ColumnRef("c", CUSTOMERS, "id"), right=ColumnRef("orders", ORDERS, "customer_id"), semi=True),
    )
    assert pairs(found.blocks[3]) == (
        JoinPair(
            left=ColumnRef("o", ORDERS, "customer_id"),
            right=ColumnRef("c", CUSTOMERS, "id", outer=True),
            correlated=True,
        ),
    )


def test_sort_keys_resolve_ordinals_aliases_and_directions() -> None:
    found = block(
        "select id, lower(status) as s, total from orders "
        "order by 2 desc, created_at, total nulls first, s, $1, random()"
    )
    keys = [
        (key.column and key.column.column, key.expression, key.descending, key.nulls_first) for key in found.order_by
    ]
    assert keys == [
        (None, "lower(status)", True, True),
        ("created_at", None, False, False),
        ("total", None, False, True),
        (None, "lower(status)", False, False),
        (None, "$1", False, False),
        (None, "random()", False, False),
    ]
    assert [key.constant for key in found.order_by] == [False, False, False, False, True, False]
    assert [key.nulls_written for key in found.order_by] == [False, False, True, False, False, False]


def test_group_by_prefers_a_column_to_an_alias() -> None:
    found = block("select lower(status) as total, date_trunc('day', created_at) as d from orders group by total, d")
    assert [(key.column and key.column.column, key.expression) for key in found.group_by] == [
        ("total", None),
        (None, "date_trunc('day', created_at)"),
    ]


def test_limit_and_offset_are_told() -> None:
    found = block("select 1 from orders limit $1 offset 40")
    assert (found.limit, found.offset) == (Bound(parameter=1), Bound(value=40))
    assert block("select 1 from orders limit all").limit is None
    assert block("select 1 from orders limit $1 + 1").limit == Bound()
    assert block("select 1 from orders order by 1 fetch first 5 rows with ties").limit == Bound(value=5, with_ties=True)


def test_aggregates_windows_and_stars_are_told() -> None:
    found = block(
        "select count(*), count(distinct o.id), sum(total) over (partition by status order by id) from orders o"
    )
    assert found.aggregates == (
        Aggregate(name="count", star=True),
        Aggregate(name="count", distinct=True, column=ColumnRef("o", ORDERS, "id")),
    )
    assert found.windows
    assert [key.column for key in found.partition_by] == [ColumnRef("o", ORDERS, "status")]
    assert not found.aggregates_only
    assert block("select count(*), max(id) from orders").aggregates_only
    stars = block("select *, o.* from orders o").select
    assert [(item.star, item.star_of) for item in stars] == [(True, None), (True, "o")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select (select count(*) from orders) > $1", CountCheck(block=1, operator=">", parameter=1)),
        ("select 1 from items where 0 < (select count(id) from orders)", CountCheck(block=1, operator=">", value="0")),
        ("select count(*) > 0 from orders", CountCheck(block=0, operator=">", value="0")),
        ("select 1 from orders group by status having count(*) >= $1", CountCheck(block=0, operator=">=", parameter=1)),
    ],
)
def test_a_count_that_is_compared_is_told(text: str, expected: CountCheck) -> None:
    assert read(text).count_checks == (expected,)


def test_set_operations_are_arms_with_a_common_tail() -> None:
    found = read("select id from orders union all select id from items union select 5 order by 1 limit $1 offset $2")
    assert [(each.role, each.set_operation) for each in found.blocks] == [
        (Role.OUTERMOST, "union all"),
        (Role.SET_ARM, "union all"),
        (Role.SET_ARM, "union"),
    ]
    assert (found.set_operations, found.set_limit) == (("union all", "union"), Bound(parameter=1))
    assert found.set_offset == Bound(parameter=2)
    assert [use.use for use in found.parameters] == [Use.LIMIT, Use.OFFSET]


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
    found = read("select 1 from orders where id = $1 or customer_id = $1").uses(1)
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


def test_locking_distinct_and_functions_are_told() -> None:
    found = block(
        "select distinct on (status) status, lower(payload) from orders where f.g(id) = 1 for update skip locked"
    )
    assert (found.locking, found.distinct) == (True, True)
    assert [key.column and key.column.column for key in found.distinct_on] == ["status"]
    assert found.functions == ("lower", "f.g")


@pytest.mark.parametrize("text", ["vacuum orders", "select 'cut off", "create table t (a int)", "nonsense", ""])
def test_what_is_no_statement_has_no_shape(text: str) -> None:
    assert shape(text, CATALOG) is None


def test_spans_point_into_the_original_text() -> None:
    text = "select 1 from orders where date_trunc('day',created_at) > date $1 and id in ($2,$3) order by  total  desc"
    found = block(text)
    spans = [*(each.span for each in found.predicates), *(key.span for key in found.order_by)]
    assert [text[span[0] : span[1]] for span in spans if span is not None] == [
        "date_trunc('day',created_at) > date $1",
        "id in ($2,$3)",
        "total  desc",
    ]


def test_every_parameter_of_a_very_long_list_has_its_use() -> None:
    listed = ",".join(f"${number}" for number in range(1, 1001))
    found = read(f"select 1 from orders where id in ({listed}) and status = $1001")
    assert [use.number for use in found.parameters] == list(range(1, 1002))
    column = ColumnRef("orders", ORDERS, "id")
    assert {(use.column, use.kind) for use in found.parameters[:1000]} == {(column, PredicateKind.IN)}
    assert [use.place for use in found.parameters[:999]] == list(range(999))
    assert found.blocks[0].predicates[0].operand.size is None


def test_thousands_of_conditions_take_seconds_at_most() -> None:
    found = read("select 1 from orders where " + " or ".join(f"id = {number}" for number in range(3_000)))
    assert len(found.blocks[0].predicates) == 3_000
