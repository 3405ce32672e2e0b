"""What a text names, from its tokens: nothing that could be a call is missed."""

import pytest

from pgtune_cli.explain.calls import Call, named
from pgtune_cli.explain.sent import statements_sent
from pgtune_cli.sql.lex import tokens


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("select f(1)", {Call("f", True)}),
        ("select public . f /* x */ ( a.b )", {Call("f", False)}),
        ('select "F"(g(now()))', {Call("F", True), Call("g", True), Call("now", True)}),
        ("select f(x::int + 1, 'y'::text)", {Call("f", False)}),
        ("select f('y'::text)", {Call("f", True)}),
        ("select É(1)", {Call("É", True), Call("é", True)}),
        ("select 'f(1)', a from t -- g(2)", set()),
    ],
)
def test_calls_and_whether_their_arguments_can_be_columns(text: str, calls: set[Call]) -> None:
    assert set(named(tokens(text)).calls) == calls


@pytest.mark.parametrize(
    ("text", "unreadable"),
    [('select U&"\\0066"()', True), ("select " + "x" * 64, True), ("select " + "x" * 63, False), ('select "a"', False)],
)
def test_a_name_that_is_not_certain_is_said_to_be_so(text: str, unreadable: bool) -> None:
    assert named(tokens(text)).unreadable is unreadable


def test_operators_include_those_that_keywords_stand_for() -> None:
    read = named(tokens("select a <<>> b from t where c like 'x' and d between 1 and 2 order by e"))
    assert {"<<>>", "~~", ">=", "<=", "<", "="} <= read.operators


def test_row_dot_function_is_seen() -> None:
    assert "of_row" in named(tokens("select c.of_row from customer c")).attributes


def test_every_statement_that_is_sent_carries_the_mark_or_is_plain_session_control() -> None:
    unmarked = [name for name, text in statements_sent() if "/* pgtune */" not in text]
    assert unmarked == ["forget"]
