"""Rewrites of a statement's text, with the proof that the rows are the same."""

from enum import StrEnum
from typing import Any

import msgspec


class RewriteStatus(StrEnum):
    PROVEN = "proven"
    SAMPLED = "sampled"
    CONDITIONS = "conditions"
    REFUSED = "refused"


class RewriteParameter(msgspec.Struct, frozen=True):
    position: int
    type: str
    source: str
    """what the application binds: `created_at of the last row of the page`, `page size`, `$1 of the original`."""


class RewriteStatement(msgspec.Struct, frozen=True, kw_only=True):
    """`role`: first_page, next_page, previous_page, deferred_join, boundaries, count, rewrite."""

    role: str
    when: str | None = None
    sql: str
    parameters: tuple[RewriteParameter, ...] = ()


class RewriteCursor(msgspec.Struct, frozen=True, kw_only=True):
    """One value that the application carries from page to page, as text."""

    name: str
    sql: str
    """what to select for it, in the statement's own names."""
    type: str | None
    """format_type(); None where no server was there to tell the type of an expression."""
    nullable: bool
    column: str | None
    """the result column that returns it already."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` compared, `mismatches` found; `method`: adjacency, multiset, sampled."""

    method: str
    rows: int
    mismatches: int
    samples: int | None = None
    """pages (or sets of values) that were compared as well, or instead."""
    missed: float | None = None
    """sampled: the chance that a fault in one of a hundred places went unseen."""


class Rewrite(msgspec.Struct, frozen=True, kw_only=True):
    statement: str
    """fingerprint."""
    kind: str
    before: str
    status: RewriteStatus
    reason: str | None = None
    possible: bool = False
    """a suggestion only: what decides it is hidden from the evidence."""
    case: str | None = None
    """refused: the reason in one word, stable."""
    statements: tuple[RewriteStatement, ...] = ()
    index_sql: str | None = None
    conditions: tuple[str, ...] = ()
    evidence: dict[str, Any] = {}
    proof: Proof | None = None
    blocks_before: int | None = None
    blocks_after: int | None = None
    """executed: at a page in the middle of the rows for pagination, else of one call."""
    cost_before: float | None = None
    cost_after: float | None = None
    """planned, with the same values on both sides, and with the index that it needs."""
    cost_engine: str | None = None
    """clone, hypopg, or server."""
    cursor: tuple[RewriteCursor, ...] = ()
    sketches: dict[str, str] = {}
    """the same in an application: `sqlalchemy`, `django`."""
