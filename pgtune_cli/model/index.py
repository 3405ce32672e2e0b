"""Index advice: candidates, what the planner says of them, and the set that was chosen."""

from typing import Any

import msgspec

from pgtune_cli.model.catalog import IndexKey, RelationName


class CandidateIndex(msgspec.Struct, frozen=True, kw_only=True):
    """An index that does not exist. Equal structures are the same candidate."""

    table: RelationName
    method: str = "btree"
    keys: tuple[IndexKey, ...]
    include: tuple[str, ...] = ()
    predicate: str | None = None
    unique: bool = False


class StatementBenefit(msgspec.Struct, frozen=True, kw_only=True):
    """A statement whose plan uses the index."""

    fingerprint: str
    cost_before: float
    """a call, with the values whose plan uses the index."""
    cost_after: float
    calls: int = 0
    values: tuple[str, ...] = ()
    """names of those sets of values, where the plans of others do not use it."""
    saved: float | None = None
    """the fraction of the statement's cost, over all its values, that this index saves, by itself where several do."""
    plan_before: tuple[str, ...] = ()
    """one indented line a node, of the first of those values."""
    plan_after: tuple[str, ...] = ()

    @property
    def condition(self) -> str:
        """` with the common and rare values`; empty where that is all."""
        return f" with the {' and '.join(self.values)} values" if self.values else ""


class ForeignKeyBenefit(msgspec.Struct, frozen=True, kw_only=True):
    """What PostgreSQL asks of the referencing table by itself when a referenced row goes, or gets another key."""

    name: str
    """of the constraint."""
    relation: str
    """the referencing table."""
    references: str
    cost_before: float
    """of one look-up, as below."""
    cost_after: float
    calls: int = 0
    """look-ups in the window."""
    plan_before: tuple[str, ...] = ()
    plan_after: tuple[str, ...] = ()


class ChosenIndex(msgspec.Struct, frozen=True, kw_only=True):
    sql: str
    """the bare CREATE INDEX CONCURRENTLY; a plain CREATE INDEX on a partitioned table, which holds off its writers."""
    steps: tuple[str, ...]
    """the whole script: timeouts, the statement, what follows it. It may be run again."""
    rollback_sql: str
    name: str
    relation: str
    columns: tuple[str, ...]
    size_bytes: int
    benefit: float
    """planner cost saved over the workload, weighted by calls."""
    write_cost: float
    evidence: dict[str, Any]
    statements: tuple[StatementBenefit, ...]
    confidence: str
    why: str
    rollback_steps: tuple[str | None, ...] = ()
    """what undoes each of `steps`, in their order; to be run from the last to the first."""
    leaves: tuple[str, ...] = ()
    """the indexes that are built, qualified and quoted: its own, or one for each partition."""
    definition: CandidateIndex | None = None
    measured_bytes: int | None = None
    """its size in the trial."""
    near_misses: tuple["RejectedIndex", ...] = ()
    """others on the table, and why they were rejected."""
    foreign_keys: tuple[ForeignKeyBenefit, ...] = ()
    """whose look-ups it serves: they are no statements of the workload."""

    @property
    def served(self) -> tuple[StatementBenefit | ForeignKeyBenefit, ...]:
        """What gains most first."""
        found: list[StatementBenefit | ForeignKeyBenefit] = [*self.statements, *self.foreign_keys]
        return tuple(sorted(found, key=lambda one: -max(one.calls, 1) * (one.cost_before - one.cost_after)))


class PossibleIndex(msgspec.Struct, frozen=True, kw_only=True):
    """It would help if what pg_stat_statements hides is as it seems."""

    sql: str
    reason: str
    evidence: dict[str, Any]


class RejectedIndex(msgspec.Struct, frozen=True):
    """An index; or statistics that were tried in vain, or a drop that lost its proof."""

    sql: str
    reason: str
    relation: str = ""


