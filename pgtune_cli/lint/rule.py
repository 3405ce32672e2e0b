"""A rule, read and checked."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from pgtune_cli.lint.condition import Condition
from pgtune_cli.lint.setting_advice import RuleSetting
from pgtune_cli.lint.template import Template
from pgtune_cli.lint.types import Fact, Type, facts_of
from pgtune_cli.model.finding import Confidence, Severity

CHANNELS = (
    "plan", "execution", "text", "catalog", "statistics", "pg_stat_statements", "usage", "samples",
)  # fmt: skip
"""where a finding's evidence comes from; `samples` becomes the channel that the statement's literals were seen in."""
SUGGESTION_KINDS = ("index", "drop_index", "rewrite", "statistics", "setting", "schema", "application")
NEEDS = {
    "analyze": "EXPLAIN ANALYZE of the statement",
    "buffers": "EXPLAIN (ANALYZE, BUFFERS) of the statement",
    "plan": "a plan of the statement",
    "statistics": "planner statistics (ANALYZE the table, and the right to read pg_stats)",
    "workload": "pg_stat_statements",
    "usage": "the usage counters of pg_stat_user_tables and pg_stat_user_indexes",
    "sizes": "the right to read relation sizes",
    "positions": "the position of the column's sequence, or its statistics",
    "position": "the position of the sequence (it was used, and the right to read it)",
    "io": "the block counters of pg_statio_user_tables",
    "newpage": "updates counted by PostgreSQL 16 or later",
    "server_state": "what the server counted and was doing, in a snapshot of this version of pgtune",
    "utility": "utility statements (pg_stat_statements.track_utility), in a snapshot of this version of pgtune",
    "planning": "pg_stat_statements.track_planning",
    "period": "the time that the statements' counters cover (PostgreSQL 14 or later, or --window)",
    "workers": "parallel workers counted by PostgreSQL 18 or later",
    "io_timing": "track_io_timing",
    "session_counters": "sessions counted by PostgreSQL 14 or later",
    "sessions": "pg_stat_activity of all roles (pg_read_all_stats)",
    "literals": "literals of the statement (--window, --workload or --params)",
    "settings": "the settings of the server",
    "shape": "a statement text that can be read and resolved against the catalog",
}
"""what may be missing, in words."""


class Merge(StrEnum):
    """What one finding of a rule speaks about; several places on it make one finding."""

    STATEMENT = "statement"
    RELATION = "relation"
    PLACE = "place"


class RuleSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    text: Template | None = None
    sql: Template | None = None
    rollback_sql: Template | None = None
    setting: RuleSetting | None = None
    """in place of `sql`."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    severity: Severity
    confidence: Confidence
    subject: str
    needs: tuple[str, ...]
    params: Mapping[str, Any]
    param_types: Mapping[str, Type]
    when: Condition
    possible: Condition | None = None
    """where it holds, the evidence cannot show the fault: the finding is possible only."""
    rank: str | None = None
    """the numeric fact by which the worst of several merged places is told."""
    message: Template
    why: str
    suggestion: RuleSuggestion | None = None
    references: tuple[str, ...] = ()
    min_version: int | None = None
    max_version: int | None = None
    evidence: str
    merge: Merge
    source: str
    """the file, as shown to the user."""

    @property
    def area(self) -> str:
        return self.id.rstrip("0123456789")


class SubjectKind(msgspec.Struct, frozen=True):
    """A kind of subject: how rules call it, and what is known of one."""

    name: str
    variable: str
    description: str
    structure: Any
    """the class of its facts: a msgspec.Struct, or LazyFacts."""
    merge: Merge
    evidence: str

    @property
    def facts(self) -> dict[str, Fact]:
        return facts_of(self.structure)
