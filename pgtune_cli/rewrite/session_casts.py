"""Casts whose result depends on the session: PostgreSQL calls them stable, and nothing in a text looks like a call."""

from collections.abc import Iterable, Iterator, Sequence

from pgtune_cli.explain.type_values import base_name
from pgtune_cli.sql.lex import Token, TruncatedText, tokens

_ZONED = {"timestamp with time zone", "time with time zone", "timestamptz", "timetz"}
_DATED = {
    "timestamp without time zone", "time without time zone", "timestamp", "time", "date", "interval", "money",
}  # fmt: skip
_TEXT = {"text", "character varying", "varchar", "character", "char", "bpchar", "name"}


def session_setting(text: str, types: Iterable[str]) -> str | None:
    """The setting that decides what an expression of columns of these types gives, such as TimeZone; None for none."""
    try:
        found = tokens(text)
    except TruncatedText:
        return None
    of = {base_name(name) for name in types}
    moved = any(token.word == "zone" and found[at - 1].word == "time" and found[at - 2].word == "at"
                for at, token in enumerate(found) if at > 1)  # fmt: skip
    zoned = bool(of & _ZONED) and not moved
    steps = any(token.text in ("+", "-") for token in found)
    if zoned and steps and ("interval" in of or any(token.word == "interval" for token in found)):
        return "TimeZone"  # a day is not always 24 hours long
    for target in _targets(found):
        if (zoned and target not in _ZONED) or (target in _ZONED and of - _ZONED):
            return "TimeZone"
        if (target in _TEXT and of & (_DATED | _ZONED)) or (target in _DATED and of & _TEXT):
            return "DateStyle"
    return None


def _targets(found: Sequence[Token]) -> Iterator[str]:
    """Names of the types that are cast to, without length and precision."""
    for at, token in enumerate(found):
        if token.text == "::" or token.word == "as":
            start = at + 1
            if [one.word or one.text for one in found[start : start + 2]] == ["pg_catalog", "."]:
                start += 2
            yield _type_at(found, start)


def _type_at(found: Sequence[Token], start: int) -> str:
    first = found[start].name or "" if start < len(found) else ""
    words = [token.word for token in found[start + 1 : start + 7] if token.word]
    if first in ("timestamp", "time"):
        return f"{first} with time zone" if words[:1] == ["with"] else first
    return f"{first} varying" if first == "character" and words[:1] == ["varying"] else first
