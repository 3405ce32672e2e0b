"""How many different keys an index has or will have, from the statistics of its columns."""

import math
from collections.abc import Iterable, Sequence

from pgtune_cli.model.catalog import Catalog, IndexKey, Relation, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.whatif.clone.periods import periods
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

    def keys(self, table: Relation, keys: Sequence[IndexKey], table_rows: float, rows: float) -> float | None:
        """Distinct keys among `rows` of the table's rows; None where a column has no statistics."""
        named = frozenset(key.column for key in keys if key.column is not None)
        if any(unique <= named for unique in self._unique.get(table.relation_name, ())):
            return rows
        each = []
        for key in keys:
            count = self._of_key(table, key, table_rows)
            if count is None:
                return None
            each.append(count)
        if len(each) == 1 and rows >= table_rows:
            return min(rows, each[0])
        # independent of each other as far as is known, but never fewer than one column has by itself
        return min(rows, max(drawn(math.prod(each), rows), *(_among(count, table_rows, rows) for count in each)))

    def prefixes(self, table: Relation, keys: Sequence[IndexKey], table_rows: float, rows: float) -> list[float | None]:
        """Distinct keys of the first column, of the first two, and so on."""
        return [self.keys(table, keys[: place + 1], table_rows, rows) for place in range(len(keys))]

    def _of_key(self, table: Relation, key: IndexKey, rows: float) -> float | None:
        """An expression has as many values as its columns, or as the times it truncates to."""
        known = [self._columns.get((table.schema, table.name, column)) for column in key_sources(table, key)]
        sources = [row for row in known if row is not None]
        if not sources or len(sources) < len(known):
            return None
        count = max(1.0, math.prod(_of_column(row, rows) for row in sources))
        if key.expression is not None and len(sources) == 1:
            truncated = periods(key.expression, sources[0])
            return count if truncated is None else min(count, truncated)
        return count


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


def _among(count: float, table_rows: float, rows: float) -> float:
    """How many of a column's values are left among some of the table's rows."""
    if rows >= table_rows or table_rows <= 0:
        return count
    share: float = 1 - (1 - rows / table_rows) ** (table_rows / count)
    return count * share


def _of_column(statistics: ColumnStatistics, rows: float) -> float:
    """n_distinct in rows, a null counted as one more value: an index holds nulls too."""
    count = statistics.n_distinct if statistics.n_distinct > 0 else -statistics.n_distinct * rows
    return count + (1 if statistics.null_frac > 0 else 0)
