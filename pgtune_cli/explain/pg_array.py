"""PostgreSQL's text form of arrays, as pg_stats prints them: `{a,"b c",NULL,"{1,2}"}`."""

import re

DIMENSIONS = re.compile(r"(?:\[-?\d+:-?\d+\])+=")
NESTED_OR_QUOTED = re.compile(r'[{}"\\]')
SPECIAL = re.compile(r'[{}",\\\s]')


def parse_array(text: str | None) -> list[str | None] | None:
    """The elements of a one-dimensional array; None for what is no array. Nested arrays stay as their own text."""
    if text is None:
        return None
    body = DIMENSIONS.sub("", text, count=1)
    if len(body) < 2 or body[0] != "{" or body[-1] != "}":
        return None
    inner = body[1:-1]
    if not inner:
        return []
    if not NESTED_OR_QUOTED.search(inner):
        return [None if raw.upper() == "NULL" else raw for raw in inner.split(",")]
    elements: list[str | None] = []
    position = 0
    while position <= len(inner):
        element, position = _element(inner, position)
        elements.append(element)
        position += 1  # the comma
    return elements


def _element(inner: str, start: int) -> tuple[str | None, int]:
    """The element that starts there, and where it ends."""
    if inner[start : start + 1] == '"':
        return _quoted(inner, start + 1)
    depth, position = 0, start
    while position < len(inner) and (depth > 0 or inner[position] != ","):
        depth += (inner[position] == "{") - (inner[position] == "}")
        position += 2 if inner[position] == "\\" else 1
    raw = inner[start:position]
    if raw.startswith("{"):
        return raw, position
    bare = re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)
    return (None if raw.upper() == "NULL" else bare), position


def _quoted(inner: str, start: int) -> tuple[str, int]:
    parts: list[str] = []
    position = start
    while position < len(inner) and inner[position] != '"':
        if inner[position] == "\\":
            position += 1
        parts.append(inner[position : position + 1])
        position += 1
    return "".join(parts), position + 1


def array_literal(elements: list[str]) -> str:
    """The text form of an array of these elements."""
    return "{" + ",".join(_element_text(element) for element in elements) + "}"


def _element_text(element: str) -> str:
    if element and element.upper() != "NULL" and not SPECIAL.search(element):
        return element
    escaped = element.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
