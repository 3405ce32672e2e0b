"""A plan in text form, of PostgreSQL 13 to 18, as the document that EXPLAIN (FORMAT JSON) would have printed.

Text holds less: no `Parent Relationship` (told from the place), no zeros (filled in where the plan has such counts at
all), nothing of a worker but its times and counts.
"""

import re
from typing import Any

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.text_lines import COST, Line, plan_lines
from pgtune_cli.explain.text_node import read_node
from pgtune_cli.explain.text_properties import BLOCKS, buffers, number, read_property

_LABEL = re.compile(r"(?:InitPlan|SubPlan|CTE) (?:\S.*)$")
_PROPERTY = re.compile(r"([A-Z][A-Za-z/ 0-9-]*?):(?:\s+(.*))?$", re.DOTALL)
_WORKER = re.compile(r"Worker (\d+):\s+(.*)$")
_WORKER_TIMES = re.compile(r"actual (?:time=([\d.]+?)\.\.([\d.]+) )?rows=([\d.]+) loops=(\d+)$")
_SETTING = re.compile(r"([\w.]+) = '((?:[^']|'')*)'")
_TRIGGER = re.compile(
    r"Trigger (?:(?P<name>(?!for constraint)\S+|\"[^\"]+\"))?\s*(?:for constraint (?P<constraint>\S+))?"
    r"(?: on (?P<relation>\S+))?: (?:time=(?P<time>[\d.]+) )?calls=(?P<calls>[\d.]+)$"
)
_SECTIONS = ("Planning", "JIT", "Serialization", "Planning Time", "Execution Time", "Settings", "Query Identifier",
             "Query Text", "Memory", "Buffers", "Trigger")  # fmt: skip
_OVER = re.compile(r"\(\d+ rows?\)$|Time: [\d.,]+ ms|\w+[=-]?[#>] ")
_MEMBERS = ("Append", "Merge Append", "BitmapAnd", "BitmapOr")
_JOINS = ("Nested Loop", "Hash Join", "Merge Join")


def read_text_plan(document: str) -> dict[str, Any]:
    """What JSON would hold. Raises UsageError, with the number of the line."""
    return _Reader(plan_lines(document)).read()


