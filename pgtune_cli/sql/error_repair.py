"""What PREPARE complained about, answered with casts: candidates to try, likeliest first."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pgtune_cli.sql.brackets import Brackets, split_at_commas
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens
from pgtune_cli.sql.unify import unified

_TYPES = (
    "int4",
    "text",
    "numeric",
    "interval",
    "float8",
    "timestamptz",
    "jsonb",
    "bool",
    "date",
    "int8",
    "bytea",
    "bit",
)
_TIME_TYPES = ("interval", "timestamptz", "date", "int4", "text")
_UNKNOWN_TYPE = "42P18"
_INCONSISTENT = "42P08"
_NOT_GROUPED = ("42803", "42P10")
_NO_SUCH_CALL = ("42883", "42725", "42804")
_CONSTANT_WANTED = "0A000"
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
        candidates = iter([unified(found)])
    elif sqlstate == _CONSTANT_WANTED and "JSON_TABLE" in message:
        candidates = iter([_paths_written_out(found)])
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
        yield _renumbered(found)
    if places:
        yield [_cast(token, "text") for token in _sisters(found, places[0])]
    for kind in ("text", "int4"):
        yield [_cast(token, kind) for token in places]


def _renumbered(found: Sequence[Token]) -> list[Edit]:
    """All gaps are closed: one for each constant that a repair wrote out."""
    numbers = sorted({token.number for token in found if token.number is not None})
    places = {number: f"${place}" for place, number in enumerate(numbers, start=1)}
    return [
        Edit(token.start, token.end, places[token.number])
        for token in found
        if token.number is not None and token.text != places[token.number]
    ]


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
    if "polymorphic" in message:
        yield [_cast(token, "text") for token in _lone_arguments(found)]
    places = _open_parameters(found)
    results = _results_within(found, position)
    for kind in ("int4", "numeric", "interval", "text") if results else ():
        yield [_cast(token, kind) for token in results]
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


def _lone_arguments(found: Sequence[Token]) -> list[Token]:
    """Parameters that are the only argument of a call: `to_jsonb($1)`."""
    return [
        found[at]
        for at in range(2, len(found) - 1)
        if found[at].kind is TokenKind.PARAMETER
        and (found[at - 1].text, found[at + 1].text) == ("(", ")")
        and found[at - 2].name is not None
    ]


def _results_within(found: Sequence[Token], position: int) -> list[Token]:
    """What the CASE branches of the call at `position` give, where they are parameters: `sum(CASE … THEN $2 …)`."""
    brackets = Brackets(found)
    opening = next((at for at, token in enumerate(found) if token.start > position and token.text == "("), None)
    end = brackets.partner.get(opening, 0) if opening is not None else 0
    return [
        found[at]
        for at in range((opening or 0) + 1, end)
        if found[at].kind is TokenKind.PARAMETER and found[at - 1].word in ("then", "else")
    ]


def _paths_written_out(found: Sequence[Token]) -> list[Edit]:
    """JSON_TABLE takes its path as a constant alone; which one it was is not known, and costs the same."""
    brackets = Brackets(found)
    edits = []
    for at, token in enumerate(found[:-1]):
        if token.word == "json_table" and found[at + 1].text == "(":
            close = brackets.partner.get(at + 1, at + 1)
            arguments = list(split_at_commas(found, at + 2, close))
            if len(arguments) > 1 and found[arguments[1][0]].kind is TokenKind.PARAMETER:
                path = found[arguments[1][0]]
                edits.append(Edit(path.start, path.end, "'$'"))
    return edits


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
