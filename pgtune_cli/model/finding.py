"""Findings: what a rule, a rewriter or the gate says about the database."""

from enum import StrEnum
from typing import Any

import msgspec


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return ("info", "warning", "error").index(self.value)


class Confidence(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """`kind`: index, drop_index, rewrite, statistics, setting, schema, application."""

    kind: str
    sql: str | None = None
    rollback_sql: str | None = None
    text: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """stable between runs: a hash of rule, relation, statements and place."""
    rule: str
    severity: Severity
    confidence: Confidence
    title: str
    detail: str
    """what was found, then `why`."""
    why: str = ""
    """what it means, in the rule's words: the end of `detail`; the same for every finding of the rule."""
    evidence: dict[str, Any]
    """always has `channel`: plan, execution, text, catalog, statistics, pg_stat_statements, usage, pg_stat_activity,
    workload."""
    possible: bool = False
    """the evidence channel cannot show it: never asserted, info at most."""
    statements: tuple[str, ...] = ()
    relation: str | None = None
    suggestion: Suggestion | None = None
    docs: str | None = None


class Suppressed(msgspec.Struct, frozen=True, kw_only=True):
    """Findings that were left out of a report because somebody said so, or a saying that came to nothing."""

    state: str
    """active, expired (its findings are reported again), or unused (nothing it speaks of was found)."""
    origin: str
    """pgtune.yaml, or comment (in the statement's text)."""
    rule: str | None = None
    relation: str | None = None
    statement: str | None = None
    reason: str
    author: str | None = None
    expires: str | None = None
    """ISO date, the last day."""
    findings: tuple[str, ...] = ()
    """ids of those that it left out; of an expired one, those that it would leave out."""


class NearMiss(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that did not hold for want of one number."""

    rule: str
    relation: str | None = None
    statements: tuple[str, ...] = ()
    place: str = ""
    unmet: str
    """the part of the condition that did not hold."""
    value: float
    threshold: float
