import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import index_name
from pgtune_cli.sql.lex import tokens
from pgtune_cli.sql.printable import is_printable, printable
from pgtune_cli.sql.quote import quote_identifier, quote_literal

NAMES = st.text(
    st.one_of(
        st.characters(exclude_characters="\x00", exclude_categories=["Cs"]),
        st.sampled_from("\t\r\n\x1b\x85\u202e\"'\\"),
    ),
    min_size=1,
    max_size=20,
)


def unescaped(text: str) -> str:
    """A U&"…" identifier by the manual's rules."""
    inner = text.removeprefix('U&"').removesuffix('"').replace('""', '"')
    return re.sub(r"\\([0-9A-F]{4})|\\\\", lambda m: chr(int(m[1], 16)) if m[1] else "\\", inner)


def string_value(text: str) -> str:
    """A string constant by the manual's rules."""
    inner = text.removeprefix("E")[1:-1].replace("''", "'")
    if not text.startswith("E"):
        return inner
    letters = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
    return re.sub(r"\\(?:u([0-9a-f]{4})|(.))", lambda m: chr(int(m[1], 16)) if m[1] else letters[m[2]], inner)


@given(NAMES)
def test_a_printed_name_is_printable_and_stands_for_the_name(name: str) -> None:
    text = printable(quote_identifier(name))
    (token,) = tokens(text)
    assert all(map(is_printable, text))
    assert (unescaped(text) if text.startswith("U&") else token.name) == name


@given(NAMES)
def test_a_printed_string_is_one_printable_string(value: str) -> None:
    text = printable(quote_literal(value))
    assert all(map(is_printable, text))
    assert len(tokens(text)) == 1
    assert string_value(text) == value


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('DROP INDEX s."a\rb"', 'DROP INDEX s.U&"a\\000Db"'),
        ('SELECT "a\t""\\b"', 'SELECT U&"a\\0009""\\\\b"'),
        ("SELECT to_regclass('\"a\rb\"')", "SELECT to_regclass(E'\"a\\rb\"')"),
        ("SELECT E'\\\\\x1b\\\n'", "SELECT E'\\\\\\u001b\\n'"),
        ("SELECT 'a'\n'b'", "SELECT 'a'\n'b'"),
        ("SELECT 1 -- a\tb\n", "SELECT 1 -- a\tb\n"),
        ('SELECT "a\r', 'SELECT "a\r'),
    ],
)
def test_names_and_strings_are_escaped_and_all_else_stays(sql: str, expected: str) -> None:
    assert printable(sql) == expected


def test_the_name_of_an_index_is_printable() -> None:
    candidate = CandidateIndex(table=RelationName("public", "a\tb"), keys=(IndexKey(column="c\r\u202ed"),))
    assert index_name(candidate, set()) == "a_b_c__d_idx"
