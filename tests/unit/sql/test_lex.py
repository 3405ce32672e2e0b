import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.sql.lex import TokenKind, TruncatedText, lex, tokens

PIECES = st.sampled_from(
    [
        *("select", " ", "\n", "'a'", "''", "'", '"', '"x"', "$1", "$$", "$t$", "--", "/*", "*/", "e'\\'", "->>", "-"),
        *("1.5", "1..2", ";", "(", ")", "U&'", "@>", "::", "é", "\x00", "\\", "0x1F", ".", ",", "=", "E", "x"),
    ]
)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.value, token.text) for token in tokens(text)]


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40))
def test_tokens_joined_are_the_text_or_the_text_is_cut_off(text: str) -> None:
    try:
        found = lex(text)
    except TruncatedText as error:
        found = list(error.tokens)
        text = text[: error.position]
    assert "".join(token.text for token in found) == text
    assert all(text[token.start : token.end] == token.text for token in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,$2", [("parameter", "$1"), ("punctuation", ","), ("parameter", "$2")]),
        ("'it''s'", [("string", "'it''s'")]),
        (r"E'it\'s'", [("string", r"E'it\'s'")]),
        ("'a'\n 'b'", [("string", "'a'\n 'b'")]),
        ("$q$ it's $$ $q$", [("string", "$q$ it's $$ $q$")]),
        ("a$1", [("word", "a$1")]),
        ('U&"d\\0061t"', [("quoted", 'U&"d\\0061t"')]),
        ("1..10", [("number", "1"), ("punctuation", ".."), ("number", "10")]),
        ("1_000.5e-3 0x1F .5", [("number", "1_000.5e-3"), ("number", "0x1F"), ("number", ".5")]),
        ("a-- b\n-c", [("word", "a"), ("operator", "-"), ("word", "c")]),
        ("a*/* x /* y */ z */b", [("word", "a"), ("operator", "*"), ("word", "b")]),
        ("1*-2", [("number", "1"), ("operator", "*"), ("operator", "-"), ("number", "2")]),
        ("a @>-1", [("word", "a"), ("operator", "@>-"), ("number", "1")]),
        (
            "x::int[]",
            [*[("word", "x"), ("punctuation", "::"), ("word", "int")], ("punctuation", "["), ("punctuation", "]")],
        ),
    ],
)
def test_lexes_as_postgresql_does(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("select 'abc", 7),
        ("select 'abc''", 7),
        ('select "a', 7),
        ("/* /* */", 0),
        ("$a$ $b$", 0),
        ("E'a\\'", 0),
        ("'a'\n'b", 4),
    ],
)
def test_a_text_that_ends_within_a_token_is_cut_off(text: str, position: int) -> None:
    with pytest.raises(TruncatedText) as caught:
        tokens(text)
    assert caught.value.position == position


def test_a_cut_off_text_still_gives_what_came_before() -> None:
    with pytest.raises(TruncatedText) as caught:
        tokens("select a, 'secret")
    assert [token.text for token in caught.value.tokens] == ["select", " ", "a", ",", " "]
    assert "secret" not in str(caught.value)


def test_a_name_is_what_the_catalog_holds() -> None:
    assert [token.name for token in tokens('Orders "Or""ders" 5')] == ["orders", 'Or"ders', None]


def test_a_million_characters_take_less_than_five_seconds() -> None:
    text = "select " + ", ".join(str(number) for number in range(150_000))
    assert len(tokens(text)) == 300_000


def test_kinds_are_told_apart() -> None:
    assert [token.kind for token in tokens("a $1 'x' 1 = ,")] == [
        TokenKind.WORD,
        TokenKind.PARAMETER,
        TokenKind.STRING,
        TokenKind.NUMBER,
        TokenKind.OPERATOR,
        TokenKind.PUNCTUATION,
    ]


@pytest.mark.parametrize(
    ("text", "name"), [("Orders", "orders"), ("ÜBUNG", "Übung"), ("Товары", "Товары"), ('"Ü""b"', 'Ü"b')]
)
def test_only_ascii_is_folded(text: str, name: str) -> None:
    assert tokens(text)[0].name == name
