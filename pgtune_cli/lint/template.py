"""Messages: text with `{subject.fact}`, `{params.name}` and a format from a short list. Nothing else is reachable."""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

import msgspec

from pgtune_cli.lint.check import near
from pgtune_cli.lint.types import Fact, Type

MAX_LENGTH = 2000
MAX_TEXT = 200
MAX_ITEMS = 8
NUMBER_FORMAT = re.compile(r",?(\.[0-3])?[f%]|,")
COUNTED = re.compile(r", ([a-z]+(?: [a-z]+)?)")
"""`{node.calls:, call}`: 1 call, 12,000 calls."""
WORD_FORMATS = ("bytes", "ms", "days")
FIELD = re.compile(r"([a-z_]+)\.([a-z_0-9]+)")


class TemplateError(ValueError):
    """A template that cannot be used."""


class Template(msgspec.Struct, frozen=True):
    """Text with places for facts and parameters, checked at load."""

    text: str
    facts: frozenset[str]
    params: frozenset[str]
    whole: bool = False
    """SQL: no text is shortened."""

    def render(self, facts: object, params: Mapping[str, Any]) -> str:
        """Fill it; an unknown fact reads `unknown`, an unknown number of days as a time."""
        parts = []
        for literal, field, spec, _ in Formatter().parse(self.text):
            parts.append(literal)
            if field is not None:
                owner, name = field.split(".")
                value = params[name] if owner == "params" else getattr(facts, name)
                parts.append(str(value) if self.whole else _shown(value, spec or ""))
        return "".join(parts)


def compile_template(
    text: str, variable: str, facts: Mapping[str, Fact], params: Mapping[str, Type], *, sql: bool = False
) -> Template:
    """Check a template. With `sql`, only facts that are quoted SQL may stand in it. Raises TemplateError."""
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"longer than {MAX_LENGTH} characters")
    used: dict[str, set[str]] = {variable: set(), "params": set()}
    for field, spec in _fields(text):
        match = FIELD.fullmatch(field)
        if match is None or match[1] not in used:
            raise TemplateError(f"{{{field}}} is neither {{{variable}.fact}} nor {{params.name}}")
        owner, name = match.groups()
        kind = _type_in(facts, params, owner, name)
        if sql and not (owner == variable and facts[name].sql):
            raise TemplateError(f"{{{field}}} is not quoted for SQL; see `pgtune rules facts` for those that are")
        _check_format(field, spec, kind)
        used[owner].add(name)
    return Template(text, frozenset(used[variable]), frozenset(used["params"]), whole=sql)


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as exc:
        raise TemplateError(f"not a template: {exc}") from exc
    if any(conversion for _, _, _, conversion in parsed):
        raise TemplateError("conversions such as !r are not allowed")
    return [(field, spec or "") for _, field, spec, _ in parsed if field is not None]


def _type_in(facts: Mapping[str, Fact], params: Mapping[str, Type], owner: str, name: str) -> Type:
    if owner == "params":
        if name not in params:
            raise TemplateError(f"params has no {name!r}{near(name, params)}")
        return params[name]
    if name not in facts:
        raise TemplateError(f"{owner} has no fact {name!r}{near(name, facts)}")
    return facts[name].type


def _check_format(field: str, spec: str, kind: Type) -> None:
    if not spec:
        return
    if kind is not Type.NUMBER:
        raise TemplateError(f"{{{field}:{spec}}} formats a {kind}; only numbers take a format")
    if spec not in WORD_FORMATS and not NUMBER_FORMAT.fullmatch(spec) and not COUNTED.fullmatch(spec):
        known = f".0f to .3f, %, ',', ', noun', {', '.join(WORD_FORMATS)}"
        raise TemplateError(f"{{{field}:{spec}}}: the format is none of {known}")


def _shown(value: Any, spec: str) -> str:
    if value is None:
        return "a time that is not known" if spec == "days" else "unknown"
    if isinstance(value, (list, tuple)):
        shown = [_shown(item, "") for item in value[:MAX_ITEMS]]
        return ", ".join([*shown, "…"] if len(value) > MAX_ITEMS else shown)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number(float(value), spec)
    text = str(value)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _number(value: float, spec: str) -> str:
    if spec == "bytes":
        return _bytes(value)
    if spec == "days":
        return _days(value)
    if spec == "ms":
        return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
    if counted := COUNTED.fullmatch(spec):
        return _counted(value, counted[1])
    if spec.endswith("%") and value < 1 and format(value, spec) == format(1, spec):
        return f">{format(1, spec).replace('100', '99').replace('0', '9')}"  # not all, and not to be taken for all
    if spec:
        return format(value, f"{spec}.0f" if spec == "," else spec)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"


def _counted(value: float, noun: str) -> str:
    """What is below ten and no whole number keeps a decimal: 1.5 rows."""
    shown = f"{value:,.1f}" if abs(value) < 10 and round(value, 1) != round(value) else f"{value:,.0f}"
    return f"{shown} {noun if shown == '1' else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch")) else f"{noun}s"


def _days(value: float) -> str:
    for unit, days in (("days", 2.0), ("hours", 2 / 24), ("minutes", 0.0)):
        if value >= days:
            return _counted(round(value * {"days": 1, "hours": 24, "minutes": 1440}[unit]), unit.removesuffix("s"))
    return "no time"


def _bytes(value: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"
