import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.lex import TokenKind, tokens
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal

NAMES = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(NAMES)
def test_a_quoted_name_is_one_token_that_stands_for_the_name(name: str) -> None:
    found = tokens(quote_identifier(name))
    assert [token.name for token in found] == [name]


@given(NAMES)
def test_a_quoted_value_is_one_string_that_stands_for_the_value(value: str) -> None:
    found = tokens(quote_literal(value))
    assert [token.kind for token in found] == [TokenKind.STRING]
    inside = found[0].text.removeprefix("E")[1:-1].replace("''", "'")
    assert (inside.replace("\\\\", "\\") if found[0].text[0] == "E" else inside) == value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", "orders"),
        ("Orders", '"Orders"'),
        ("order", '"order"'),
        ('a"b', '"a""b"'),
        ("a b", '"a b"'),
        ("été", '"été"'),
    ],
)
def test_only_names_that_need_quotes_get_them(name: str, expected: str) -> None:
    assert quote_identifier(name) == expected


def test_null_and_backslashes_are_kept() -> None:
    assert [quote_literal(None), quote_literal("a\\b"), quote_literal("it's")] == ["NULL", "E'a\\\\b'", "'it''s'"]


def test_a_relation_is_quoted_part_by_part() -> None:
    assert qualified(RelationName("My Schema", "t")) == '"My Schema".t'
