"""A clone built from a snapshot, step by step, in a server of its own."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, Skipped, Snapshot
from pgtune_cli.whatif.clone.base_types import BaseTypes
from pgtune_cli.whatif.clone.cast_ddl import cast_items, lost_casts, text_search_items
from pgtune_cli.whatif.clone.extended import restore_extended
from pgtune_cli.whatif.clone.extremes import Leaves
from pgtune_cli.whatif.clone.ground import lay_ground
from pgtune_cli.whatif.clone.item import Item, Stage, run_items
from pgtune_cli.whatif.clone.limits import Limits
from pgtune_cli.whatif.clone.needed import only_missed
from pgtune_cli.whatif.clone.operator_families import create_families
from pgtune_cli.whatif.clone.physical import give_sizes
from pgtune_cli.whatif.clone.roles import create_roles, grant, policy_items
from pgtune_cli.whatif.clone.rule_ddl import rule_items, trigger_items
from pgtune_cli.whatif.clone.statistics import restore_columns, restore_relations
from pgtune_cli.whatif.clone.table_ddl import (
    create_table_sql,
    foreign_key_items,
    foreign_tables,
    identity_items,
    index_items,
    sequences_of,
    statistics_items,
    table_items,
    table_name,
    undefined,
)
from pgtune_cli.whatif.clone.tablespaces import create_tablespaces, tablespace_items
from pgtune_cli.whatif.clone.type_ddl import (
    call_leakproof,
    function_items,
    operator_items,
    texts_of,
    type_items,
)
from pgtune_cli.whatif.mentions import Words

MAX_PROBES = 2000
"""kinds of columns that are tried, each by itself, for one that this server has not"""


async def build(
    admin: Connection, owner: Connection, snapshot: Snapshot, data_dir: Path, leaves: Leaves, limits: Limits
) -> list[Skipped]:
    """Fill the empty clone database. The snapshot's catalog is already narrowed to what is wanted.

    Raises EmbeddedServerError when its definitions take too long.
    """
    catalog = snapshot.catalog
    base, lost = await lay_ground(admin, catalog)
    spaces, without = await create_tablespaces(admin, snapshot.server.tablespaces)
    roles, unknown = await create_roles(admin, snapshot)
    await owner.execute("SET search_path = ''")
    undone = await _run_ddl(admin, owner, snapshot, base, spaces, roles, limits)
    lost = only_missed(lost + without + unknown + undone, snapshot, catalog)
    await grant(admin, catalog, roles)
    statistics = _of_catalog(snapshot)
    lost += await restore_relations(owner, catalog)
    lost += await restore_columns(owner, statistics)
    lost += await restore_extended(admin, owner, snapshot)
    entries = await leaves.entries()
    lost += await give_sizes(admin, data_dir, catalog, statistics, snapshot.server.block_size, entries)
    return lost


async def _run_ddl(
    admin: Connection,
    owner: Connection,
    snapshot: Snapshot,
    base: BaseTypes,
    spaces: frozenset[str],
    roles: frozenset[str],
    limits: Limits,
) -> list[Skipped]:
    catalog = snapshot.catalog
    words = _words(snapshot)
    await _create_sequences(owner, sequences_of(catalog, words))
    functions, lost = function_items(snapshot, catalog, base.functions)
    operators, unread = operator_items(snapshot, catalog)
    installed = await _installed(owner)
    first = [
        *type_items(t for t in catalog.types if t.extension not in installed),
        *text_search_items(catalog, words),
        *functions,
        *operators,
        *cast_items(catalog, base.casts),
    ]
    items = [
        *table_items(catalog),
        *identity_items(catalog),
        *index_items(catalog),
        *foreign_key_items(catalog),
        *statistics_items(catalog),
        *rule_items(catalog),
        *trigger_items(catalog),
        *tablespace_items(catalog, spaces),
        *policy_items(catalog, roles),
    ]
    await owner.execute("SET check_function_bodies = off")
    if catalog.operator_families:
        # what fails may need a table: it is tried again with those
        first = [item for item, _ in await run_items(owner, first, patience_s=limits.definitions_s)]
        lost += await create_families(admin, catalog.operator_families)
    repair = TableRepair(owner, catalog)
    failed = await run_items(owner, [*first, *items], repair, limits.definitions_s)
    await call_leakproof(admin, catalog.functions)
    lost += unread + foreign_tables(catalog) + undefined(catalog) + repair.lost + lost_casts(catalog, base.casts)
    return lost + [Skipped(item.what, why) for item, why in failed]


def _words(snapshot: Snapshot) -> Words:
    """Of all that may name a sequence or a text search configuration."""
    texts = [*texts_of(snapshot, snapshot.catalog), *snapshot.server.settings.values()]
    return Words([*texts, *(one.definition or "" for one in snapshot.catalog.functions)])


async def _installed(connection: Connection) -> set[str | None]:
    return {row["extname"] for row in await connection.fetch("SELECT extname FROM pg_extension")}


async def _create_sequences(owner: Connection, names: Iterable[str]) -> None:
    """Qualified and quoted. One that fails shows in what calls it."""
    for name in sorted(names):
        try:
            await owner.fetch(f"CREATE SEQUENCE IF NOT EXISTS {name}")
        except PostgresError:
            continue


class TableRepair:
    """A table that cannot be created as it was, is created without what it cannot have; that is named in `lost`."""

    def __init__(self, owner: Connection, catalog: Catalog) -> None:
        self._owner = owner
        self._tables = {table_name(relation): relation for relation in catalog.relations}
        self._kinds: dict[Column, bool] = {}
        self.lost: list[Skipped] = []

    async def __call__(self, item: Item) -> Item | None:
        relation = self._tables.get(item.what)
        if item.stage is not Stage.TABLE or relation is None:
            return None
        as_text = await self._of_unknown_type(relation)
        for column in relation.columns:
            what = f"column {relation.relation_name}.{column.name}"
            if column.name in as_text:
                self.lost.append(Skipped(what, "stands as plain text in the clone"))
            elif column.generated:
                self.lost.append(Skipped(what, "is not generated in the clone"))
        return msgspec.structs.replace(item, sql=create_table_sql(relation, as_text))

    async def _of_unknown_type(self, relation: Relation) -> frozenset[str]:
        """The columns that cannot be created in a table of their own."""
        return frozenset([column.name for column in relation.columns if not await self._is_known(column)])

    async def _is_known(self, column: Column) -> bool:
        """One of each kind is tried; of very many kinds, no more."""
        kind = msgspec.structs.replace(column, attnum=1, name="c", statistics_target=None)
        if kind not in self._kinds:
            self._kinds[kind] = len(self._kinds) < MAX_PROBES and await self._can_be_created(kind)
        return self._kinds[kind]

    async def _can_be_created(self, column: Column) -> bool:
        probe = Relation(oid=0, schema="pg_temp", name="probe", kind=RelationKind.TABLE, columns=(column,))
        try:
            await self._owner.fetch(create_table_sql(probe, frozenset()))
            await self._owner.fetch("DROP TABLE pg_temp.probe")
        except PostgresError:
            return False
        return True


def _of_catalog(snapshot: Snapshot) -> tuple[ColumnStatistics, ...]:
    """The statistics of what is in the catalog: a narrowed catalog has fewer tables than the snapshot."""
    names = {relation.relation_name for relation in snapshot.catalog.relations}
    names |= {index.index_name for index in snapshot.catalog.indexes}
    return tuple(row for row in snapshot.statistics if RelationName(row.schema, row.table) in names)
