"""The catalog, planner statistics and counters of one analysis, looked up by name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

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
from pgtune_cli.model.snapshot import ColumnStatistics, IndexUsage, TableUsage
from pgtune_cli.sql.shape import Shape
from pgtune_cli.sql.uniqueness import TableKeys, Uniqueness

T = TypeVar("T")
COUNTERS = (
    "seq_scan", "seq_tup_read", "idx_scan", "n_tup_ins", "n_tup_upd", "n_tup_del", "n_tup_hot_upd", "n_live_tup",
    "n_dead_tup", "n_mod_since_analyze",
)  # fmt: skip
"""what partitions have counted adds up."""


class KnownTables:
    """Each table of a snapshot, and what is known of it."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.snapshot = analysis.snapshot

    @cached_property
    def relations(self) -> Mapping[RelationName, Relation]:
        return {relation.relation_name: relation for relation in self.snapshot.catalog.relations}

    @cached_property
    def indexes(self) -> Mapping[RelationName, list[Index]]:
        return grouped((index.table, index) for index in self.snapshot.catalog.indexes)

    @cached_property
    def constraints(self) -> Mapping[RelationName, list[Constraint]]:
        return grouped((constraint.table, constraint) for constraint in self.snapshot.catalog.constraints)

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
        return grouped((item.table, item) for item in self.snapshot.catalog.extended_statistics)

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
        return grouped(
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
        return grouped(
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


def _is_empty(relation: Relation) -> bool:
    return relation.pages == 0


def grouped(pairs: Iterable[tuple[RelationName, T]]) -> dict[RelationName, list[T]]:
    groups: defaultdict[RelationName, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
