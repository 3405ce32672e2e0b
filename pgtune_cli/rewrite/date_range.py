"""A cast or truncation of a time column becomes a range of the column itself, which its index serves."""

import re
from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source, column_sql
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import TokenKind, squeezed, tokens
from pgtune_cli.sql.shape_types import Predicate, PredicateKind

KIND = "date_cast_to_range"
TIMES = ("timestamp without time zone", "timestamp with time zone")
UNITS = {
    "hour": "1 hour",
    "day": "1 day",
    "week": "7 days",
    "month": "1 month",
    "quarter": "3 months",
    "year": "1 year",
}
_NAME = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")+")'
_COLUMN = rf"(?:{_NAME}(?:\.{_NAME})*|\({_NAME}(?:\.{_NAME})*\))"
_FORM = re.compile(
    rf"{_COLUMN}::date|cast\({_COLUMN}asdate\)|(?:pg_catalog\.)?(?:date\({_COLUMN}\)|date_trunc\('\w+',{_COLUMN}\))"
    rf"|(?:extract\(yearfrom{_COLUMN}\)|date_part\('year',{_COLUMN}\))(?:::(?:smallint|int|integer|bigint|numeric))?"
)
"""the cast or function over the column as it is, without spaces, and nothing done to its result"""


def date_range(source: Source) -> Iterator[Found]:
    """For every comparison of `ts::date`, `date(ts)`, `date_trunc(unit, ts)` and `extract(year from ts)`."""
    for block in source.shape.blocks:
        done = set()
        for predicate in block.predicates:
            what = _what(predicate)
            if what is None or predicate.span in done:
                continue
            done.add(predicate.span)
            both = [each for each in block.predicates if each.span == predicate.span]
            yield _rewrite(source, both, what)


def _what(predicate: Predicate) -> str | None:
    """date, trunc or year, of a comparison over one column."""
    if len(predicate.columns) != 1 or predicate.span is None:
        return None
    text = squeezed(predicate.expression or "")
    if predicate.cast == "date" or predicate.function == "date" or text.startswith("date("):
        return "date"
    if text.startswith(("date_trunc(", "pg_catalog.date_trunc(")):
        return "trunc"
    return "year" if text.startswith(("extract(yearfrom", "date_part('year',")) else None


def _rewrite(source: Source, both: list[Predicate], what: str) -> Found:
    predicate = both[0]
    column = predicate.columns[0]
    refusal = _refuse(source, both)
    if refusal is not None:
        return refusal
    found = source.column(column)
    assert found is not None
    assert predicate.span is not None
    name, type_ = column_sql(column), _base(found.type)
    if what == "date":
        parts = [_day(name, type_, each) for each in both]
        conditions = ["no value is infinity"]
    elif what == "trunc":
        parts = [_truncated(name, type_, predicate)]
        conditions = ["no value is infinity"]
    else:
        parts = [_year(source, name, type_, predicate)]
        conditions = ["the year is one that a date can hold"]
    made = [part for part in parts if isinstance(part, str)]
    if len(made) < len(parts):
        return next(part for part in parts if isinstance(part, Refusal))
    if not _FORM.fullmatch(_unwrapped(squeezed(predicate.expression or ""))):
        return Refusal("expression", "its column is computed with before or after the cast or truncation")
    if type_ == TIMES[1]:
        conditions.append("days begin at midnight of the session's TimeZone, which must not be when its clocks change")
    return Proposal(edits=(Edit(*predicate.span, f"({' AND '.join(made)})"),), conditions=tuple(conditions))


def _base(type_: str) -> str:
    """`timestamp(3) without time zone` without its precision."""
    head, _, tail = type_.partition("(")
    return head + tail.partition(")")[2] if tail else type_