class DroppedIndex(msgspec.Struct, frozen=True):
    sql: str
    rollback_sql: str
    reason: str
    relation: str = ""
    size_bytes: int | None = None
    rollback_steps: tuple[str, ...] = ()
    """`rollback_sql` so that it may be run again, and what belongs to it; empty where that is empty."""


class StatementTrial(msgspec.Struct, frozen=True, kw_only=True):
    """One statement on the scratch copy, without and with the chosen indexes; times are the least of several runs."""

    fingerprint: str
    blocks_before: int
    blocks_after: int
    time_before_ms: float
    time_after_ms: float
    runs: int = 1
    """without, and as many with."""
    noise: float = 1.0
    """the longest run over the shortest of the same kind."""
    verdict: str = ""
    """faster, slower, same, undecided (by less than the noise); of the time."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    statements: tuple[StatementTrial, ...]
    """those that could be executed there."""
    dropped: tuple[str, ...] = ()
    """what is not advised any more, because it helped none of its statements; and what rested on that."""
    failed: tuple[RejectedIndex, ...] = ()
    """what could not be built there, and why: not measured, and advised as before."""
    notes: tuple[str, ...] = ()
    """why what was measured there may say little of the source."""


class WorseStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One that the chosen set makes dearer, or slower by the work of its plan; by too little not to advise the set."""

    fingerprint: str
    cost_before: float
    cost_after: float
    time_factor: float | None = None
    """predicted time after / before; None where it is not predicted to be slower."""
    reason: str
    foreign_key: bool = False
    """no statement: what PostgreSQL asks by itself to keep the foreign key that is named in place of a fingerprint."""

    @property
    def called(self) -> str:
        """In a sentence."""
        return f"the look-ups of {self.fingerprint}" if self.foreign_key else f"statement {self.fingerprint}"


class SeenEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One place in a plan that was executed: what the planner expected there, and what came, a loop."""

    fingerprint: str
    place: str
    """path of the node: `0.1` is the root's second child."""
    rows_planned: float
    rows_actual: float
    rows_with: float | None = None
    """what the planner would expect with the statistics; None where that was not verified."""


class StatisticsAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics that would have prevented a misestimate that was seen."""

    sql: str
    """the bare CREATE STATISTICS, ALTER TABLE or ANALYZE."""
    steps: tuple[str, ...]
    """the whole script, ANALYZE included. It may be run again."""
    rollback_sql: str
    """empty where there is nothing to undo."""
    rollback_steps: tuple[str | None, ...] = ()
    name: str | None = None
    """of the statistics object."""
    relation: str
    columns: tuple[str, ...]
    """and expressions."""
    kinds: tuple[str, ...]
    """dependencies, mcv, ndistinct, expression; target (of a column), n_distinct (an override), analyze."""
    status: str
    """sampled (the planner's estimate with statistics made of a sample of the table), counted (an executed plan
    counted the groups of the whole table), unverified."""
    reason: str | None = None
    """why it is unverified."""
    sample_rows: int | None = None
    plan_changes: bool = False
    """the plan of one of the statements becomes another."""
    statements: tuple[SeenEstimate, ...]
    evidence: dict[str, Any]
    why: str


class IndexAdvice(msgspec.Struct, frozen=True, kw_only=True):
    engine: str | None = None
    """clone or hypopg; None when no what-if planner was available."""
    workload_cost_before: float | None = None
    workload_cost_after: float | None = None
    optimality_gap: float | None = None
    first: str | None = None
    """what to decide before any index: a setting that makes planner costs no measure of time."""
    planner_calls: int = 0
    storage_bytes: int = 0
    chosen: tuple[ChosenIndex, ...] = ()
    possible: tuple[PossibleIndex, ...] = ()
    rejected: tuple[RejectedIndex, ...] = ()
    dropped: tuple[DroppedIndex, ...] = ()
    trial: Trial | None = None
    worse: tuple[WorseStatement, ...] = ()
    statistics: tuple[StatisticsAdvice, ...] = ()
    """no indexes, and no part of the costs above."""
