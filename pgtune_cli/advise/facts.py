"""What the advisor asks of a snapshot: how large a table is, what a column holds, what may be a key of an index."""

import re
from functools import cached_property

from pgtune_cli.model.catalog import Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, IndexUsage, Snapshot, TableUsage

SMALLEST_PAGES = 16
"""below it a scan is no dearer than a look-up: 4 random pages (root, inner, leaf, heap) cost as much as 16 in a row"""
WIDEST_KEY = 1000
"""bytes on average; a btree refuses rows above 2,704, and averages hide the longest"""
NO_BTREE = {
    "json", "xml", "point", "box", "polygon", "line", "lseg", "path", "circle", "cid", "xid", "aclitem",
    "jsonb", "tsvector", "tsquery", "geometry", "geography", "vector", "halfvec", "sparsevec",
}  # fmt: skip
"""no operator class, or one that no real predicate uses; what else cannot be built, the what-if engine says"""
INDEXABLE = (RelationKind.TABLE, RelationKind.PARTITIONED, RelationKind.MATERIALIZED_VIEW)
_MODIFIER = re.compile(r"\(.*\)")


class Facts:
    """Look-ups over one snapshot, each made once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.relations = {relation.relation_name: relation for relation in snapshot.catalog.relations}

    @cached_property
    def indexes(self) -> dict[RelationName, list[Index]]:
        found: dict[RelationName, list[Index]] = {}
        for index in self.snapshot.catalog.indexes:
            found.setdefault(index.table, []).append(index)
        return found

    @cached_property
    def partitions(self) -> dict[RelationName, list[Relation]]:
        """Direct partitions of each partitioned table, in order of name."""
        found: dict[RelationName, list[Relation]] = {}
        for relation in sorted(self.relations.values(), key=lambda each: each.relation_name):
            if relation.partition_of is not None:
                found.setdefault(relation.partition_of, []).append(relation)
        return found

    @cached_property
    def usage(self) -> dict[RelationName, TableUsage]:
        return {usage.table: usage for usage in self.snapshot.usage.tables}

    @cached_property
    def index_usage(self) -> dict[RelationName, IndexUsage]:
        return {usage.index: usage for usage in self.snapshot.usage.indexes}

    @cached_property
    def _statistics(self) -> dict[tuple[RelationName, str], ColumnStatistics]:
        """Of a table with children the statistics over all of them win."""
        ordered = sorted(self.snapshot.statistics, key=lambda row: row.inherited)
        return {(RelationName(row.schema, row.table), row.column): row for row in ordered}

    def statistics(self, table: RelationName, column: str) -> ColumnStatistics | None:
        return self._statistics.get((table, column))

    def setting(self, name: str, default: float) -> float:
        """A planner constant of the server."""
        try:
            return float(self.snapshot.server.settings.get(name, default))
        except ValueError:
            return default

    def root(self, table: RelationName) -> RelationName:
        """The partitioned table that it is a part of, or itself: indexes are advised there."""
        relation = self.relations.get(table)
        return table if relation is None or relation.partition_of is None else self.root(relation.partition_of)

    def pages(self, table: RelationName) -> int:
        """Blocks of 8 kB, of all its partitions."""
        relation = self.relations.get(table)
        own = 0 if relation is None else relation.pages if relation.pages is not None else relation.relpages
        return own + sum(self.pages(part.relation_name) for part in self.partitions.get(table, ()))

    def stored(self, table: RelationName) -> list[Relation]:
        """Where its rows are: itself, or its partitions."""
        parts = self.partitions.get(table)
        if parts:
            return [each for part in parts for each in self.stored(part.relation_name)]
        relation = self.relations.get(table)
        return [] if relation is None else [relation]

    def rows(self, table: RelationName) -> float | None:
        """By the last VACUUM or ANALYZE; None when never counted."""
        relation = self.relations.get(table)
        parts = self.partitions.get(table)
        if parts:
            counts = [self.rows(part.relation_name) for part in parts]
            return sum(count for count in counts if count is not None) if any(counts) else None
        return None if relation is None else relation.reltuples

    def distinct(self, table: RelationName, column: str) -> float | None:
        """How many values the column has."""
        statistics = self.statistics(table, column)
        if statistics is None:
            return None
        if statistics.n_distinct >= 0:
            return statistics.n_distinct or None
        rows = self.rows(table)
        return None if rows is None else -statistics.n_distinct * rows

    def worth_indexing(self, table: RelationName) -> bool:
        """A table (not a view, not a foreign one, not pgtune's business) that is large enough."""
        relation = self.relations.get(table)
        if relation is None or relation.kind not in INDEXABLE or relation.persistence == "t":
            return False
        return self.pages(table) >= SMALLEST_PAGES

    def key_fits(self, table: RelationName, key: IndexKey) -> bool:
        """Whether a btree can hold it. An expression is for the what-if engine to judge."""
        if key.column is None:
            return key.expression is not None
        column = self.column(table, key.column)
        if column is None or column.generated == "v" or base_type(column.type) in NO_BTREE:
            return False
        statistics = self.statistics(table, key.column)
        return statistics is None or statistics.avg_width <= WIDEST_KEY

    def column(self, table: RelationName, name: str) -> Column | None:
        relation = self.relations.get(table)
        return None if relation is None else relation.column(name)


def base_type(type_: str) -> str:
    """`character varying(40)` is `character varying`; `public.citext` is `citext`; an array keeps its brackets."""
    return _MODIFIER.sub("", type_).rpartition(".")[2].strip('" ').lower()
