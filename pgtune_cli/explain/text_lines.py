"""The lines of a plan in text form, out of what psql, clients and logs put around them."""

import re
from collections.abc import Iterator

import msgspec

from pgtune_cli.errors import UsageError

COST = re.compile(r"\(cost=\d+(?:\.\d+)?\.\.\d+(?:\.\d+)? rows=\d+ width=\d+\)")
_NODE_WITHOUT_COST = re.compile(r"\b(?:Seq Scan|Index Scan|Index Only Scan|Result|Nested Loop|Aggregate|Sort|Hash)\b")
BORDER = re.compile(r"^\s*[|│║]\s?(.*?)\s*[|│║]?\s*$")
SYSLOG = re.compile(r"^.*?\w+\[\d+\]: \[\d+-\d+\]\s")
CONTAINER = re.compile(r"^[\w.-]+\s+\| ?")
_RULE = re.compile(r"^[\s+|│─┼═╪┌┐└┘├┤║╔╗╚╝╠╣-]+$")


class Line(msgspec.Struct, frozen=True):
    """`number` counts from 1 in what was given; `column` is that of the first character of `text`."""

    number: int
    column: int
    text: str


def plan_lines(document: str) -> list[Line]:
    """From the first node of the plan to the end of the document. Raises UsageError where there is none."""
    raw = document.expandtabs(8).splitlines()
    first = next((number for number, line in enumerate(raw) if COST.search(line)), None)
    if first is None:
        raise _no_plan(raw)
    begin = raw[first]
    lines = raw[first:]
    for prefix in (SYSLOG, CONTAINER):
        if prefix.match(begin) and not begin.lstrip().startswith("->"):
            lines = [prefix.sub("", line).replace("#011", " " * 8) for line in lines]
            begin = lines[0]
    if BORDER.match(begin) and begin.lstrip()[0] in "|│║":
        lines = [found[1] if (found := BORDER.match(line)) else line for line in lines]
    if _wrapped(lines):
        lines = [re.sub(r"\s*[+↵]\s*$", "", line) for line in lines]
    if begin.lstrip().startswith('"') and begin.rstrip().rstrip(",;").endswith('"'):
        lines = [_unquoted(line) for line in lines]
    return list(_numbered(lines, first + 1))


def _no_plan(raw: list[str]) -> UsageError:
    hint = "write it with EXPLAIN (ANALYZE, BUFFERS), as text or with FORMAT JSON"
    for number, line in enumerate(raw, start=1):
        if _NODE_WITHOUT_COST.search(line):
            return UsageError(f"line {number}: the plan has no costs", "EXPLAIN it without COSTS OFF")
    number = next((number for number, line in enumerate(raw, start=1) if line.strip()), 1)
    return UsageError(f"line {number}: no plan begins here or below", hint)


def _wrapped(lines: list[str]) -> bool:
    """Whether psql printed one value of several lines: all of them but the last end in `+`."""
    return bool(re.search(r"[+↵]\s*$", lines[0])) and COST.search(lines[0]) is not None


def _unquoted(line: str) -> str:
    bare = line.strip().rstrip(",;")
    quoted = len(bare) > 1 and bare[0] == bare[-1] == '"'
    return bare[1:-1].replace('""', '"') if quoted else line


def _numbered(lines: list[str], first: int) -> Iterator[Line]:
    for number, line in enumerate(lines, start=first):
        text = line.strip()
        if not _RULE.match(line) or not text:
            yield Line(number, len(line) - len(line.lstrip()), text)