class _Reader:
    """One pass over the lines: nodes by their columns, then what belongs to the whole."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._root_column = lines[0].column
        self._timed = any("actual time=" in line.text for line in lines)
        self._stack: list[tuple[int, dict[str, Any]]] = []
        """column of the name, node; from the root to the latest."""
        self._label: str | None = None
        self._latest: dict[str, Any] = {}
        self._latest_key: str | None = None
        self._document: dict[str, Any] = {}
        self._section: str | None = None

    def read(self) -> dict[str, Any]:
        for place, line in enumerate(self._joined()):
            if place and self._is_over(line):
                self._refuse_another(line.number)
                break
            if place and line.column <= self._root_column:
                self._whole(line)
            elif self._section is not None:
                self._within_section(line)
            else:
                self._of_node(line)
        root = self._document["Plan"]
        if any("Shared Hit Blocks" in node for node in _walk(root)):
            for node in _walk(root):
                for name in BLOCKS:
                    node.setdefault(name, 0)
        for node in _walk(root):
            _add_zeros(node)
        return self._document

    def _refuse_another(self, number_: int) -> None:
        """A log goes on after the plan: another one there would be passed over in silence."""
        begins = next((line.number for line in self._lines if line.number > number_ and COST.search(line.text)), None)
        if begins is not None:
            raise UsageError(f"line {begins}: a second plan begins", "give one plan at a time")

    def _joined(self) -> list[Line]:
        """A constant or name that has line ends in it is one line again."""
        joined: list[Line] = []
        for line in self._lines:
            if joined and _open(joined[-1].text) and not COST.search(line.text):
                joined[-1] = Line(joined[-1].number, joined[-1].column, f"{joined[-1].text}\n{line.text}")
            else:
                joined.append(line)
        return joined

    def _is_over(self, line: Line) -> bool:
        if not line.text:
            return True
        return line.column < self._root_column or bool(_OVER.match(line.text))

    def _of_node(self, line: Line) -> None:
        arrow = line.text.startswith("->")
        text = line.text.removeprefix("->").lstrip()
        node = read_node(text, timed=self._timed)
        if node is not None:
            self._add(line, line.column + len(line.text) - len(text), arrow, node)
        elif worker := _WORKER.match(line.text):
            self._worker(int(worker[1]), worker[2])
        elif not arrow and _LABEL.match(line.text) and not line.text.startswith("CTE Scan"):
            self._label = line.text
            self._close(line.column)
        elif not arrow and (found := _PROPERTY.match(line.text)):
            self._property(line, found[1], (found[2] or "").strip())
        else:
            raise UsageError(f"line {line.number}: this is no part of a plan: {_shown(line.text)}", _HINT)

    def _add(self, line: Line, column: int, arrow: bool, node: dict[str, Any]) -> None:
        if not self._stack:
            self._document["Plan"] = node
        else:
            if not arrow:
                raise UsageError(f"line {line.number}: a second plan begins", "give one plan at a time")
            self._close(column)
            if not self._stack:
                raise UsageError(f"line {line.number}: the indentation of this node fits none above it", _HINT)
            parent = self._stack[-1][1]
            node["Parent Relationship"] = self._relationship(parent)
            if self._label is not None:
                node["Subplan Name"] = self._label
            parent.setdefault("Plans", []).append(node)
        self._label = None
        self._stack.append((column, node))
        self._latest = node

    def _close(self, column: int) -> None:
        """The nodes end that stand at this column or right of it."""
        while self._stack and self._stack[-1][0] >= column:
            self._stack.pop()
        if self._stack:
            self._latest = self._stack[-1][1]

    def _relationship(self, parent: dict[str, Any]) -> str:
        if self._label is not None:
            return "SubPlan" if self._label.startswith("SubPlan") else "InitPlan"
        if parent["Node Type"] in _MEMBERS:
            return "Member"
        if parent["Node Type"] == "Subquery Scan":
            return "Subquery"
        before = [one for one in parent.get("Plans", ()) if "Subplan Name" not in one]
        return "Inner" if before and parent["Node Type"] in (*_JOINS, "Recursive Union", "SetOp") else "Outer"

    def _property(self, line: Line, key: str, value: str) -> None:
        owner = self._latest
        for column, node in reversed(self._stack):
            if column < line.column:
                owner = node
                break
        workers = owner.get("Workers")
        depth = next((column for column, node in self._stack if node is owner), 0)
        if workers and line.column > depth + 2:
            owner = workers[-1]
        owner.update(read_property(key, value, str(owner.get("Node Type"))))

    def _worker(self, number_: int, text: str) -> None:
        workers = self._latest.setdefault("Workers", [])
        if not workers or workers[-1]["Worker Number"] != number_:
            workers.append({"Worker Number": number_})
        if times := _WORKER_TIMES.match(text):
            if times[1]:
                workers[-1] |= {"Actual Startup Time": float(times[1]), "Actual Total Time": float(times[2])}
            workers[-1] |= {"Actual Rows": float(times[3]), "Actual Loops": int(times[4])}
        elif found := _PROPERTY.match(text):
            workers[-1].update(read_property(found[1], (found[2] or "").strip(), str(self._latest["Node Type"])))

    def _whole(self, line: Line) -> None:
        """A line of the whole plan: it stands where the root stands."""
        if read_node(line.text.removeprefix("->").lstrip(), timed=False) is not None:
            raise UsageError(f"line {line.number}: a second plan begins", "give one plan at a time")
        if trigger := _TRIGGER.match(line.text):
            self._trigger(trigger)
            self._section = "Trigger"
            return
        key, colon, value = line.text.partition(":")
        if not colon or key not in _SECTIONS:
            raise UsageError(f"line {line.number}: this is no part of a plan: {_shown(line.text)}", _HINT)
        self._section = key
        if key == "Settings":
            self._document[key] = {name: text.replace("''", "'") for name, text in _SETTING.findall(value)}
        elif value.strip():
            self._document[key] = number(value.strip())

    def _trigger(self, found: re.Match[str]) -> None:
        trigger: dict[str, Any] = {"Calls": float(found["calls"])}
        if found["time"]:
            trigger["Time"] = float(found["time"])
        for group, key in (("name", "Trigger Name"), ("constraint", "Constraint Name"), ("relation", "Relation")):
            if found[group]:
                trigger[key] = found[group].strip('"')
        self._document.setdefault("Triggers", []).append(trigger)

    def _within_section(self, line: Line) -> None:
        key, _, value = line.text.partition(":")
        if self._section == "JIT" and key == "Timing":
            total = re.search(r"Total ([\d.]+) ms", value)
            if total:
                self._document["JIT"] = {"Timing": {"Total": float(total[1])}}
        elif self._section == "Planning" and key == "Buffers":
            self._document["Planning"] = buffers(value.strip())


_HINT = "give the whole output of EXPLAIN, without lines cut off or wrapped"


def _add_zeros(node: dict[str, Any]) -> None:
    """What JSON has as 0 of a node that was executed, and text leaves out."""
    if "Actual Loops" not in node:
        return
    if "Filter" in node:
        node.setdefault("Rows Removed by Filter", 0)
    if "Join Filter" in node:
        node.setdefault("Rows Removed by Join Filter", 0)
    indexed = node["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" in node
    if indexed or "Recheck Cond" in node:
        node.setdefault("Rows Removed by Index Recheck", 0)
    if node["Node Type"] == "Bitmap Heap Scan":
        node.setdefault("Exact Heap Blocks", 0)
        node.setdefault("Lossy Heap Blocks", 0)


def _open(text: str) -> bool:
    """Whether a quote is open at the end: the next line belongs to it."""
    outside = re.sub(r'"(?:[^"]|"")*"', "", text) if text.count('"') % 2 == 0 else text
    return outside.count("'") % 2 == 1


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _walk(root: dict[str, Any]) -> list[dict[str, Any]]:
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(node.get("Plans", ()))
    return found
