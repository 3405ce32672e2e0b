"""Blocks of a statement: their roles, clauses and limits."""

import pytest
from support.shapes import CATALOG, CUSTOMERS, ITEMS, ORDERS, block, pairs, read

from pgtune_cli.sql.shape import (
    Aggregate,
    Bound,
    ColumnRef,
    CountCheck,
    JoinPair,
    PredicateKind,
    Role,
    Use,
    shape,
)


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
