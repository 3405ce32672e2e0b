import pytest

from pgtune_cli.sql.clauses import clauses

SPANS = [
    *("select", "select_list", "distinct", "from_", "where", "group_by", "having", "window", "order_by"),
    *("limit", "limit_value", "offset", "offset_value", "locking", "body"),
]


def texts(statement: str) -> dict[str, str]:
    found = clauses(statement)
    assert found is not None
    spans = {name: getattr(found, name) for name in SPANS}
    return {name: statement[span[0] : span[1]] for name, span in spans.items() if span is not None}


def test_every_clause_of_the_outermost_select_is_found() -> None:
    statement = (
        "with x as (select 1 from y order by 1 limit 3) SELECT DISTINCT ON (a) a, b -- c\nFROM t, (select 2 limit 9) u "
        "where a is distinct from 3 and b in (select 1 offset 4) group by a, b having b > 1 window w as (order by z) "
        "order by a desc /* end */ limit $1 offset $2 rows for update of t ; -- done"
    )
    found = texts(statement)
    body = found.pop("body")
    assert found == {
        "select": "SELECT DISTINCT ON (a) a, b",
        "distinct": "DISTINCT ON (a)",
        "select_list": "a, b",
        "from_": "FROM t, (select 2 limit 9) u",
        "where": "where a is distinct from 3 and b in (select 1 offset 4)",
        "group_by": "group by a, b",
        "having": "having b > 1",
        "window": "window w as (order by z)",
        "order_by": "order by a desc",
        "limit": "limit $1",
        "limit_value": "$1",
        "offset": "offset $2 rows",
        "offset_value": "$2",
        "locking": "for update of t",
    }
    assert body.startswith("SELECT DISTINCT")
    assert body.endswith("for update of t")


def test_offset_may_stand_before_limit() -> None:
    found = texts("select a from t order by b offset 20 limit 10")
    assert (found["offset"], found["limit"], found["order_by"]) == ("offset 20", "limit 10", "order by b")


def test_fetch_first_is_a_limit() -> None:
    found = texts("select a from t fetch first ($1 + 1) rows only")
    assert (found["limit"], found["limit_value"]) == ("fetch first ($1 + 1) rows only", "($1 + 1)")


def test_fetch_next_row_has_no_value() -> None:
    assert "limit_value" not in texts("select a from t fetch next row only")


@pytest.mark.parametrize("first", ["select a from t where x", "(select a from t where x order by a limit 3)"])
def test_behind_a_set_operation_only_the_tail_is_given(first: str) -> None:
    statement = f"{first} union all select b from u where y order by 1 limit 5 offset 10"
    assert texts(statement) == {
        "order_by": "order by 1",
        "limit": "limit 5",
        "limit_value": "5",
        "offset": "offset 10",
        "offset_value": "10",
        "body": statement,
    }
    found = clauses(statement)
    assert found is not None
    assert found.set_operation


def test_the_end_is_before_semicolon_space_and_comment() -> None:
    statement = "select 1 ; -- x"
    found = clauses(statement)
    assert found is not None
    assert found.end == len("select 1")


@pytest.mark.parametrize(
    "statement",
    [
        "update t set a = 1",
        "insert into t select 1",
        "select 'abc",
        "select (1",
        "select 1; select 2",
        "",
        "values (1)",
    ],
)
def test_anything_else_has_no_clauses(statement: str) -> None:
    assert clauses(statement) is None
