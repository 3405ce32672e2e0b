"""Columns of the statements, with what the statistics know of their values; those below a view where it is one."""

import re

from pgtune_cli.explain.column_values import ColumnValues, column_values
from pgtune_cli.model.catalog import Catalog, RelationKind, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, Snapshot
from pgtune_cli.sql.shape import shape
from pgtune_cli.sql.shape_types import ColumnRef

VIEWS_DEEP = 5


class ColumnSource:
    """Reads a snapshot; remembers what was asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.catalog = snapshot.catalog
        self._rows: dict[RelationName, list[ColumnStatistics]] = {}
        for row in snapshot.statistics:
            self._rows.setdefault(RelationName(row.schema, row.table), []).append(row)
        self._values: dict[tuple[RelationName, str], ColumnValues] = {}
        self._below: dict[ColumnRef, ColumnRef] = {}

    def values(self, column: ColumnRef) -> ColumnValues:
        """Empty without statistics."""
        column = self.below_views(column)
        key = (column.relation, column.column)
        if key not in self._values:
            self._values[key] = self._read(*key)
        return self._values[key]

    def type(self, column: ColumnRef) -> str:
        """Without its modifier: numeric of numeric(10,2)."""
        column = self.below_views(column)
        relation = self.catalog.relation(column.relation)
        found = relation.column(column.column) if relation is not None else None
        return re.sub(r"\([^)]*\)", "", found.type) if found is not None else "unknown"

    def row_count(self, name: RelationName) -> float | None:
        relation = self.catalog.relation(name)
        if relation is None or relation.kind is RelationKind.PARTITIONED:
            parts = [one.reltuples for one in self.catalog.relations if one.partition_of == name]
            return sum(part or 0.0 for part in parts) or None
        return relation.reltuples or None

    def below_views(self, column: ColumnRef) -> ColumnRef:
        """The table's column that a view's column is; the column itself where it is computed."""
        if column not in self._below:
            self._below[column] = _below_views(column, self.catalog)
        return self._below[column]

    def _read(self, name: RelationName, column: str) -> ColumnValues:
        rows = [row for row in self._rows.get(name, ()) if row.column == column]
        if not rows:
            return ColumnValues()
        # a partitioned table has statistics of all its partitions only; others are read without their children's
        chosen = min(rows, key=lambda row: row.inherited)
        return column_values(chosen, self.row_count(name))


def _below_views(column: ColumnRef, catalog: Catalog) -> ColumnRef:
    for _ in range(VIEWS_DEEP):
        relation = catalog.relation(column.relation)
        if relation is None or relation.kind is not RelationKind.VIEW or relation.view_definition is None:
            break
        found = shape(relation.view_definition, catalog, ())
        block = found.outermost if found is not None else None
        items = block.select if block is not None else ()
        below = next((item.column for item in items if item.name == column.column and item.column is not None), None)
        if below is None:
            break
        column = below
    return column
