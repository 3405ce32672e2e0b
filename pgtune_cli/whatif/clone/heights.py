"""How high the source's btrees are, from their pages and the statistics of their keys."""

from collections.abc import Iterable

from pgtune_cli.model.catalog import Catalog, Index, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.whatif.clone import btree
from pgtune_cli.whatif.clone.distinct import Distinct
from pgtune_cli.whatif.clone.size import pivot

DEFAULT_WIDTH = 8
"""bytes of a key that has no statistics"""


class Heights:
    """For the indexes of one snapshot."""

    def __init__(self, catalog: Catalog, statistics: Iterable[ColumnStatistics]) -> None:
        rows = tuple(statistics)
        self._tables = {relation.relation_name: relation for relation in catalog.relations}
        self._distinct = Distinct(catalog, rows)
        self._widths: dict[tuple[str, str, str], int] = {}
        self._of_expressions: dict[RelationName, list[int]] = {}
        for row in rows:
            self._widths.setdefault((row.schema, row.table, row.column), row.avg_width)
            self._of_expressions.setdefault(RelationName(row.schema, row.table), []).append(row.avg_width)

    def levels(self, index: Index, blocks: int, deduplicates: bool) -> int:
        """Levels above the leaves; `blocks` is more than one."""
        table, rows = self._tables.get(index.table), index.reltuples
        distinct: list[float | None] = [None] * len(index.keys)
        if table is not None and table.reltuples is not None and rows:
            distinct = self._distinct.prefixes(table, index.keys, table.reltuples, rows)
            if index.unique:
                distinct[-1] = rows
        found = pivot(self._key_widths(index), distinct, rows or 0.0, deduplicates)
        return btree.height(blocks, max(found.width, DEFAULT_WIDTH), found.split_keys)

    def _key_widths(self, index: Index) -> list[float]:
        expressions = iter(self._of_expressions.get(index.index_name, ()))
        widths: list[float] = []
        for key in index.keys:
            table = index.table
            width = self._widths.get((table.schema, table.name, key.column)) if key.column else next(expressions, None)
            widths.append(DEFAULT_WIDTH if width is None else width)
        return widths
