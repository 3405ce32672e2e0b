"""How many different keys an index will have, from the statistics of its columns."""

import math
from collections.abc import Iterable, Sequence

from pgtune_cli.model.catalog import Catalog, IndexKey, Relation, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.whatif.mentions import Words


class Distinct:
    """Estimates for the tables of one snapshot."""

    def __init__(self, catalog: Catalog, statistics: Iterable[ColumnStatistics]) -> None:
        self._columns = {(row.schema, row.table, row.column): row for row in statistics if not row.inherited}
        self._unique: dict[RelationName, list[frozenset[str]]] = {}
        for index in catalog.indexes:
            columns = [key.column for key in index.keys if key.column is not None]
            if index.unique and index.predicate is None and len(columns) == len(index.keys):
                self._unique.setdefault(index.table, []).append(frozenset(columns))

    def keys(self, table: RelationName, columns: Sequence[str | None], table_rows: float, rows: float) -> float | None:
        """Distinct keys among `rows` of the table's rows; None where a column has no statistics."""
        named = frozenset(column for column in columns if column is not None)
        if any(unique <= named for unique in self._unique.get(table, ())):
            return rows
        product = 1.0
        for column in columns:
            known = self._columns.get((table.schema, table.name, column or ""))
            if known is None:
                return None
            product *= max(1.0, _of_column(known, table_rows))
        return min(rows, drawn(product, rows)) if len(columns) > 1 or rows < table_rows else min(rows, product)


def key_sources(table: Relation, key: IndexKey) -> list[str]:
    """The columns that a key is made of: itself, or those that its expression mentions."""
    if key.column is not None:
        return [key.column]
    words = Words([key.expression or ""])
    return [column.name for column in table.columns if words.may_name(column.name)]


def drawn(possible: float, rows: float) -> float:
    """How many of the possible keys occur when so many rows draw one each, independently."""
    if possible <= 0 or rows <= 0:
        return 0.0
    return possible * -math.expm1(-rows / possible)


def _of_column(statistics: ColumnStatistics, rows: float) -> float:
    """n_distinct in rows, a null counted as one more value: an index holds nulls too."""
    count = statistics.n_distinct if statistics.n_distinct > 0 else -statistics.n_distinct * rows
    return count + (1 if statistics.null_frac > 0 else 0)
