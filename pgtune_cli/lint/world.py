"""One analysis, looked up by name. Built once; shapes are read when they are first asked for."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from pgtune_cli.explain.derive import indexes_used, walk
from pgtune_cli.lint.shapes import Shapes
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import (
    Column,
    Constraint,
    ExtendedStatistics,
    Index,
    Relation,
    RelationKind,
    RelationName,
    Sequence,
)
from pgtune_cli.model.plan import PlanNode, StatementPlan
from pgtune_cli.model.snapshot import ColumnStatistics, IndexUsage, Skipped, TableUsage
from pgtune_cli.model.statement import SEEN_ORIGINS, Statement
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import Shape, StatementKind
from pgtune_cli.sql.uniqueness import TableKeys, Uniqueness

T = TypeVar("T")
KEPT_STATEMENTS = 16
OWN_VALUES = SEEN_ORIGINS | {"literal"}
"""origins of values that the application itself used."""
UNSEEN = 10.0
"""times the longest call, and times the blocks of the average one: a cold cache explains the first, never both."""
COUNTERS = (
    "seq_scan", "seq_tup_read", "idx_scan", "n_tup_ins", "n_tup_upd", "n_tup_del", "n_tup_hot_upd", "n_live_tup",
    "n_dead_tup", "n_mod_since_analyze",
)  # fmt: skip
"""what partitions have counted adds up."""
WHOLE_TABLE_SCANS = {"Seq Scan", "Sample Scan"}


class Reader(msgspec.Struct, frozen=True):
    """A SELECT and the tables of its outermost FROM."""

    statement: Statement
    tables: frozenset[RelationName]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts of others need of a statement: small, so that it can be kept of all."""

    statement: Statement
    kind: StatementKind
    target: RelationName | None
    assigned: tuple[str, ...]
    relations: frozenset[RelationName]
    outermost: frozenset[RelationName]
    """the tables of a SELECT's outermost FROM, unless it groups."""


