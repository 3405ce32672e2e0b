"""What a text names, from its tokens alone: functions it calls, operators, every identifier. Nothing is resolved."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from pgtune_cli.sql.keywords import RESERVED
from pgtune_cli.sql.lex import Token, TokenKind

MAX_NAME = 63
"""bytes; PostgreSQL cuts the rest off, and means another name then."""
OPERATOR_WORDS = {
    "like": ("~~", "!~~"),
    "ilike": ("~~*", "!~~*"),
    "between": (">=", "<=", "<", ">"),
    "in": ("=", "<>"),
    "distinct": ("=",),
    "nullif": ("=",),
    "using": ("=",),
    "natural": ("=",),
    "case": ("=",),
    "union": ("=",),
    "intersect": ("=",),
    "except": ("=",),
    "by": ("=", "<", ">"),
}
"""operators that a keyword stands for."""


class Call(msgspec.Struct, frozen=True):
    """A name in front of a parenthesis. `constant`: nothing in its arguments can be a column."""

    name: str
    constant: bool


class Named(msgspec.Struct, frozen=True):
    """All that a text names. `unreadable`: what an identifier stands for is not certain: U&"…", over 63 bytes."""

    calls: tuple[Call, ...]
    attributes: frozenset[str]
    """names behind a dot: `row.function` calls function(row)."""
    operators: frozenset[str]
    names: frozenset[str]
    selects: int
    """SELECT, VALUES and TABLE keywords: more than one, and a column may stand for a constant."""
    unreadable: bool


def named(found: Sequence[Token]) -> Named:
    """What significant tokens name."""
    spellings = [_spellings(token) for token in found if token.kind in (TokenKind.WORD, TokenKind.QUOTED)]
    words = {token.word for token in found}
    symbols = {token.text for token in found if token.kind is TokenKind.OPERATOR}
    return Named(
        calls=tuple(_calls(found)),
        attributes=frozenset(_attributes(found)),
        operators=frozenset(symbols | {symbol for word in words for symbol in OPERATOR_WORDS.get(word, ())}),
        names=frozenset(name for names in spellings for name in names),
        selects=sum(token.word in ("select", "values", "table") for token in found),
        unreadable=any(not names for names in spellings),
    )


def _spellings(token: Token) -> set[str]:
    """The names an identifier may stand for: how letters beyond ASCII are folded depends on the server's encoding."""
    name = token.name
    if name is None or len(name.encode()) > MAX_NAME:
        return set()
    if token.kind is TokenKind.QUOTED:
        return {name}
    return {name, "".join(letter.lower() if letter.isascii() else letter for letter in token.text)}


def _calls(found: Sequence[Token]) -> Iterator[Call]:
    for at, token in enumerate(found[:-1]):
        if found[at + 1].text == "(":
            for name in sorted(_spellings(token)):
                yield Call(name, _constant_arguments(found, at + 1))


def _constant_arguments(found: Sequence[Token], opening: int) -> bool:
    depth = 0
    for at in range(opening, len(found)):
        depth += (found[at].text == "(") - (found[at].text == ")")
        if depth == 0:
            return True
        if _may_be_column(found, at):
            return False
    return True


def _may_be_column(found: Sequence[Token], at: int) -> bool:
    token = found[at]
    if token.kind is TokenKind.QUOTED:
        return found[at - 1].text != "::"
    if token.kind is not TokenKind.WORD or token.word in RESERVED or found[at - 1].text == "::":
        return False
    return at + 1 >= len(found) or found[at + 1].text != "("


def _attributes(found: Sequence[Token]) -> Iterator[str]:
    for before, token in pairwise(found):
        if before.text == ".":
            yield from _spellings(token)
