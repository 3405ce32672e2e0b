"""Hits of a rule become findings."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.setting_advice import advise_setting
from pgtune_cli.lint.subject import Subject
from pgtune_cli.lint.template import Template
from pgtune_cli.model.finding import Confidence, Finding, Severity, Suggestion

MAX_PLACES = 10
TEXTS = {"drop_advice", "query", "loop_parent_query", "longest_query", "slow_query"}
"""facts that repeat whole statements, which the evidence names by fingerprint, or say what is in the suggestion."""


CAPITALS = ("CTE", "GIN", "HOT", "JIT", "LIKE", "OFFSET", "TOAST", "UUID", "WAL")
SPELLED = {"io": "I/O"} | {word.lower(): word for word in CAPITALS}
"""words of rule names as PostgreSQL spells them."""


class Hit(msgspec.Struct, frozen=True):
    """A subject for which a rule's condition holds."""

    subject: Subject
    possible: bool


def finding_of(rule: Rule, key: tuple[str, ...], hits: list[Hit], service: str | None = None) -> Finding:
    """One finding for all hits of a rule that share a key, told by the worst; asserted ones hide the possible.

    `service`: the managed service that the server is part of.
    """
    asserted = [hit for hit in hits if not hit.possible]
    told = sorted(asserted or hits, key=lambda hit: _rank(rule, hit))
    worst, possible = told[0].subject, not asserted
    places = _unique(hit.subject.place for hit in told if hit.subject.place)
    relations = _unique(hit.subject.relation for hit in told if hit.subject.relation)
    return Finding(
        id=hashlib.sha256("\0".join((rule.id, *key)).encode()).hexdigest()[:12],
        rule=rule.id,
        severity=Severity.INFO if possible else rule.severity,
        confidence=Confidence.LOW if possible else rule.confidence,
        title=_title(rule, worst),
        detail=_detail(rule, worst, len(places)),
        why=rule.why,
        evidence=_evidence(rule, worst, possible, places),
        possible=possible,
        statements=_unique(name for hit in told for name in hit.subject.statements),
        relation=worst.relation or next(iter(relations), None),
        suggestion=_suggestion(rule, worst, service),
        docs=rule.references[0] if rule.references else None,
    )


def _rank(rule: Rule, hit: Hit) -> float:
    """Smaller is worse; equal ones stay in the order of the statements' cost."""
    value = getattr(hit.subject.facts, rule.rank) if rule.rank is not None else None
    return -float(value) if value is not None else 0.0


def _title(rule: Rule, subject: Subject) -> str:
    words = " ".join(SPELLED.get(word, word) for word in rule.name.split("-"))
    return f"{words[0].upper()}{words[1:]}" + (f": {subject.relation}" if subject.relation else "")


def _detail(rule: Rule, subject: Subject, places: int) -> str:
    more = "" if places < 2 else f" The same holds at {places - 1} other place{'' if places == 2 else 's'}."
    return f"{rule.message.render(subject.facts, rule.params)}{more} {rule.why}"


def _evidence(rule: Rule, subject: Subject, possible: bool, places: tuple[str, ...]) -> dict[str, Any]:
    told = rule.suggestion.text.facts if rule.suggestion is not None and rule.suggestion.text is not None else ()
    names = {*rule.when.checked.facts, *rule.message.facts, *told} - TEXTS
    facts = {name: getattr(subject.facts, name) for name in sorted(names)}
    evidence: dict[str, Any] = {"channel": _channel(rule, subject, possible), "facts": facts}
    if places:
        evidence |= {"places": list(places[:MAX_PLACES]), "places_total": len(places)}
    return evidence


def _channel(rule: Rule, subject: Subject, possible: bool) -> str:
    if rule.evidence == "pg_stat_statements" and subject.channel == "workload":
        return "execution"  # files of SQL were counted nowhere; what is known of their cost came of running them
    if rule.evidence != "samples":
        return rule.evidence
    return "text" if possible or subject.channel is None else subject.channel


def _suggestion(rule: Rule, subject: Subject, service: str | None) -> Suggestion | None:
    given = rule.suggestion
    if given is None:
        return None
    text = given.text.render(subject.facts, rule.params).strip() if given.text is not None else None
    if given.setting is not None:
        return advise_setting(given.kind, text or None, given.setting, subject.facts, rule.params, service)
    return Suggestion(
        kind=given.kind, sql=_sql(rule, given.sql, subject), rollback_sql=_sql(rule, given.rollback_sql, subject),
        text=text or None,
    )  # fmt: skip


def _sql(rule: Rule, template: Template | None, subject: Subject) -> str | None:
    """SQL is given whole or not at all."""
    if template is None or any(getattr(subject.facts, name) is None for name in template.facts):
        return None
    return template.render(subject.facts, rule.params)


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