def _refuse(source: Source, both: list[Predicate]) -> Refusal | None:
    predicate = both[0]
    column, found = predicate.columns[0], source.column(predicate.columns[0])
    if column.derived or column.outer:
        return Refusal("derived", "its column comes out of a subquery")
    if found is None or _base(found.type) not in TIMES:
        return Refusal("no_time", f"{column.column} is no timestamp")
    if predicate.row_position is not None:
        return Refusal("rows", "it compares rows")
    if len(both) > 2 or any(each.left_parameters and _what(each) != "trunc" for each in both):
        return Refusal("parameter", "a parameter is part of the expression")
    if predicate.kind in (PredicateKind.IN, PredicateKind.NOT_IN):
        return Refusal("list", "it compares with a list of days")
    if predicate.kind is PredicateKind.NOT_EQ:
        return Refusal("not_equal", "it asks for all days but one: no range")
    if predicate.kind not in (PredicateKind.EQ, PredicateKind.RANGE) or "DISTINCT" in predicate.operator:
        return Refusal("operator", "its operator is no plain comparison")
    if any("SYMMETRIC" in each.operator for each in both):
        return Refusal("symmetric", "BETWEEN SYMMETRIC does not say which bound is the lower")
    if any(not each.operand.plain or not each.operand.sql for each in both):
        return Refusal("no_constant", "it compares with more than a constant or a parameter")
    if "at time zone" in (predicate.expression or "").lower():
        return Refusal("time_zone", "it converts to a time zone first")
    return None


def _day(name: str, type_: str, predicate: Predicate) -> str | Refusal:
    value = f"{_bracketed(predicate.operand.sql)}::date"
    start, end = f"{value}::{type_}", f"({value} + 1)::{type_}"
    forms = {
        "=": f"{name} >= {start} AND {name} < {end}",
        ">=": f"{name} >= {start}",
        ">": f"{name} >= {end}",
        "<": f"{name} < {start}",
        "<=": f"{name} < {end}",
    }
    if predicate.operand.cast not in (None, "date"):
        return Refusal("other_type", f"it compares with a {predicate.operand.cast}, not with a day")
    return forms.get(predicate.operator) or Refusal("operator", "its operator is no plain comparison")


def _truncated(name: str, type_: str, predicate: Predicate) -> str | Refusal:
    found = tokens(predicate.expression or "")
    arguments = [token for token in found if token.kind in (TokenKind.STRING, TokenKind.PARAMETER)]
    if not arguments or arguments[0].kind is TokenKind.PARAMETER:
        return Refusal("hidden_unit", "the unit that it truncates to is hidden")
    unit = arguments[0].text.strip("'").lower()
    if unit not in UNITS or len(arguments) > 1:
        return Refusal("unit", "it truncates to a unit that is no fixed step, or in a time zone of its own")
    if predicate.operator != "=":
        return Refusal("truncated_range", "it compares a truncated time by < or >")
    value = f"{_bracketed(predicate.operand.sql)}::{type_}"
    end = f"{value} + interval '{UNITS[unit]}'"
    if type_ == TIMES[1] and unit != "hour":
        end = f"date_trunc('{unit}', {end})"  # a day that begins at 01:00 ends at midnight all the same
    return f"{name} >= {value} AND {name} < {end} AND date_trunc('{unit}', {value}) = {value}"


def _year(source: Source, name: str, type_: str, predicate: Predicate) -> str | Refusal:
    """The original stays as the first condition: it settles the type of a parameter, and fractions of years."""
    if predicate.operator != "=":
        return Refusal("year_range", "it compares a year by < or >")
    assert predicate.span is not None
    value = f"{_bracketed(predicate.operand.sql)}"
    bounds = f"{name} >= make_date({value}::int, 1, 1)::{type_} AND {name} < make_date({value}::int + 1, 1, 1)::{type_}"
    return f"{source.text[slice(*predicate.span)]} AND {bounds}"


def _unwrapped(text: str) -> str:
    """Without parentheses around the whole."""
    while text.startswith("(") and Brackets(found := tokens(text)).partner.get(0) == len(found) - 1:
        text = text[1:-1]
    return text


def _bracketed(text: str) -> str:
    """A constant or parameter, in parentheses where a cast would bind to its last part only."""
    found = tokens(text)
    return text if len(found) == 1 else f"({text})"
