"""How large a candidate would be: its rows, its key widths, its distinct keys, all from the source's statistics."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from pgtune_cli.model.catalog import Catalog, IndexKey, Relation, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.snapshot import ColumnStatistics, Server
from pgtune_cli.sql.quote import qualified
from pgtune_cli.whatif.clone import files
from pgtune_cli.whatif.clone.btree import height
from pgtune_cli.whatif.clone.distinct import Distinct, key_sources
from pgtune_cli.whatif.clone.lengths import sample_lengths, with_nulls
from pgtune_cli.whatif.clone.size import KeyColumn, btree_pages, pivot
from pgtune_cli.whatif.clone.size_other import other_pages

VARYING = -1
"""length of a type, as the catalog has it"""
UNKNOWN_WIDTH = 32.0
"""what PostgreSQL takes for a value of unknown width"""

PlannedRows = Callable[[str], Awaitable[float]]
"""the planner's row estimate of a SELECT"""


class BuiltIndex(msgspec.Struct, frozen=True):
    """An index as the clone's catalog describes it."""

    oid: int
    name: str
    path: Path
    keys: int
    lengths: tuple[int, ...]
    """attlen of each column, keys first; -1 for a varying one."""
    alignments: tuple[int, ...]


class Size(msgspec.Struct, frozen=True):
    rows: float
    pages: int
    levels: int
    """of a btree, above its leaves."""


KEEPS_PADDED_APART = 15
"""the major whose btrees give equal char(n) an entry each, whatever the operator class: seen of 15.20. 13.23, 14.23,
16.14, 17.10 and 18.6 let them share one; no catalog tells"""


class Sizing:
    def __init__(
        self,
        catalog: Catalog,
        statistics: tuple[ColumnStatistics, ...],
        server: Server,
        planned_rows: PlannedRows,
    ) -> None:
        self._major = server.version_num // 10_000
        self._statistics = {(row.schema, row.table, row.column): row for row in statistics if not row.inherited}
        self._distinct = Distinct(catalog, statistics)
        self._scale = server.block_size / files.BLOCK
        self._planned_rows = planned_rows

    async def of(self, table: Relation, candidate: CandidateIndex, built: BuiltIndex, deduplicates: bool) -> Size:
        table_rows = await self._rows_now(table)
        rows = table_rows
        if candidate.predicate is not None:
            name = qualified(table.relation_name)
            rows = min(table_rows, await self._planned_rows(f"SELECT FROM ONLY {name} WHERE {candidate.predicate}"))
        columns = self._columns(table, candidate, built)
        if candidate.method != "btree":
            keys = self._distinct.keys(table, candidate.keys, table_rows, rows)
            elements = self._elements(table.relation_name, candidate.keys[0])
            trigrams = any("trgm" in (key.opclass or "") for key in candidate.keys)
            if candidate.method == "gin":
                # what the index stores are keys made of the values, trigrams as integers
                columns = [self._column(table, key, VARYING, 1) for key in candidate.keys]
            pages = other_pages(candidate.method, rows, self._pages(table), columns, keys, elements, trigrams)
            return Size(rows, pages, 0)
        deduplicates = deduplicates and not self._is_apart(table, candidate)
        distinct = self._distinct.prefixes(table, candidate.keys, table_rows, rows)
        if candidate.unique:
            distinct[-1] = rows
        pages = btree_pages(rows, columns, distinct[-1] if deduplicates else None)
        inner = pivot([column.width for column in columns[: built.keys]], distinct, rows, deduplicates)
        return Size(rows, pages, height(pages, inner.width, inner.split_keys))

    def _is_apart(self, table: Relation, candidate: CandidateIndex) -> bool:
        columns = [table.column(key.column) for key in candidate.keys if key.column is not None]
        padded = any(column is not None and column.type.startswith("character(") for column in columns)
        return padded and self._major == KEEPS_PADDED_APART

    async def _rows_now(self, table: Relation) -> float:
        """As the planner scales them: the density at the last ANALYZE times the pages of now."""
        if table.reltuples is None or table.relpages <= 0 or table.pages is None:
            return await self._planned_rows(f"SELECT FROM ONLY {qualified(table.relation_name)}")
        return table.reltuples / table.relpages * table.pages

    def _elements(self, table: RelationName, key: IndexKey) -> float | None:
        """How many different elements an array has on average: what ANALYZE puts last."""
        row = self._row(table, key.column) if key.column is not None else None
        return row.elem_count_histogram[-1] if row is not None and row.elem_count_histogram else None

    def _pages(self, table: Relation) -> int:
        return int((table.relpages if table.pages is None else table.pages) * self._scale)

    def _columns(self, table: Relation, candidate: CandidateIndex, built: BuiltIndex) -> list[KeyColumn]:
        keys = list(candidate.keys) + [IndexKey(column=name) for name in candidate.include]
        shapes = zip(keys, built.lengths, built.alignments, strict=False)
        return [self._column(table, key, length, alignment) for key, length, alignment in shapes]

    def _column(self, table: Relation, key: IndexKey, length: int, alignment: int) -> KeyColumn:
        known = [row for name in key_sources(table, key) if (row := self._row(table.relation_name, name)) is not None]
        longest = max(known, key=lambda row: row.avg_width, default=None)
        null_frac = 0.0 if longest is None else longest.null_frac
        if length > 0:
            lengths = with_nulls((length,), null_frac)
            return KeyColumn(width=length, alignment=alignment, fixed=True, lengths=lengths)
        width = UNKNOWN_WIDTH if longest is None else float(longest.avg_width)
        column = table.column(longest.column) if longest is not None else None
        type_name = column.type if column is not None and key.column is not None else ""
        lengths = with_nulls(sample_lengths(longest, width, type_name), null_frac)
        return KeyColumn(width=width, alignment=alignment, fixed=False, lengths=lengths)

    def _row(self, table: RelationName, column: str) -> ColumnStatistics | None:
        return self._statistics.get((table.schema, table.name, column))
