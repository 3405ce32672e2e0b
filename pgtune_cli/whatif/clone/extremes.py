"""The ends of the source's btrees: their smallest and largest values, as the entries of one leaf.

When a statement compares with something beyond a histogram, the planner looks up the column's true extremes in an
index (selfuncs.c, get_actual_variable_range). It trusts an entry whose page is marked visible, and never reads a row.
"""

import struct
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError, Record
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.extended import Extremes
from pgtune_cli.whatif.clone.entry import STORED, index_entry
from pgtune_cli.whatif.clone.files import BLOCK, write_beside
from pgtune_cli.whatif.clone.item import SERVICE

LEADING = f"""
SELECT n.nspname AS schema, c.relname AS name, tn.nspname AS table_schema, t.relname AS table_name,
  a.attname AS column, i.indnatts AS columns, i.indoption[0] & 1 = 1 AS descending, x.attlen > 0 AS fixed,
  format_type(a.atttypid, NULL) AS type, s.prosrc AS sends,
  s.oid::regproc::text AS calls
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_am am ON am.oid = c.relam AND am.amname = 'btree'
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
JOIN pg_attribute x ON x.attrelid = c.oid AND x.attnum = 1 AND x.atttypid = a.atttypid
JOIN pg_type y ON y.oid = a.atttypid JOIN pg_proc s ON s.oid = y.typsend
  AND s.pronamespace::regnamespace::text IN ('pg_catalog', '{SERVICE}')
WHERE i.indpred IS NULL AND t.relkind IN ('r', 'm') AND ($1::oid IS NULL OR c.oid = $1)"""

VISIBILITY_MAP_HEADER = 24
ALL_VISIBLE_AND_FROZEN = 0b11


class Value(msgspec.Struct, frozen=True):
    """A value to be stored: its text and its type."""

    type: str
    sends: str
    """the built-in function that prints it for the network."""
    calls: str
    """that one, or one of the same bytes for a type that is a built-in one by another name; qualified and quoted."""
    text: str


class Leaves:
    """The two entries of each btree whose ends are known. `owner` reads the values: their types may check them."""

    def __init__(self, admin: Connection, owner: Connection, extremes: Iterable[Extremes]) -> None:
        self._admin, self._owner = admin, owner
        self._ends = {(one.table, one.column): one for one in extremes}
        self._stored: dict[Value, bytes | None] = {}

    async def entries(self, index: int | None = None) -> dict[RelationName, tuple[bytes, bytes]]:
        """By index, of all indexes or of the one with that oid."""
        if not self._ends:
            return {}
        rows = []
        for row in await self._admin.fetch(LEADING, index):
            ends = self._ends.get((RelationName(row["table_schema"], row["table_name"]), row["column"]))
            if ends is not None and row["sends"] in STORED:
                low, high = (Value(row["type"], row["sends"], row["calls"], text) for text in (ends.low, ends.high))
                rows.append((row, low, high))
        await self._store({value for _, *values in rows for value in values} - self._stored.keys())
        found = {}
        for row, low, high in rows:
            first, second = (high, low) if row["descending"] else (low, high)
            entries = self._entry(first, row, 1), self._entry(second, row, 2)
            if entries[0] is not None and entries[1] is not None:
                found[RelationName(row["schema"], row["name"])] = (entries[0], entries[1])
        return found

    def _entry(self, value: Value, row: Record, number: int) -> bytes | None:
        stored = self._stored.get(value)
        return None if stored is None else index_entry(stored, row["columns"], number, row["fixed"])

    async def _store(self, values: set[Value]) -> None:
        by_type: dict[tuple[str, str], list[Value]] = {}
        for value in values:
            by_type.setdefault((value.type, value.sends), []).append(value)
        for some in by_type.values():
            await self._store_some(some)

    async def _store_some(self, values: list[Value]) -> None:
        """Of one type; by halves until the value that the type refuses is alone."""
        kind, sends = values[0].type, values[0].sends
        sql = f"SELECT {values[0].calls}(v::{kind}) AS sent FROM pg_catalog.unnest($1::text[]) AS t(v)"
        try:
            rows = await self._owner.fetch(sql, [value.text for value in values])
        except PostgresError:
            if len(values) == 1:
                self._stored[values[0]] = None
                return
            half = len(values) // 2
            await self._store_some(values[:half])
            await self._store_some(values[half:])
            return
        for value, row in zip(values, rows, strict=True):
            self._stored[value] = STORED[sends](row["sent"])


def mark_visible(table: Path) -> None:
    """A visibility map that calls the first page of the table at `table` visible to all."""
    page = bytearray(BLOCK)
    struct.pack_into("<QHHHHHHI", page, 0, 0, 0, 0, VISIBILITY_MAP_HEADER, BLOCK, BLOCK, BLOCK | 4, 0)
    page[VISIBILITY_MAP_HEADER] = ALL_VISIBLE_AND_FROZEN
    write_beside(table, "_vm", bytes(page))
