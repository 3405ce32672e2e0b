"""What a text names, from its tokens alone: functions it calls, operators, every identifier. Nothing is resolved."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec

from pgtune_cli.explain.variable import Argument, argument
from pgtune_cli.sql.lex import Token, TokenKind

MAX_NAME = 63
"""bytes; PostgreSQL cuts the rest off, and means another name then."""
OPENING, CLOSING = {"(", "["}, {")", "]"}
FROM = {"from", "using"}
BEHIND_FROM = {"where", "group", "having", "window", "order", "limit", "offset", "fetch", "set", "when"}
OPERATOR_WORDS = {
    "like": ("~~", "!~~"),
    "ilike": ("~~*", "!~~*"),
    "similar": ("~", "!~"),
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
SPELLINGS = {"!=": "<>"}


class Call(msgspec.Struct, frozen=True):
    """A name in front of a parenthesis. `constant`: none of its arguments is sure to depend on a column.

    `through`: functions between such a column and the call, which must do what they are given for it to be true.
    """

    name: str
    constant: bool
    through: frozenset[str] = frozenset()


class Named(msgspec.Struct, frozen=True):
    """All that a text names. `unreadable`: what an identifier stands for is not certain: U&"…", over 63 bytes."""

    calls: tuple[Call, ...]
    attributes: frozenset[str]
    """names behind the dot of a name: `row.function` calls function(row)."""
    applied: frozenset[str]
    """names behind the dot of an expression: `(1).function` calls function(1), whatever its type."""
    operators: frozenset[str]
    names: frozenset[str]
    selects: int
    """SELECT, VALUES and TABLE keywords: more than one, and a column may stand for a constant."""
    reads_function: bool
    """there may be a function in FROM: its result may be a constant by the name of a column."""
    makes_values: bool
    """strings, casts, calls and joins: where there are any, planning may read or compare values of any type."""
    unreadable: bool


def named(found: Sequence[Token]) -> Named:
    """What significant tokens name."""
    spellings = [_spellings(token) for token in found if token.kind in (TokenKind.WORD, TokenKind.QUOTED)]
    words = {token.word for token in found}
    symbols = {SPELLINGS.get(token.text, token.text) for token in found if token.kind is TokenKind.OPERATOR}
    return Named(
        calls=tuple(_calls(found)),
        attributes=frozenset(_behind_dots(found, applied=False)),
        applied=frozenset(_behind_dots(found, applied=True)),
        operators=frozenset(symbols | {symbol for word in words for symbol in OPERATOR_WORDS.get(word, ())}),
        names=frozenset(name for names in spellings for name in names),
        selects=sum(token.word in ("select", "values", "table") for token in found),
        reads_function=_reads_function(found),
        makes_values=_makes_values(found),
        unreadable=any(not names for names in spellings),
    )


def _spellings(token: Token) -> set[str]:
    """The names an identifier may stand for: how letters beyond ASCII are folded depends on the server's encoding."""
    name = token.name
    if name is None or len(name.encode()) > MAX_NAME:
        return set()
    if token.kind is TokenKind.QUOTED:
        return {name}
    return {name, token.text.lower()}


def _calls(found: Sequence[Token]) -> Iterator[Call]:
    for at, token in enumerate(found[:-1]):
        if found[at + 1].text == "(":
            varying = next((one for one in _arguments(found, at + 1) if one.varies), None)
            through = varying.through if varying is not None else frozenset()
            for name in sorted(_spellings(token)):
                yield Call(name, varying is None, through)


def _arguments(found: Sequence[Token], opening: int) -> Iterator[Argument]:
    depth, start = 0, opening + 1
    for at in range(opening, len(found)):
        depth += (found[at].text in OPENING) - (found[at].text in CLOSING)
        if depth == 0 or (depth == 1 and found[at].text == ","):
            yield argument(found[start:at])
            start = at + 1
        if depth == 0:
            return


def _reads_function(found: Sequence[Token]) -> bool:
    """A call where a table may stand: between FROM (or USING) and WHERE, at the start of an item."""
    inside = False
    for at, token in enumerate(found[:-1]):
        inside = token.word in FROM or (inside and token.word not in BEHIND_FROM)
        if inside and token.kind in (TokenKind.WORD, TokenKind.QUOTED) and found[at + 1].text == "(":
            begin = at
            while found[begin - 1].text == ".":
                begin -= 2
            if found[begin - 1].word in {*FROM, "join", "lateral"} or found[begin - 1].text in {",", "("}:
                return True
    return False


def _makes_values(found: Sequence[Token]) -> bool:
    inside = False
    for token, behind in zip_longest(found, found[1:]):
        inside = token.word in FROM or (inside and token.word not in BEHIND_FROM)
        if token.kind is TokenKind.STRING or token.text == "::" or token.word in ("cast", "row"):
            return True
        if token.kind in (TokenKind.WORD, TokenKind.QUOTED) and behind is not None and behind.text == "(":
            return True
        if inside and (token.text == "," or token.word in ("join", "using")):
            return True
    return False


def _behind_dots(found: Sequence[Token], *, applied: bool) -> Iterator[str]:
    for owner, dot, token in zip(found, found[1:], found[2:], strict=False):
        if dot.text == "." and applied is not (owner.kind in (TokenKind.WORD, TokenKind.QUOTED)):
            yield from _spellings(token)
