"""What normalisation by pg_stat_statements broke, mended: `interval $1`, `extract($1 from x)`.

A typed literal (`date '2024-01-01'`) whose constant became a parameter is no longer SQL; a cast says the same.
"""

from collections.abc import Sequence

from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.error_repair import repairs_for_error
from pgtune_cli.sql.keywords import RESERVED
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens

__all__ = ["lexical_edits", "repair", "repairs_for_error", "typed_constants"]

NEWEST = 180000
_TYPE_KEYWORDS = frozenset(
    [
        *("bigint", "bit", "boolean", "char", "character", "dec", "decimal", "float", "int", "integer", "interval"),
        *("json", "nchar", "numeric", "real", "smallint", "time", "timestamp", "varchar"),
    ]
)
# unreserved words that an expression may follow
_BEFORE_EXPRESSION = frozenset(
    [
        *("by", "escape", "uescape", "rows", "range", "groups", "first", "next", "zone", "over", "filter", "set"),
        *("within", "start", "cycle", "partition", "at", "document", "content", "value", "name", "path", "passing"),
        *("error", "execute", "call", "begin", "show", "explain", "reset", "if", "update", "insert", "delete", "of"),
        *("without", "version", "standalone", "strip", "scalar", "operator", "return", "fetch", "relative", "absolute"),
        *("savepoint", "release", "deallocate", "prepare", "prior", "forward", "backward", "move", "declare", "close"),
    ]
)
_BEFORE_PRIMARY = frozenset(["passing", "ref", "value"])
"""of XML: no `::` may follow there."""
_NOT_A_TYPE = (RESERVED - _TYPE_KEYWORDS) | _BEFORE_EXPRESSION
_TWO_WORDS = {("double", "precision"), ("character", "varying"), ("bit", "varying"), ("national", "character")}
_WITH_TYPMOD = _TYPE_KEYWORDS | {"varying", "timestamptz", "timetz", "bpchar", "varbit"}
_UNITS = frozenset(["year", "month", "day", "hour", "minute", "second"])


def repair(text: str, version_num: int = NEWEST) -> str:
    """The text with every typed literal of a parameter made a cast; unchanged where nothing is to mend, or cut off."""
    try:
        return apply_edits(text, lexical_edits(text, tokens(text), version_num))
    except TruncatedText:
        return text


def lexical_edits(text: str, found: Sequence[Token], version_num: int = NEWEST) -> list[Edit]:
    """The edits that `repair` makes; `found` are the significant tokens of `text`."""
    edits = []
    extracts = [at for at in range(2, len(found)) if _is_extract_field(found, at)]
    if any(found[at].kind is TokenKind.PARAMETER for at in extracts):
        # all of them, so that the one in GROUP BY, whose field stays, can be matched with that in the select list
        for at in extracts:
            edits += _extract_edits(found, at, version_num)
    for at, token in enumerate(found):
        if token.kind is not TokenKind.PARAMETER or at == 0:
            continue
        if at in extracts:
            continue
        if _is_null_behaviour(found, at):
            edits.append(Edit(token.start, token.end, "null"))
        elif (start := _type_start(found, at)) is not None:
            end = _unit_end(found, at) if found[start].word == "interval" else at
            kind = text[found[start].start : found[at - 1].end]
            unit = text[token.end : found[end].end]
            cast = f"{token.text}::{kind}{unit}"
            if start and found[start - 1].word in _BEFORE_PRIMARY:
                cast = f"CAST({token.text} AS {kind}{unit})"
            edits.append(Edit(found[start].start, found[end].end, cast))
    return edits


def typed_constants(found: Sequence[Token]) -> list[tuple[int, int, int]]:
    """Typed literals such as `date '2024-01-01'` or `interval $1 day`: indexes of first, constant and last token."""
    places = []
    for at, token in enumerate(found):
        if at and token.kind in (TokenKind.PARAMETER, TokenKind.STRING):
            start = _type_start(found, at)
            if start is not None:
                places.append((start, at, _unit_end(found, at) if found[start].word == "interval" else at))
    return places


def _is_null_behaviour(found: Sequence[Token], at: int) -> bool:
    """`$3 ON ERROR` of json_value(), NULL ON ERROR once, and DEFAULT $3 ON EMPTY: no parameter may stand there."""
    behind = [token.word for token in found[at + 1 : at + 3]]
    return behind in (["on", "error"], ["on", "empty"])


def _is_extract_field(found: Sequence[Token], at: int) -> bool:
    around = [token.word or token.text for token in (*found[max(at - 2, 0) : at], *found[at + 1 : at + 2])]
    return around == ["extract", "(", "from"]


def _extract_edits(found: Sequence[Token], at: int, version_num: int) -> list[Edit]:
    """extract() with a field that is not a keyword has a plain call since 14, date_part() before."""
    function = "pg_catalog.extract" if version_num >= 140000 else "pg_catalog.date_part"
    name, field, preposition = found[at - 2], found[at], found[at + 1]
    value = f"'{field.word}'" if field.word else field.text
    return [
        Edit(name.start, name.end, function),
        Edit(field.start, preposition.end, f"{value}::text,"),
    ]


def _type_start(found: Sequence[Token], at: int) -> int | None:
    """Index of the first token of the type name that stands directly before the parameter at `at`."""
    last = at - 1
    if found[last].text == ")":
        last = _before_typmod(found, last)
        if last < 0 or found[last].word not in _WITH_TYPMOD:
            return None
    token = found[last]
    if token.kind is TokenKind.QUOTED:
        return _qualified_start(found, last)
    if token.kind is not TokenKind.WORD:
        return None
    if token.word == "zone":
        return _time_zone_start(found, last)
    if last > 0 and (found[last - 1].word, token.word) in _TWO_WORDS:
        return last - 1
    return None if token.word in _NOT_A_TYPE else _qualified_start(found, last)


def _before_typmod(found: Sequence[Token], close: int) -> int:
    """Index before `(3)` or `(10, 2)` that ends at `close`; -1 when the parentheses hold anything else."""
    at = close - 1
    while at >= 0 and (found[at].kind is TokenKind.NUMBER or found[at].text == ","):
        at -= 1
    return at - 1 if at >= 0 and at < close - 1 and found[at].text == "(" else -1


def _time_zone_start(found: Sequence[Token], zone: int) -> int | None:
    """`timestamp(3) with time zone`: the index of timestamp; None for AT TIME ZONE."""
    if zone < 3 or found[zone - 1].word != "time" or found[zone - 2].word not in ("with", "without"):
        return None
    start = zone - 3
    if found[start].text == ")":
        start = _before_typmod(found, start)
    return start if start >= 0 and found[start].word in ("timestamp", "time") else None


def _qualified_start(found: Sequence[Token], last: int) -> int:
    while last >= 2 and found[last - 1].text == "." and found[last - 2].name is not None:
        last -= 2
    return last


def _unit_end(found: Sequence[Token], at: int) -> int:
    """`interval $1 day to second`: index of the last token of the unit; `at` itself without one."""
    end = at
    while end + 1 < len(found):
        word = found[end + 1].word
        if word in _UNITS:
            end += 1
        elif word == "to" and end > at and end + 2 < len(found) and found[end + 2].word in _UNITS:
            end += 2
        else:
            break
    return end
