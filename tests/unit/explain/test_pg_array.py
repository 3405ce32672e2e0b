"""Arrays in PostgreSQL's text form, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.explain.pg_array import array_literal, parse_array


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("{}", []),
        ("{1,2,3}", ["1", "2", "3"]),
        ('{a,"b c","d\\"e","f\\\\g",""}', ["a", "b c", 'd"e', "f\\g", ""]),
        ('{NULL,"NULL",null}', [None, "NULL", None]),
        ('{"{1,2}","{3}"}', ["{1,2}", "{3}"]),
        ("{{1,2},{3,4}}", ["{1,2}", "{3,4}"]),
        ("[0:1]={a,b}", ["a", "b"]),
        ('{"[2024-01-01,2024-02-01)",empty}', ["[2024-01-01,2024-02-01)", "empty"]),
        ("no array", None),
        ("", None),
        (None, None),
    ],
)
def test_the_text_of_pg_stats_is_read(text: str | None, elements: list[str | None] | None) -> None:
    assert parse_array(text) == elements


@given(st.lists(st.text()))
def test_what_is_written_is_read_back(elements: list[str]) -> None:
    assert parse_array(array_literal(elements)) == elements


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    parse_array(text)
    parse_array("{" + text + "}")
