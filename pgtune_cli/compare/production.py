"""A branch's schema with production's statistics: the snapshot that a migrated production would give."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.compare.carried import carried
from pgtune_cli.model.catalog import Catalog, Index, Relation, RelationKind, RelationName
from pgtune_cli.model.extended import Extremes
from pgtune_cli.model.snapshot import ColumnStatistics, Skipped, Snapshot

STORED = {RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW, RelationKind.PARTITIONED}


class Migrated(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    unknown: tuple[Skipped, ...]
    """tables and columns that production has no statistics of."""
    gone_indexes: frozenset[str]
    """indexes of production that the branch does not have, by `schema.name`."""
    common_tables: int
    """tables that both have."""


def migrated(branch: Snapshot, production: Snapshot, touched: frozenset[RelationName]) -> Migrated:
    """`branch`'s catalog and workload; sizes, statistics, settings and version of `production`.

    `touched`: the tables of the statements; what is unknown of others is not told.

    Pages of a table of which columns were added or dropped are those of production: a migration rarely rewrites.
    """
    unknown: list[Skipped] = []
    old = production.catalog
    extended = _same_extended(branch, production)
    relations = tuple(_relation(one, old.relation(one.relation_name), unknown) for one in branch.catalog.relations)
    indexes = tuple(_index(one, old, production) for one in branch.catalog.indexes)
    catalog = msgspec.structs.replace(branch.catalog, relations=relations, indexes=indexes)
    statistics = tuple(_statistics(branch.catalog, production, unknown))
    snapshot = msgspec.structs.replace(
        branch,
        server=msgspec.structs.replace(
            branch.server,
            version_num=production.server.version_num,
            settings=production.server.settings,
            block_size=production.server.block_size,
        ),
        catalog=catalog,
        statistics=statistics,
        extended=tuple(one for one in production.extended if (one.schema, one.name) in extended),
        extremes=tuple(one for one in production.extremes if _same_type(one, branch.catalog, old)),
        usage=production.usage,
        # the branch's own, of its few rows
        plans=(),
    )
    here = {one.relation_name for one in branch.catalog.relations}
    there = {index.index_name for index in branch.catalog.indexes}
    gone = frozenset(
        str(index.index_name)
        for index in old.indexes
        if index.table in here and index.index_name not in there and not _same_index(index, branch.catalog)
    )
    common = sum(old.relation(name) is not None for name in touched & here)
    told = tuple(item for item in unknown if _names(item, touched))
    return Migrated(snapshot, told, gone, common)


def _names(item: Skipped, tables: frozenset[RelationName]) -> bool:
    what = item.what.partition(" ")[2]
    return any(what == str(name) or what.startswith(f"{name}.") for name in tables)


def _relation(relation: Relation, old: Relation | None, unknown: list[Skipped]) -> Relation:
    if relation.kind not in STORED:
        return relation
    if old is None or old.kind not in STORED:
        unknown.append(
            Skipped(f"table {relation.relation_name}", "production does not have it: no size, no statistics")
        )
        return relation
    return msgspec.structs.replace(
        relation,
        relpages=old.relpages,
        reltuples=old.reltuples,
        relallvisible=old.relallvisible,
        pages=old.pages,
        toast_bytes=old.toast_bytes,
    )


def _index(index: Index, old: Catalog, production: Snapshot) -> Index:
    """Production's size where it has the same index; else one that follows from the table's rows and key widths."""
    same = next((one for one in old.indexes_of(index.table) if _equal(one, index)), None)
    if same is not None:
        return msgspec.structs.replace(index, relpages=same.relpages, reltuples=same.reltuples, pages=same.pages)
    table = old.relation(index.table)
    if table is None or not table.reltuples:
        return index
    pages = max(1, round(table.reltuples * _entry_bytes(index, production) / (production.server.block_size * FILLED)))
    return msgspec.structs.replace(index, relpages=pages, reltuples=table.reltuples, pages=pages)


FILLED = 0.88
"""of a page of a fresh b-tree, less its header."""
TUPLE = 16
"""line pointer, header and alignment of an index entry."""
WIDTH_UNKNOWN = 16


def _entry_bytes(index: Index, production: Snapshot) -> float:
    widths = {
        row.column: row.avg_width
        for row in production.statistics
        if (row.schema, row.table) == (index.table.schema, index.table.name)
    }
    keys = [*(key.column for key in index.keys), *index.include]
    return TUPLE + sum(widths.get(column or "", WIDTH_UNKNOWN) for column in keys)


def _equal(one: Index, other: Index) -> bool:
    return (one.method, one.keys, one.include, one.predicate) == (
        other.method, other.keys, other.include, other.predicate,
    )  # fmt: skip


def _same_index(index: Index, catalog: Catalog) -> bool:
    """A renamed index is not a lost one."""
    return any(_equal(index, one) for one in catalog.indexes_of(index.table))


def _same_extended(branch: Snapshot, production: Snapshot) -> frozenset[tuple[str, str]]:
    """Statistics objects that both have, on the same columns."""
    there = {(one.schema, one.name): one for one in production.catalog.extended_statistics}
    return frozenset(
        (one.schema, one.name)
        for one in branch.catalog.extended_statistics
        if (other := there.get((one.schema, one.name))) is not None
        and (one.table, one.columns, one.expressions) == (other.table, other.columns, other.expressions)
    )


def _same_type(extremes: Extremes, branch: Catalog, production: Catalog) -> bool:
    sides = [catalog.relation(extremes.table) for catalog in (branch, production)]
    columns = [relation.column(extremes.column) if relation else None for relation in sides]
    return columns[0] is not None and columns[1] is not None and columns[0].type == columns[1].type


def _statistics(catalog: Catalog, production: Snapshot, unknown: list[Skipped]) -> Iterator[ColumnStatistics]:
    rows: dict[tuple[str, str, str], list[ColumnStatistics]] = {}
    for row in production.statistics:
        rows.setdefault((row.schema, row.table, row.column), []).append(row)
    for relation in catalog.relations:
        old = production.catalog.relation(relation.relation_name)
        if relation.kind not in STORED or old is None:
            continue
        for column in relation.columns:
            before = old.column(column.name)
            what = f"column {relation.relation_name}.{column.name}"
            if before is None:
                unknown.append(Skipped(what, "production does not have it: no statistics"))
                continue
            for row in rows.get((relation.schema, relation.name, column.name), ()):
                kept, whole = carried(row, before.type, column.type)
                if not whole:
                    unknown.append(
                        Skipped(what, f"{before.type} in production, {column.type} here: its values do not compare")
                    )
                yield kept
    names = {index.index_name for index in catalog.indexes}
    for row in production.statistics:
        if RelationName(row.schema, row.table) in names:
            yield row
