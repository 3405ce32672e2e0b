"""Candidate indexes in the clone: each is built once over nothing, made to look its size, and kept INVALID.

The planner passes over an INVALID index, so a configuration is one UPDATE of pg_index away, and is rolled back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import Connection, InterfaceError, PostgresError
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.model.catalog import Catalog, Relation, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.quote import qualified
from pgtune_cli.whatif.clone import btree, files
from pgtune_cli.whatif.clone.extremes import Leaves
from pgtune_cli.whatif.clone.item import SERVICE
from pgtune_cli.whatif.clone.physical import evict
from pgtune_cli.whatif.clone.sizing import BuiltIndex, Size, Sizing
from pgtune_cli.whatif.reason import ENDED, reason_of, was_ended

EXTENSION_OF = {"gin_trgm_ops": "pg_trgm", "gist_trgm_ops": "pg_trgm"}
INDEXABLE = (RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW)

BUILT = """
SELECT c.oid, c.relname AS name, pg_relation_filepath(c.oid) AS path, i.indnkeyatts AS keys,
       array_agg(a.attlen ORDER BY a.attnum) AS lengths,
       array_agg(CASE a.attalign WHEN 'c' THEN 1 WHEN 's' THEN 2 WHEN 'i' THEN 4 ELSE 8 END ORDER BY a.attnum)
         AS alignments
FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid = to_regclass($1) GROUP BY c.oid, c.relname, i.indnkeyatts"""

SET_SIZE = """
SELECT pg_restore_relation_stats('schemaname', $1::text, 'relname', $2::text, 'relpages', $3::int,
                                 'reltuples', $4::real)"""


class Candidate(msgspec.Struct, frozen=True):
    """A candidate as it stands in the clone: one index, or one for each partition."""

    oids: tuple[int, ...]
    names: tuple[str, ...]
    size_bytes: int


class Workshop:
    """Builds candidates. `builder` plans nothing: a backend that has planned on a table keeps its segments open."""

    def __init__(
        self,
        admin: Connection,
        builder: Connection,
        data_dir: Path,
        catalog: Catalog,
        sizing: Sizing,
        leaves: Leaves,
        connected: Callable[[], Awaitable[Connection]],
    ) -> None:
        self._admin, self._builder = admin, builder
        self._data_dir, self._catalog, self._sizing = data_dir, catalog, sizing
        self._leaves_of, self._connected = leaves, connected
        self._built = 0
        self._room = files.Room()

    async def build(self, candidate: CandidateIndex) -> Candidate | str:
        """The candidate, on every leaf of its table; or why it cannot be built."""
        try:
            if self._builder.is_closed():
                self._builder = await self._connected()
            await self._have_operator_classes(candidate)
            leaves = self._leaves(candidate.table)
            parts = [await self._build_on(leaf, candidate) for leaf in leaves]
        except (PostgresError, InterfaceError, ConnectionError) as error:
            if was_ended(error):
                self._builder.terminate()
            return ENDED if was_ended(error) else reason_of(error)
        except (LookupError, ValueError, EmbeddedServerError) as error:
            return str(error)
        except OSError as error:
            return f"its file cannot be made that large: {error.strerror or error}"
        return Candidate(
            tuple(built.oid for built, _ in parts),
            tuple(built.name for built, _ in parts),
            sum(pages for _, pages in parts) * files.BLOCK,
        )

    async def _have_operator_classes(self, candidate: CandidateIndex) -> None:
        """Those of an extension that the source would have to create first."""
        for key in candidate.keys:
            extension = EXTENSION_OF.get((key.opclass or "").rpartition(".")[2])
            if extension is not None:
                await self._admin.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")

    def _leaves(self, table: RelationName) -> list[Relation]:
        """A file whose partitions go round in a circle is refused when it is read."""
        relation = self._catalog.relation(table)
        if relation is None:
            raise LookupError(f"there is no table {table} in the clone")
        if relation.kind is RelationKind.PARTITIONED:
            children = [child for child in self._catalog.relations if child.partition_of == table]
            return [leaf for child in children for leaf in self._leaves(child.relation_name)]
        if relation.kind not in INDEXABLE:
            raise LookupError(f"{table} is not a table of this database")
        return [relation]

    async def _build_on(self, leaf: Relation, candidate: CandidateIndex) -> tuple[BuiltIndex, int]:
        name = f"pgtune_candidate_{self._built}"
        self._built += 1
        local = msgspec.structs.replace(candidate, table=leaf.relation_name)
        sql = create_index_sql(local, name, concurrently=False)
        built = await self._create(leaf, sql, RelationName(leaf.schema, name))
        dedup = local.method == "btree" and btree.can_deduplicate(built.path)
        size = await self._sizing.of(leaf, local, built, dedup)
        self._room.take(size.pages)
        await evict(self._admin, [built.oid])
        entries = (await self._leaves_of.entries(built.oid)).get(RelationName(leaf.schema, name), ())
        await asyncio.to_thread(_write, built, local, size, entries)
        await self._builder.fetch(SET_SIZE, leaf.schema, name, min(size.pages, 2**31 - 1), size.rows)
        return built, size.pages

    async def _create(self, leaf: Relation, sql: str, index: RelationName) -> BuiltIndex:
        path = await self._admin.fetchval("SELECT pg_relation_filepath(to_regclass($1))", qualified(leaf.relation_name))
        if path is None:
            raise LookupError(f"there is no table {leaf.relation_name} in the clone")
        with ExitStack() as stack:
            stack.enter_context(files.emptied(self._data_dir / path))
            await self._builder.fetch(sql)
        row = (await self._admin.fetch(BUILT, qualified(index)))[0]
        await self._builder.fetch(f"SELECT {SERVICE}.show('{{}}', $1::oid[])", [row["oid"]])
        path, lengths, alignments = self._data_dir / row["path"], tuple(row["lengths"]), tuple(row["alignments"])
        return BuiltIndex(row["oid"], row["name"], path, row["keys"], lengths, alignments)


def _write(built: BuiltIndex, candidate: CandidateIndex, size: Size, entries: Sequence[bytes]) -> None:
    if candidate.method == "btree" and size.pages > 1:
        btree.write_tree(built.path, size.levels, entries, whole=candidate.predicate is None)
    files.extend(built.path, size.pages)
