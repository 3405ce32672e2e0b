"""Sizes of files and heights of trees, for everything the source had."""

import asyncio
import errno
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import Connection
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.model.catalog import Catalog, Index, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, Skipped
from pgtune_cli.whatif.clone import btree, files
from pgtune_cli.whatif.clone.extremes import mark_visible
from pgtune_cli.whatif.clone.heights import Heights
from pgtune_cli.whatif.clone.item import SERVICE

Entries = Mapping[RelationName, tuple[bytes, bytes]]
"""what stands in the leaf of a btree: its smallest and its largest entry, in the index's order"""

TOO_LARGE = "files may not grow that large here (ulimit -f), or not on this file system: see TMPDIR"

PATHS = """
SELECT n.nspname AS schema, c.relname AS name, c.oid, pg_relation_filepath(c.oid) AS path, a.amname AS method
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam AND c.relkind = 'i'
WHERE c.relkind IN ('r', 'i') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"""


class File(msgspec.Struct, frozen=True):
    """Where a relation of the clone lies. `method` is an index's access method."""

    oid: int
    path: Path
    method: str | None


async def relation_files(admin: Connection, data_dir: Path) -> dict[RelationName, File]:
    rows = await admin.fetch(PATHS)
    return {
        RelationName(row["schema"], row["name"]): File(row["oid"], data_dir / row["path"], row["method"])
        for row in rows
    }


async def give_sizes(
    admin: Connection,
    data_dir: Path,
    catalog: Catalog,
    statistics: Iterable[ColumnStatistics],
    block_size: int,
    entries: Entries,
) -> list[Skipped]:
    """Every table and index as long as the source's, every btree as high. Before anything is planned.

    Raises EmbeddedServerError where the file system does not hold such files.
    """
    await admin.execute("CHECKPOINT")
    found = await relation_files(admin, data_dir)
    indexes = {index.index_name: index for index in catalog.indexes}
    blocks = {relation.relation_name: _blocks(relation.pages, relation.relpages) for relation in catalog.relations}
    blocks |= {name: _blocks(index.pages, index.relpages) for name, index in indexes.items()}
    scale = block_size / files.BLOCK
    sizes = {name: int(blocks[name] * scale) for name in found if name in blocks}
    await evict(admin, [found[name].oid for name in sizes if name in indexes])
    return await asyncio.to_thread(_write_all, found, sizes, indexes, Heights(catalog, statistics), entries)


async def evict(admin: Connection, oids: list[int]) -> None:
    """Drop the buffers of these indexes: a cached metapage would hide the one that is written to the file."""
    await admin.fetch(f"SELECT {SERVICE}.pg_buffercache_evict_relation(oid) FROM unnest($1::oid[]) AS i(oid)", oids)


def _write_all(
    found: dict[RelationName, File],
    sizes: dict[RelationName, int],
    indexes: dict[RelationName, Index],
    heights: Heights,
    entries: Entries,
) -> list[Skipped]:
    lost, room = [], files.Room()
    for name, blocks in sizes.items():
        path = found[name].path
        try:
            room.take(blocks)
            if name in indexes and found[name].method == "btree" and blocks > 1:
                levels = heights.levels(indexes[name], blocks, btree.can_deduplicate(path))
                whole = indexes[name].predicate is None
                btree.write_tree(path, levels, entries.get(name, ()), whole=whole)
                # a file may call the table of an index by any name
                if name in entries and indexes[name].table in found:
                    mark_visible(found[indexes[name].table].path)
            files.extend(path, blocks)
        except ValueError as error:
            lost.append(Skipped(f"size of {name}", str(error)))
        except OSError as error:
            # a table that looks empty is planned as one: worse than no plan
            why = f"its relations cannot be made as large as the source's: {error.strerror or error}"
            raise EmbeddedServerError(why, TOO_LARGE if error.errno == errno.EFBIG else None) from error
    return lost


def _blocks(now: int | None, at_last_analyze: int) -> int:
    """The planner looks at the file as it is now; where that was not readable, at what ANALYZE noted."""
    return max(0, at_last_analyze if now is None else now)
