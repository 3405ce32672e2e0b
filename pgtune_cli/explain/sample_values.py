"""The values of a statement's parameters, read from a text of it that still has its literals."""

import re
from collections.abc import Sequence

from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens

PLAIN_STRING = re.compile(r"(?P<prefix>[eEnN]?)'(?P<body>(?:[^']|'')*)'")
CONSTANT_WORDS: dict[str, str | None] = {"true": "true", "false": "false", "null": None}


class _Mismatch(Exception):
    """The two texts are not the same statement, or a literal is written in a way that is not read here."""


def sample_values(text: str, sample: str, count: int) -> tuple[str | None, ...] | None:
    """The literals that stand in `sample` where `text` has $1 … $count; None where they cannot be laid side by side."""
    try:
        found = _aligned(_plain(text), _plain(sample))
    except (TruncatedText, _Mismatch):
        return None
    numbers = range(1, count + 1)
    return tuple(found[number] for number in numbers) if all(number in found for number in numbers) else None


def _plain(text: str) -> list[Token]:
    return [token for token in tokens(text) if token.text != ";"]


def _aligned(wanted: Sequence[Token], given: Sequence[Token]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    at = 0
    for token in wanted:
        if token.number is not None:
            value, at = _constant(given, at)
            found.setdefault(token.number, value)
            continue
        if token.text == ")" and found:
            at = _rest_of_list(given, at)
        if at >= len(given) or not _same(token, given[at]):
            raise _Mismatch
        at += 1
    if at != len(given):
        raise _Mismatch
    return found


def _rest_of_list(given: Sequence[Token], at: int) -> int:
    """Since 18 pg_stat_statements keeps one element of a list: skip the others."""
    while at < len(given) and given[at].text == ",":
        at = _constant(given, at + 1)[1]
    return at


def _same(one: Token, other: Token) -> bool:
    return one.text == other.text or (one.name is not None and one.name == other.name)


def _constant(given: Sequence[Token], at: int) -> tuple[str | None, int]:
    """The constant that starts there and the index behind it; pg_stat_statements takes a minus as part of it."""
    if at + 1 < len(given) and given[at].text == "-" and given[at + 1].kind is TokenKind.NUMBER:
        return f"-{given[at + 1].text}", at + 2
    if at >= len(given):
        raise _Mismatch
    token = given[at]
    if token.word in CONSTANT_WORDS:
        return CONSTANT_WORDS[token.word], at + 1
    if token.kind is TokenKind.NUMBER:
        return token.text, at + 1
    if token.kind is TokenKind.STRING:
        return _string(token.text), at + 1
    raise _Mismatch


def _string(text: str) -> str:
    """The value of '…' and $$…$$, of E'…' without escapes; not of a string that goes on behind a line break."""
    if text.startswith("$"):
        mark = text[: text.index("$", 1) + 1]
        return text[len(mark) : -len(mark)]
    found = PLAIN_STRING.fullmatch(text)
    if found is None or (found["prefix"] and "\\" in found["body"]):
        raise _Mismatch
    return found["body"].replace("''", "'")
