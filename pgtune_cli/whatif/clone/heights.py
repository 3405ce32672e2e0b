"""How high the source's btrees are, from their pages and the statistics of their keys."""

from collections.abc import Iterable

from pgtune_cli.model.catalog import Catalog, Index, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.whatif.clone import btree
from pgtune_cli.whatif.clone.distinct import Distinct
from pgtune_cli.whatif.clone.size import splits_keys

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
        width = self._key_width(index)
        return btree.height(blocks, width, self._splits_keys(index, width, deduplicates))

    def _key_width(self, index: Index) -> float:
        expressions = iter(self._of_expressions.get(index.index_name, ()))
        total = 0
        for key in index.keys:
            table = index.table
            width = self._widths.get((table.schema, table.name, key.column)) if key.column else next(expressions, None)
            total += DEFAULT_WIDTH if width is None else width
        return max(total, DEFAULT_WIDTH)

    def _splits_keys(self, index: Index, width: float, deduplicates: bool) -> bool:
        table = self._tables.get(index.table)
        if index.unique or table is None or table.reltuples is None or index.reltuples is None:
            return False
        distinct = self._distinct.keys(table, index.keys, table.reltuples, index.reltuples)
        return splits_keys(index.reltuples, distinct, width, deduplicates)
