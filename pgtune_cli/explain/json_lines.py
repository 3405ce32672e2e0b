"""A plan in JSON form, out of what psql, clients and logs put around it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.text_lines import BORDER, CONTAINER, SYSLOG

_PLAN = re.compile(r'"Plan"\s*:\s*\{')
_ROOT = re.compile(r'"Node Type"\s*:')
_BEGIN = re.compile(r'(?m)(?:^|plan:|")\s*(?=[\[{])')
_TRIED = 200
"""places where a document may begin, before its root node"""


def json_plan(document: str) -> Any | None:
    """The list or object of EXPLAIN (FORMAT JSON); None where there is none. Raises UsageError for two of them."""
    if not re.search(r'"Node Type"+\s*:', document):
        return None
    text = _bare(document)
    found = _PLAN.search(text) or _ROOT.search(text)
    if found is None:
        return None
    for number, begin in enumerate(_BEGIN.finditer(text, 0, found.end())):
        if number >= _TRIED:
            return None
        plan, end = _decoded(text, begin.end())
        if plan is not None:
            if _PLAN.search(text, end):
                raise UsageError("a second plan begins below the first", "give one plan at a time")
            return plan
    return None


def _decoded(text: str, begin: int) -> tuple[Any | None, int]:
    try:
        plan, end = json.JSONDecoder().raw_decode(text, begin)
    except RecursionError as exc:
        raise UsageError("the plan is nested too deeply to read") from exc
    except ValueError:
        return None, begin
    entry = plan[0] if isinstance(plan, list) and len(plan) == 1 else plan
    return (plan, end) if isinstance(entry, dict) and ("Plan" in entry or "Node Type" in entry) else (None, begin)


def _bare(document: str) -> str:
    """Without borders, prefixes of a log and the `+` that psql puts at the end of a line that goes on."""
    doubled = '""Node Type""' in document
    return "\n".join(_lines(document.replace('""', '"') if doubled else document))


def _lines(document: str) -> Iterator[str]:
    for raw in document.splitlines():
        line = raw
        for prefix in (SYSLOG, CONTAINER):
            line = prefix.sub("", line).replace("#011", "  ")
        if line.lstrip()[:1] in ("|", "│", "║") and (found := BORDER.match(line)):
            line = found[1]
        yield re.sub(r"\s*[+↵]\s*$", "", line)