class World:
    """The catalog, statistics, counters, statements and plans that facts are computed from."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.snapshot = analysis.snapshot
        self.skipped: list[Skipped] = []
        self._shapes = Shapes(self.snapshot.catalog, self.search_path, self._not_read)
        self.raw_texts: dict[str, set[str]] | None = None
        self._kept: dict[str, dict[str, Any]] = {}

    # the catalog

    @cached_property
    def relations(self) -> Mapping[RelationName, Relation]:
        return {relation.relation_name: relation for relation in self.snapshot.catalog.relations}

    @cached_property
    def indexes(self) -> Mapping[RelationName, list[Index]]:
        return _grouped((index.table, index) for index in self.snapshot.catalog.indexes)

    @cached_property
    def constraints(self) -> Mapping[RelationName, list[Constraint]]:
        return _grouped((constraint.table, constraint) for constraint in self.snapshot.catalog.constraints)

    @cached_property
    def sequences(self) -> Mapping[tuple[RelationName, str], Sequence]:
        """By the table and the column that they fill."""
        return {
            (sequence.table, sequence.column): sequence
            for sequence in self.snapshot.catalog.sequences
            if sequence.table is not None and sequence.column is not None
        }

    @cached_property
    def extended_statistics(self) -> Mapping[RelationName, list[ExtendedStatistics]]:
        return _grouped((item.table, item) for item in self.snapshot.catalog.extended_statistics)

    def column(self, table: RelationName, name: str) -> Column | None:
        relation = self.relations.get(table)
        return relation.column(name) if relation is not None else None

    def rows(self, table: RelationName) -> float | None:
        """Rows by the last count, or by the counters where the table was never counted; of all partitions."""
        relation = self.relations.get(table)
        if relation is not None and relation.reltuples is not None:
            return relation.reltuples
        if self.is_partitioned(table):
            counted = [self.rows(leaf.relation_name) for leaf in self.leaves(table) if not _is_empty(leaf)]
            return None if None in counted else float(sum(count or 0.0 for count in counted))
        usage = self.usage.get(table)
        return float(usage.n_live_tup) if usage is not None and usage.n_live_tup else None

    @cached_property
    def partitions(self) -> Mapping[RelationName, list[Relation]]:
        return _grouped(
            (relation.partition_of, relation)
            for relation in self.snapshot.catalog.relations
            if relation.partition_of is not None
        )

    def leaves(self, table: RelationName) -> list[Relation]:
        """The partitions of a partitioned table that hold rows themselves, at any depth."""
        found = []
        for part in self.partitions.get(table, []):
            found += self.leaves(part.relation_name) if part.kind is RelationKind.PARTITIONED else [part]
        return found

    @cached_property
    def attached(self) -> Mapping[RelationName, list[Index]]:
        """By the index of a partitioned table, those of its partitions that belong to it."""
        return _grouped(
            (index.partition_of, index) for index in self.snapshot.catalog.indexes if index.partition_of is not None
        )

    def stored(self, index: Index) -> list[Index]:
        """The index itself; of a partitioned table's index those attached to it, at any depth, that hold the keys."""
        if not self.is_partitioned(index.table):
            return [index]
        return [leaf for part in self.attached.get(index.index_name, []) for leaf in self.stored(part)]

    def is_partitioned(self, table: RelationName) -> bool:
        relation = self.relations.get(table)
        return relation is not None and relation.kind is RelationKind.PARTITIONED

    def size_bytes(self, table: RelationName) -> int | None:
        """The main fork; of all partitions."""
        relation = self.relations.get(table)
        if relation is None:
            return None
        if relation.kind is RelationKind.PARTITIONED:
            sizes = [self.size_bytes(leaf.relation_name) for leaf in self.leaves(table)]
            return None if None in sizes else sum(size or 0 for size in sizes)
        pages = relation.pages if relation.pages is not None else relation.relpages or None
        return pages * self.snapshot.server.block_size if pages is not None else None

    # statistics and counters

    @cached_property
    def statistics(self) -> Mapping[tuple[str, str, str], ColumnStatistics]:
        """By schema, table and column; a partitioned table's own rows win over those of itself alone."""
        ordered = sorted(self.snapshot.statistics, key=lambda item: item.inherited)
        return {(item.schema, item.table, item.column): item for item in ordered}

    def column_statistics(self, table: RelationName, column: str) -> ColumnStatistics | None:
        return self.statistics.get((table.schema, table.name, column))

    @cached_property
    def analyzed_tables(self) -> frozenset[RelationName]:
        return frozenset(RelationName(item.schema, item.table) for item in self.snapshot.statistics)

    def distinct(self, table: RelationName, column: str) -> float | None:
        """How many distinct values a column has."""
        statistics, rows = self.column_statistics(table, column), self.rows(table)
        if statistics is None:
            return None
        if statistics.n_distinct >= 0:
            return statistics.n_distinct or None
        return -statistics.n_distinct * rows if rows is not None else None

    @cached_property
    def usage(self) -> Mapping[RelationName, TableUsage]:
        return {usage.table: usage for usage in self.snapshot.usage.tables}

    def total_usage(self, table: RelationName) -> TableUsage | None:
        """Of a table; of a partitioned one the sum over its partitions, None where that of one is unknown."""
        if not self.is_partitioned(table):
            return self.usage.get(table)
        found = [self.usage.get(leaf.relation_name) for leaf in self.leaves(table) if leaf.kind is RelationKind.TABLE]
        known = [each for each in found if each is not None]
        if not found or len(known) < len(found):
            return None
        total: dict[str, Any] = {name: sum(getattr(each, name) or 0 for each in known) for name in COUNTERS}
        return TableUsage(table=table, **total)

    @cached_property
    def index_usage(self) -> Mapping[RelationName, IndexUsage]:
        return {usage.index: usage for usage in self.snapshot.usage.indexes}

    @cached_property
    def keys(self) -> TableKeys:
        """The unique keys of all tables."""
        return TableKeys(self.snapshot.catalog)

    def uniqueness(self, shape: Shape) -> Uniqueness:
        """What tells the rows of a statement's blocks apart."""
        return Uniqueness(self.keys, shape.blocks)

    # statements

    @cached_property
    def statements(self) -> Mapping[str, Statement]:
        return {statement.fingerprint: statement for statement in self.analysis.statements}

    @property
    def measured(self) -> bool:
        """Whether the statements' costs were measured; files of SQL have none."""
        return self.snapshot.workload.source == "pg_stat_statements"

    @property
    def seconds(self) -> float | None:
        """The time that the statements' counters cover."""
        window = self.snapshot.workload.window
        return window.seconds if window.seconds is not None else window.age_seconds

    @cached_property
    def search_path(self) -> tuple[str, ...]:
        return search_path_of(self.snapshot.server)

    def once(self, statement: Statement, key: str, build: Callable[[], T]) -> T:
        """What several facts need of one statement: built once, kept for a few statements, those that came last."""
        kept = self._kept.get(statement.fingerprint)
        if kept is None:
            if len(self._kept) == KEPT_STATEMENTS:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[statement.fingerprint] = {}
        if key not in kept:
            kept[key] = build()
        found: T = kept[key]
        return found

    def read_shapes(self) -> None:
        """Read the texts of all statements, which pays when there are thousands."""
        self._shapes.read_all(self.analysis.statements)

    def shape(self, statement: Statement) -> Shape | None:
        """What the statement does; None when its text cannot be read."""
        return self.once(statement, "shape", lambda: self._shape_of(statement.query, statement))

    def _shape_of(self, text: str, statement: Statement) -> Shape | None:
        return self._shapes.of(text, f"statement {statement.fingerprint}")

    def _not_read(self, what: str, why: str) -> None:
        self.skipped.append(Skipped(what, f"its text could not be judged: {why}"))

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """What each statement that can be read does, in one pass over the shapes."""
        found = ((statement, self.shape(statement)) for statement in self.analysis.statements)
        return tuple(_effect(statement, shape) for statement, shape in found if shape is not None)

    @cached_property
    def updates(self) -> Mapping[RelationName, list[tuple[Statement, tuple[str, ...]]]]:
        """The UPDATEs of each table, with the columns that they set."""
        return _grouped(
            (effect.target, (effect.statement, effect.assigned))
            for effect in self.effects
            if effect.kind is StatementKind.UPDATE and effect.target is not None
        )

    @cached_property
    def write_calls(self) -> Mapping[RelationName, int]:
        """Calls of the statements that write to each table."""
        found: Counter[RelationName] = Counter()
        for effect in self.effects:
            if effect.target is not None and effect.kind is not StatementKind.SELECT:
                found[effect.target] += effect.statement.calls
        return found

    @cached_property
    def users(self) -> Mapping[RelationName, list[Statement]]:
        """The statements that read or write each relation."""
        return _grouped((name, effect.statement) for effect in self.effects for name in effect.relations)

    @cached_property
    def multi_row_readers(self) -> Mapping[RelationName, list[Reader]]:
        """SELECTs that return more than one row a call, by the tables of their outermost FROM; none that group."""
        readers = (
            Reader(effect.statement, effect.outermost)
            for effect in self.effects
            if effect.outermost and effect.statement.rows > effect.statement.calls > 0
        )
        return _grouped((name, reader) for reader in readers for name in reader.tables)

    @cached_property
    def inserts(self) -> Mapping[RelationName, list[Statement]]:
        """The INSERTs, by the table that they write to."""
        return _grouped(
            (effect.target, effect.statement)
            for effect in self.effects
            if effect.kind is StatementKind.INSERT and effect.target is not None
        )

    @cached_property
    def calls(self) -> int:
        """Of all statements."""
        return sum(statement.calls for statement in self.analysis.statements)

    def sample_shapes(self, statement: Statement) -> list[Shape]:
        """Shapes of the texts with literals that were seen of a statement."""
        shapes = (self._shape_of(text, statement) for text in statement.samples[:20])
        return [found for found in shapes if found is not None]

    # plans

    def plans(self, fingerprint: str) -> list[StatementPlan]:
        """The plans to judge: the executed ones, else the one of record. The server's own come first."""
        own = self.all_plans(fingerprint)
        executed = [plan for plan in own if plan.executed]
        statement = self.statements.get(fingerprint)
        if statement is None or not self.measured:
            return executed or own[:1]
        return [plan for plan in executed if not never_happened(plan, statement)] or executed or own[:1]

    @cached_property
    def indexes_in_plans(self) -> frozenset[str]:
        """Bare names of the indexes that any plan of the server's own schema uses."""
        made = (plan for found in self.analysis.plans.values() for plan in found.plans)
        return frozenset(name.name for plan in made for name in indexes_used(plan.plan))

    def all_plans(self, fingerprint: str) -> list[StatementPlan]:
        """Every plan of a statement from the best source, whatever values it was made with."""
        found = self.analysis.plans.get(fingerprint)
        plans = list(found.plans) if found is not None else []
        return [plan for plan in plans if plan.source != "clone"] or plans

    def scans(self, fingerprint: str, table: RelationName) -> list[PlanNode]:
        """The nodes of the judged plans that read a table, or one of its partitions."""
        statement = self.statements.get(fingerprint)
        scans = (
            self._scans(fingerprint)
            if statement is None
            else self.once(statement, "scans", lambda: self._scans(fingerprint))
        )
        return [node for name, node in scans if self._is_part(name, table)]

    def _scans(self, fingerprint: str) -> list[tuple[RelationName, PlanNode]]:
        nodes = (placed.node for plan in self.plans(fingerprint) for placed in walk(plan.plan))
        return [(name, node) for node in nodes if (name := self.relation_of(node)) is not None]

    def relation_of(self, node: PlanNode) -> RelationName | None:
        """The relation that a node reads; plans made without VERBOSE name no schema."""
        if node.relation is None:
            return None
        if node.schema:
            return RelationName(node.schema, node.relation)
        names = [RelationName(schema, node.relation) for schema in self.search_path]
        return next((name for name in names if name in self.relations), None)

    def _is_part(self, name: RelationName, table: RelationName) -> bool:
        while name != table:
            relation = self.relations.get(name)
            if relation is None or relation.partition_of is None:
                return False
            name = relation.partition_of
        return True

    def reads_whole_table(self, fingerprint: str, table: RelationName) -> bool | None:
        """Whether a judged plan scans all of a table; None without a plan that reads it."""
        nodes = self.scans(fingerprint, table)
        return any(node.node_type in WHOLE_TABLE_SCANS for node in nodes) if nodes else None


def never_happened(made: StatementPlan, statement: Statement) -> bool:
    """Its values were guessed, and no measured call was near what it took: the application never asks for such."""
    longest, time, blocks = statement.max_exec_time_ms, made.execution_time_ms, made.blocks
    if made.parameters.origin in OWN_VALUES or not longest or time is None or blocks is None:
        return False
    mean_blocks = (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)
    return time > UNSEEN * longest and blocks > UNSEEN * max(mean_blocks, 1.0)


def _effect(statement: Statement, shape: Shape) -> Effect:
    block = shape.outermost if shape.kind is StatementKind.SELECT else None
    names = {table.relation for table in block.tables} if block is not None and not block.group_by else set()
    return Effect(
        statement=statement,
        kind=shape.kind,
        target=shape.target,
        assigned=shape.assigned,
        relations=frozenset(shape.relations),
        outermost=frozenset(name for name in names if name is not None),
    )


def _is_empty(relation: Relation) -> bool:
    return relation.pages == 0


def _grouped(pairs: Iterable[tuple[RelationName, T]]) -> dict[RelationName, list[T]]:
    groups: defaultdict[RelationName, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
