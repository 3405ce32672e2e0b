"""A column's value as an expression over it gives it: `lower(email) = $1`, `extract(year from born) = $1`."""

import re
from collections.abc import Callable

CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "length": lambda value: str(len(value)),
    "char_length": lambda value: str(len(value)),
    "trim": str.strip,
    "btrim": str.strip,
    "abs": lambda value: value.removeprefix("-"),
    "reverse": lambda value: value[::-1],
}
DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[ T](?P<hour>\d\d):(?P<minute>\d\d))?")
FIELD = re.compile(r"\s*(?:pg_catalog\s*\.\s*)?(?:extract|date_part)\s*\(\s*'?(?P<field>\w+)", re.IGNORECASE)


def as_expression(value: str, expression: str | None) -> str:
    """The value itself where the expression is none of those known."""
    if expression is None:
        return value
    field = FIELD.match(expression)
    if field is not None:
        return _part(value, field["field"].lower())
    change = CASES.get(expression.split("(")[0].strip().lower().rsplit(".", 1)[-1])
    return change(value) if change is not None else value


def _part(value: str, field: str) -> str:
    date = DATE.match(value)
    if date is None:
        return value
    part = date.groupdict().get(field)
    # a field that is a parameter itself is planned as the day
    return str(int(part if part is not None else date["day"]))
