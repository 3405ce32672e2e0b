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
    """`role`: first_page, next_page, previous_page, count, rewrite."""

    role: str
    when: str | None = None
    sql: str
    parameters: tuple[RewriteParameter, ...] = ()


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` compared, `mismatches` found; `method`: adjacency, multiset, sampled."""

    method: str
    rows: int
    mismatches: int


class Rewrite(msgspec.Struct, frozen=True, kw_only=True):
    statement: str
    """fingerprint."""
    kind: str
    before: str
    status: RewriteStatus
    reason: str | None = None
    statements: tuple[RewriteStatement, ...] = ()
    index_sql: str | None = None
    conditions: tuple[str, ...] = ()
    evidence: dict[str, Any] = {}
    proof: Proof | None = None
    blocks_before: int | None = None
    blocks_after: int | None = None
