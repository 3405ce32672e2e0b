"""Holding a report of the demo to demo/expected.yaml, in both directions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pgtune_cli.demo.workload import STATEMENTS
from pgtune_cli.model.finding import Finding
from pgtune_cli.model.index import ChosenIndex
from pgtune_cli.model.report import Report
from pgtune_cli.model.rewrite import RewriteStatus
from pgtune_cli.sql.fingerprint import fingerprint

Entry = Mapping[str, Any]
Fault = Mapping[str, Any]


@dataclass(frozen=True)
class Reported:
    """One thing that the report says, in the words of expected.yaml. `key` is the entry's own: rule, index, …"""

    key: str
    value: str
    text: str
    statements: frozenset[str] = frozenset()
    relation: str | None = None
    places: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    possible: bool = False


def compare_with_expected(report: Report, expected: Mapping[str, Any]) -> list[str]:
    """What is missing and what is too much; empty when the report is as it should be."""
    said = list(reported(report))
    faults: list[Fault] = expected["faults"]
    missing = [
        f"not found: {fault['name']}: {_describe(entry)}"
        for fault in faults
        for entry in fault["found_by"]
        if not any(_shows(item, entry, fault) for item in said)
    ]
    claims = [(entry, fault) for fault in faults for entry in (*fault["found_by"], *fault.get("also", ()))]
    unexpected = [
        f"not expected: {item.text}{_why_healthy(item, expected['healthy'])}"
        for item in said
        if not any(_accounts_for(item, entry, fault) for entry, fault in claims)
    ]
    return missing + unexpected


def reported(report: Report) -> Iterator[Reported]:
    """Findings, advised, possible and dropped indexes, and rewrites that were not refused."""
    for finding in report.findings:
        yield _of_finding(finding)
    for index in report.indexes.chosen:
        yield _of_index(index)
    for possible in report.indexes.possible:
        yield Reported("possible_index", _table_of(possible.sql), possible.sql, possible=True)
    for dropped in report.indexes.dropped:
        yield Reported("drop", _last_name(dropped.sql), dropped.sql)
    for rewrite in report.rewrites:
        if rewrite.status is not RewriteStatus.REFUSED:
            names = names_of([rewrite.statement])
            text = f"rewrite {rewrite.kind} of {_listed(names)}"
            yield Reported("rewrite", rewrite.kind, text, names, possible=rewrite.possible)


def names_of(fingerprints: Iterable[str]) -> frozenset[str]:
    """The workload's statements with these fingerprints; two of them share a text."""
    return frozenset(name for key in fingerprints for name in _names_by_fingerprint().get(key, ()))


@cache
def _names_by_fingerprint() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for statement in STATEMENTS:
        names.setdefault(fingerprint(statement.sql), []).append(statement.name)
    return names


def _of_finding(finding: Finding) -> Reported:
    names = names_of(finding.statements)
    places = frozenset(str(place) for place in finding.evidence.get("places", ()))
    where = ", ".join(part for part in (_listed(names), finding.relation, _listed(places)) if part)
    certainty = "possible" if finding.possible else finding.severity.value
    text = f"{finding.rule} ({certainty}) on {where or 'the server'}: {finding.title}"
    return Reported("rule", finding.rule, text, names, _bare(finding.relation), places, (), finding.possible)


def _of_index(index: ChosenIndex) -> Reported:
    names = names_of(benefit.fingerprint for benefit in index.statements)
    text = f"{index.sql} (for {_listed(names)})"
    relation = _bare(index.relation)
    return Reported("index", relation or "", text, names, relation, columns=index.columns)


def _shows(item: Reported, entry: Entry, fault: Fault) -> bool:
    """Whether the item shows the fault, with the certainty that its evidence allows."""
    if "any_of" in entry:
        return any(_shows(item, one, fault) for one in entry["any_of"])
    possible = bool(entry.get("possible", fault.get("possible", False)))
    return (item.possible == possible or item.key == "possible_index") and _matches(item, entry, fault)


def _accounts_for(item: Reported, entry: Entry, fault: Fault) -> bool:
    """Whether the fault explains why the item is there. What is only possible may not be asserted."""
    if "any_of" in entry:
        return any(_accounts_for(item, one, fault) for one in entry["any_of"])
    return (item.possible or not fault.get("possible", False)) and _matches(item, entry, fault)


def _matches(item: Reported, entry: Entry, fault: Fault) -> bool:
    if entry.get(item.key) != item.value:
        return False
    where = fault["where"]
    if item.key == "rule":
        about = item.statements & set(where.get("statements", ())) or item.relation in where.get("relations", ())
        return bool(about) and ("places" not in entry or (bool(item.places) and item.places <= set(entry["places"])))
    if item.key == "index":
        return _serves(item, entry, where)
    return item.key != "rewrite" or bool(item.statements & set(where.get("statements", ())))


def _serves(item: Reported, entry: Entry, where: Mapping[str, Any]) -> bool:
    if "expression" in entry:
        return entry["expression"] in item.text
    if "equality" not in entry:
        return item.statements <= set(where.get("statements", ()))
    equality, order = entry["equality"], entry.get("order", [])
    leading, following = item.columns[: len(equality)], item.columns[len(equality) :]
    return set(leading) == set(equality) and list(following[: len(order)]) == list(order)


def _why_healthy(item: Reported, healthy: Iterable[Entry]) -> str:
    reasons = [
        f"; healthy: {entry['why']}"
        for entry in healthy
        if entry.get("statement") in item.statements or ("relation" in entry and entry["relation"] == item.relation)
    ]
    return "".join(reasons)


def _describe(entry: Entry) -> str:
    if "any_of" in entry:
        return " or ".join(_describe(one) for one in entry["any_of"])
    return ", ".join(f"{key} {value}" for key, value in entry.items())


def _bare(relation: str | None) -> str | None:
    return relation.removeprefix("public.") if relation else None


def _table_of(index_sql: str) -> str:
    found = re.search(r"\bON\s+(?:ONLY\s+)?(?:public\.)?(\w+)", index_sql)
    return found[1] if found else ""


def _last_name(drop_sql: str) -> str:
    return str(re.findall(r"\w+", drop_sql)[-1])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
