"""What PREPARE complained about, answered with casts: candidates to try, likeliest first."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pgtune_cli.sql.brackets import Brackets, split_at_commas
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens
from pgtune_cli.sql.literals import CONSTANT_KINDS

_TYPES = ("int4", "text", "numeric", "interval", "float8", "timestamptz", "jsonb", "bool", "date", "int8")
_TIME_TYPES = ("interval", "timestamptz", "date", "int4", "text")
_UNKNOWN_TYPE = "42P18"
_INCONSISTENT = "42P08"
_NOT_GROUPED = ("42803", "42P10")
_NO_SUCH_CALL = ("42883", "42725", "42804")
_MENTIONED = re.compile(
    r"timestamp(?:tz)?(?: with(?:out)? time zone)?|double precision|character varying|bigint|integer|smallint|numeric"
    r"|real|boolean|interval|date|uuid|jsonb|json|text\[\]|integer\[\]|bigint\[\]|text|inet|bytea"
)


def repairs_for_error(text: str, sqlstate: str, message: str, position: int | str | None) -> Iterator[str]:
    """Texts that may get past the error that PREPARE gave for `text`; `position` is the server's, from 1.

    Each differs from `text`. Trying one may give another error, for which this is asked again.
    """
    try:
        found = tokens(text)
    except TruncatedText:
        return
    if sqlstate == _UNKNOWN_TYPE:
        candidates = _unknown_type(found, message)
    elif sqlstate == _INCONSISTENT:
        candidates = _inconsistent(found, message)
    elif sqlstate in _NOT_GROUPED:
        candidates = iter([_unified(found)])
    elif sqlstate in _NO_SUCH_CALL:
        candidates = _near(found, message, int(position or 1) - 1)
    else:
        return
    seen = {text}
    for edits in candidates:
        candidate = apply_edits(text, set(edits))
        if candidate not in seen:
            seen.add(candidate)
            yield candidate


def _cast(token: Token, kind: str) -> Edit:
    return Edit(token.start, token.end, f"({token.text}::{kind})")


def _open_parameters(found: Sequence[Token]) -> list[Token]:
    """Parameters without a cast directly behind them."""
    return [
        token
        for at, token in enumerate(found)
        if token.kind is TokenKind.PARAMETER and [each.text for each in found[at + 1 : at + 2]] != ["::"]
    ]


def _numbered(message: str) -> int | None:
    match = re.search(r"\$(\d+)", message)
    return int(match[1]) if match else None


def _unknown_type(found: Sequence[Token], message: str) -> Iterator[Iterable[Edit]]:
    """`concat($1, x)`: any type will do. A number that the text does not have at all is a gap to be closed."""
    number = _numbered(message)
    places = [token for token in _open_parameters(found) if token.number == number]
    if number is not None and not any(token.number == number for token in found):
        yield [
            Edit(token.start, token.end, f"${token.number - 1}")
            for token in found
            if token.number is not None and token.number > number
        ]
    if places:
        yield [_cast(token, "text") for token in _sisters(found, places[0])]
    for kind in ("text", "int4"):
        yield [_cast(token, kind) for token in places]


def _sisters(found: Sequence[Token], place: Token) -> list[Token]:
    """The parameters that are whole arguments of the same call."""
    brackets = Brackets(found)
    at = next(index for index, token in enumerate(found) if token.start == place.start)
    opening = max((index for index, close in brackets.partner.items() if index < at < close), default=-1)
    end = brackets.partner.get(opening, len(found))
    arguments = [start for start, stop in split_at_commas(found, opening + 1, end) if stop - start == 1]
    open_ones = {token.start for token in _open_parameters(found)}
    return [place, *(found[start] for start in arguments if found[start].start in open_ones - {place.start})]


def _inconsistent(found: Sequence[Token], message: str) -> Iterator[Iterable[Edit]]:
    """One parameter in two places of different types: cast each place to the same type."""
    places = [token for token in _open_parameters(found) if token.number == _numbered(message)]
    for kind in (*_MENTIONED.findall(message), *_TYPES):
        yield [_cast(token, kind) for token in places]
        for place in places[1:]:
            yield [_cast(place, kind)]


def _near(found: Sequence[Token], message: str, position: int) -> Iterator[Iterable[Edit]]:
    """An operator or function that is not there, or not the only one: cast the parameters beside it."""
    places = _open_parameters(found)
    after = [token for token in places if token.start >= position]
    before = [token for token in places if token.start < position]
    near = sorted(places, key=lambda token: abs(token.start - position))
    mentioned = [kind for kind in _MENTIONED.findall(message) if kind != "text"]
    groups = [after[:1], before[-1:], after[:2], before[-1:] + after[:1], after[:3], near[:2]]
    if after[:1] and before[-1:] and position - before[-1].end < after[0].start - position:
        groups[0], groups[1] = groups[1], groups[0]
    time = any(word in message for word in ("timestamp", "date", "time "))
    kinds = dict.fromkeys([*(_TIME_TYPES if time else ()), *mentioned, *_TYPES])
    columns = list(_values_columns(found))
    for kind in mentioned:
        for column in columns:
            yield [_cast(token, kind) for token in column]
    for kind in kinds:
        for group in groups:
            yield [_cast(token, kind) for token in group]
    for kind in ("int4", "text"):
        for column in columns:
            yield [_cast(token, kind) for token in column]
        yield [_cast(token, kind) for token in places]


def _values_columns(found: Sequence[Token]) -> Iterator[list[Token]]:
    """The lone parameters of each column of a VALUES list."""
    brackets = Brackets(found)
    for at, token in enumerate(found):
        if token.word != "values":
            continue
        columns: dict[int, list[Token]] = {}
        row = at + 1
        while row in brackets.partner and found[row].text == "(":
            close = brackets.partner[row]
            for number, (start, end) in enumerate(split_at_commas(found, row + 1, close)):
                if end - start == 1 and found[start].kind is TokenKind.PARAMETER:
                    columns.setdefault(number, []).append(found[start])
            row = close + 2 if [each.text for each in found[close + 1 : close + 2]] == [","] else -1
        yield from columns.values()


def _unified(found: Sequence[Token]) -> list[Edit]:
    """Gives equal expressions of the select list and of GROUP BY, ORDER BY or DISTINCT ON equal constants.

    pg_stat_statements numbers each constant for itself, or replaces only the first: `f($1, c) … GROUP BY f($2, c)`,
    `f($1, c) … GROUP BY f('day', c)`. A constant that is still there is taken for the parameter.
    """
    edits: dict[int, Edit] = {}
    for start, end in _list_items(found):
        form = [_form(token) for token in found[start:end]]
        if "$" not in form or len(form) < 2:
            continue
        places = [at for at in range(len(found) - len(form) + 1) if _same_form(found, at, form)]
        for offset in (offset for offset, word in enumerate(form) if word == "$"):
            tokens_there = [found[at + offset] for at in places]
            model = min(tokens_there, key=lambda token: token.kind is TokenKind.PARAMETER)
            for token in tokens_there:
                if token.kind is TokenKind.PARAMETER and token.text != model.text:
                    edits.setdefault(token.start, Edit(token.start, token.end, model.text))
    return list(edits.values())


def _same_form(found: Sequence[Token], at: int, form: list[str]) -> bool:
    return all(_form(token) == word for token, word in zip(found[at : at + len(form)], form, strict=True))


def _form(token: Token) -> str:
    if token.kind in CONSTANT_KINDS:
        return "$"
    return token.word or token.text


def _list_items(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Items of every GROUP BY and ORDER BY, without ASC, DESC and NULLS."""
    stops = frozenset(["limit", "offset", "fetch", "for", "having", "window", "union", "order", "intersect", "except"])
    for at, token in enumerate(found):
        if token.word != "by" or found[at - 1].word not in ("group", "order", "partition"):
            continue
        end, depth = at + 1, 0
        while end < len(found) and not (depth == 0 and (found[end].word in stops or found[end].text == ")")):
            depth += (found[end].text in ("(", "[")) - (found[end].text in (")", "]"))
            end += 1
        for start, stop in split_at_commas(found, at + 1, end):
            while stop > start and found[stop - 1].word in ("asc", "desc", "nulls", "first", "last"):
                stop -= 1
            yield start, stop
