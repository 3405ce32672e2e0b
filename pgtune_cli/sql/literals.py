"""Which tokens of a text are constants, and which are not although they look like it: `ORDER BY 1`."""

from collections.abc import Sequence

from pgtune_cli.sql.lex import Token, TokenKind

CONSTANT_KINDS = frozenset([TokenKind.STRING, TokenKind.NUMBER, TokenKind.PARAMETER])
_LISTS_END = frozenset(
    [
        *("limit", "offset", "fetch", "for", "having", "window", "union", "intersect", "except", "order", "group"),
        *("rows", "range", "groups", "returning", "where", "select"),
    ]
)
_AFTER_ORDINAL = frozenset(["asc", "desc", "nulls", *_LISTS_END])
_WITH_TYPMOD = frozenset(
    [
        *("bit", "varbit", "varying", "char", "character", "bpchar", "varchar", "dec", "decimal", "numeric", "float"),
        *("interval", "time", "timetz", "timestamp", "timestamptz", "second"),
    ]
)
MAX_ORDINAL = 1664
"""PostgreSQL's limit of a target list."""


def kept_numbers(found: Sequence[Token]) -> set[int]:
    """Indexes of the numbers that are no constants: ordinals, and the typmod of `numeric(10, 2)`."""
    return _ordinals(found) | _typmods(found)


def _typmods(found: Sequence[Token]) -> set[int]:
    places: set[int] = set()
    for at in range(len(found) - 2):
        if found[at].word in _WITH_TYPMOD and found[at + 1].text == "(":
            end = at + 2
            while end < len(found) and (found[end].text == "," or _is_short_number(found[end])):
                end += 1
            if end < len(found) and found[end].text == ")":
                places |= {place for place in range(at + 2, end) if found[place].kind is TokenKind.NUMBER}
    return places


def _is_short_number(token: Token) -> bool:
    return token.kind is TokenKind.NUMBER and token.text.isdecimal() and len(token.text) <= 4


def _ordinals(found: Sequence[Token]) -> set[int]:
    """Indexes of the numbers that name an output column: `ORDER BY 1`, `GROUP BY 2, 1`.

    pg_stat_statements leaves them as they are, and they are no data.
    """
    places: set[int] = set()
    for at, token in enumerate(found):
        if token.word == "by" and at and found[at - 1].word in ("order", "group"):
            places |= _ordinals_of_list(found, at + 1)
    return places


def _ordinals_of_list(found: Sequence[Token], start: int) -> set[int]:
    places, depth, begins = set(), 0, True
    for at in range(start, len(found)):
        token = found[at]
        if begins and depth == 0 and _is_ordinal(token) and _item_ends(found, at + 1):
            places.add(at)
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if depth < 0 or token.text == ";" or (depth == 0 and token.word in _LISTS_END):
            break
        begins = depth == 0 and token.text == ","
    return places


def _is_ordinal(token: Token) -> bool:
    return token.kind is TokenKind.NUMBER and token.text.isdecimal() and 0 < int(token.text[:5]) <= MAX_ORDINAL


def _item_ends(found: Sequence[Token], at: int) -> bool:
    return at >= len(found) or found[at].text in (",", ")", ";") or found[at].word in _AFTER_ORDINAL


def is_null_or_boolean(found: Sequence[Token], at: int) -> bool:
    """TRUE, FALSE or NULL as a constant: not in IS NOT NULL, SET NOT NULL, NULL ON NULL."""
    if found[at].word not in ("true", "false", "null"):
        return False
    before = found[at - 1].word if at else ""
    if before == "is" or (before == "not" and at > 1 and found[at - 2].word in ("is", "set")):
        return False
    around = [token.word for token in found[max(at - 2, 0) : at + 3]]
    # NULL ON NULL, NULL ON EMPTY of the JSON functions
    return not any(around[i : i + 3] in (["null", "on", "null"], ["null", "on", "empty"]) for i in range(3))
