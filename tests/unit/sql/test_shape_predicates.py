"""Conditions: what is compared with what, whatever way round and however deep it is written."""

import pytest
from support.shapes import ORDERS, block, only

from pgtune_cli.sql.shape import (
    ColumnRef,
    Predicate,
)


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
