"""Facts of a table's upkeep: vacuum, age, updates in place, size and cache."""

import re
from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.storage_size import HEAP_FILLFACTOR, fillfactor, option, row_width, table_bytes
from pgtune_cli.lint.subject import known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Index, Relation, RelationKind
from pgtune_cli.model.snapshot import TableUsage

Usage = "usage"
SUMMARIZING = ("brin",)
HOUR = 3600


class TableUpkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What a table's counters and storage show of its upkeep."""

    unlogged: Annotated[bool, known("an UNLOGGED table: emptied after a crash, absent on standbys")]
    autovacuum_enabled: Annotated[bool, known("autovacuum looks after it: not switched off for this table")]
    autovacuum_comes: Annotated[bool | None, known("autovacuum is on, for it too, and comes at least once an hour",
                                                   need="settings")]  # fmt: skip
    vacuumed: Annotated[bool | None, known("it was vacuumed since the counters began", need=Usage)]
    dead_fraction: Annotated[float | None, known("dead rows as a fraction of all row versions", need=Usage)]
    vacuum_threshold: Annotated[float | None, known("dead rows at which autovacuum should start, by the settings and "
                                                    "the table's own", need="settings")]  # fmt: skip
    vacuum_overdue: Annotated[float | None, known("dead rows over that threshold", need=Usage)]
    xid_age: Annotated[float | None, known("transactions since its oldest row was frozen, TOAST included; 2 billion "
                                           "stop the server", need="sizes")]  # fmt: skip
    multixact_age: Annotated[float | None, known("the same of multixacts, which row locks make", need="sizes")]
    freeze_max_age: Annotated[float | None, known("autovacuum_freeze_max_age of it", need="settings")]
    fillfactor: Annotated[float, known("percent of a page that inserts fill")]
    newpage_fraction: Annotated[float | None, known("fraction of the updates that moved the row to another page for "
                                                    "want of room (16 and later)", need="newpage")]  # fmt: skip
    hot_blockers: Annotated[tuple[str, ...], known("indexes over a column that an UPDATE of the workload sets")]
    hot_blocked_calls: Annotated[float, known("calls of those UPDATEs")]
    secondary_indexes: Annotated[float, known("indexes that keep no rule of the data")]
    scans: Annotated[float | None, known("index scans of all its indexes since the counters began", need=Usage)]
    index_writes: Annotated[float | None, known("rows inserted and rows updated other than in place since then: each "
                                                "is written to every index", need=Usage)]  # fmt: skip
    index_bytes: Annotated[float | None, known("size of all its indexes", need="sizes")]
    row_width: Annotated[float | None, known("average bytes of a row's values, those in TOAST as their pointers",
                                             need="statistics")]  # fmt: skip
    toast_fraction: Annotated[float | None, known("its TOAST table as a fraction of both", need="sizes")]
    expected_bytes: Annotated[float | None, known("estimated size if it were written anew", need="statistics")]
    bloat_bytes: Annotated[float | None, known("its size beyond that, estimated", need="statistics")]
    bloat_fraction: Annotated[float | None, known("that as a fraction of its size", need="statistics")]
    hit_ratio: Annotated[float | None, known("blocks of it and of its indexes found in shared_buffers, a fraction",
                                             need="io")]  # fmt: skip
    read_bytes: Annotated[float | None, known("bytes of it read from outside shared_buffers", need="io")]
    rereads: Annotated[float | None, known("how often as much as its whole size, indexes and TOAST included, was read "
                                           "from outside shared_buffers", need="io")]  # fmt: skip
    partitions: Annotated[float, known("leaf partitions of a partitioned table")]
    filled_partitions: Annotated[float | None, known("those of them that hold rows", need="statistics")]
    largest_partition: Annotated[str, known("the one with the most rows; empty without any")]
    largest_partition_fraction: Annotated[float | None, known("its part of all rows", need="statistics")]
    default_partition_rows: Annotated[float | None, known("rows in the DEFAULT partition; 0 without one",
                                                          need="statistics")]  # fmt: skip


def table_upkeep(world: World, relation: Relation) -> dict[str, Any]:
    """The facts of TableUpkeep, by name."""
    name = relation.relation_name
    usage = world.usage.get(name) if relation.kind is not RelationKind.PARTITIONED else None
    indexes = world.indexes.get(name, [])
    enabled = option(relation.options, "autovacuum_enabled") not in ("false", "off", "0", "no")
    return {
        "unlogged": relation.persistence == "u",
        "autovacuum_enabled": enabled, "autovacuum_comes": _autovacuum_comes(world, enabled),
        "xid_age": relation.xid_age, "multixact_age": relation.multixact_age,
        "freeze_max_age": _number(world, relation, "autovacuum_freeze_max_age"),
        "fillfactor": fillfactor(relation.options, HEAP_FILLFACTOR),
        "row_width": row_width(relation, world), **_dead_rows(world, relation, usage), **_updates(usage),
        **_hot(world, relation, indexes), **_index_load(world, indexes, usage), **_sizes(world, relation),
        **_cache(world, relation, usage, indexes), **_partitions(world, relation),
    }  # fmt: skip


def _dead_rows(world: World, relation: Relation, usage: TableUsage | None) -> dict[str, Any]:
    base, scale = (_number(world, relation, f"autovacuum_vacuum_{part}") for part in ("threshold", "scale_factor"))
    rows = relation.reltuples or 0.0
    threshold = base + scale * rows if base is not None and scale is not None else None
    most = _number(world, relation, "autovacuum_vacuum_max_threshold")
    if threshold is not None and most is not None and most >= 0:
        threshold = min(threshold, most)
    versions = usage.n_live_tup + usage.n_dead_tup if usage is not None else 0
    return {
        "vacuumed": usage.last_vacuum is not None or bool(usage.vacuums) if usage is not None else None,
        "vacuum_threshold": threshold,
        "dead_fraction": usage.n_dead_tup / versions if usage is not None and versions else None,
        "vacuum_overdue": usage.n_dead_tup / max(threshold, 1.0) if usage is not None and threshold else None,
    }  # fmt: skip


def _autovacuum_comes(world: World, enabled: bool) -> bool | None:
    settings = world.snapshot.server.settings
    known_settings = [settings.get(name) for name in ("autovacuum", "track_counts", "autovacuum_naptime")]
    if None in known_settings:
        return None if enabled else False
    on = known_settings[:2] == ["on", "on"]
    return enabled and on and float(known_settings[2] or 0) <= HOUR


def _number(world: World, relation: Relation, setting: str) -> float | None:
    """A storage parameter of the table, else the server's setting."""
    text = option(relation.options, setting) or world.snapshot.server.settings.get(setting)
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _updates(usage: TableUsage | None) -> dict[str, Any]:
    moved = usage.n_tup_newpage_upd if usage is not None else None
    return {
        "newpage_fraction": moved / usage.n_tup_upd
        if usage is not None and moved is not None and usage.n_tup_upd
        else None,
        "index_writes": usage.n_tup_ins + usage.n_tup_upd - usage.n_tup_hot_upd if usage is not None else None,
    }


def _hot(world: World, relation: Relation, indexes: list[Index]) -> dict[str, Any]:
    """An update of an indexed column is never in place; only BRIN does not count, from 16 on."""
    summarizing = SUMMARIZING if world.snapshot.server.version_num >= 160000 else ()
    blockers: dict[str, None] = {}
    calls = 0
    for statement, assigned in world.updates.get(relation.relation_name, []):
        found = [index.name for index in indexes if index.method not in summarizing and _holds(index, assigned)]
        blockers |= dict.fromkeys(found)
        calls += statement.calls if found else 0
    return {"hot_blockers": tuple(blockers), "hot_blocked_calls": calls}


def _holds(index: Index, columns: tuple[str, ...]) -> bool:
    text = " ".join(filter(None, (index.predicate, *(key.expression for key in index.keys))))
    named = {*(key.column for key in index.keys), *index.include}
    return any(column in named or re.search(rf"\b{re.escape(column)}\b", text) is not None for column in columns)


def _index_load(world: World, indexes: list[Index], usage: TableUsage | None) -> dict[str, Any]:
    block = world.snapshot.server.block_size
    sizes = [index.pages for index in indexes]
    return {
        "secondary_indexes": sum(not (index.unique or index.constraint or index.exclusion) for index in indexes),
        "scans": usage.idx_scan or 0 if usage is not None else None,
        "index_bytes": sum(size or 0 for size in sizes) * block if None not in sizes else None,
    }


def toast_bytes(relation: Relation) -> int | None:
    """A table that was measured and has no TOAST table keeps nothing there."""
    return 0 if relation.toast_bytes is None and relation.pages is not None else relation.toast_bytes


def _sizes(world: World, relation: Relation) -> dict[str, Any]:
    size, toast = world.size_bytes(relation.relation_name), toast_bytes(relation)
    expected = table_bytes(relation, world) if relation.kind is not RelationKind.PARTITIONED else None
    bloat = max(size - expected, 0.0) if size is not None and expected is not None else None
    return {
        "toast_fraction": toast / (size + toast) if size is not None and toast is not None and size + toast else None,
        "expected_bytes": expected, "bloat_bytes": bloat,
        "bloat_fraction": bloat / size if bloat is not None and size else None,
    }  # fmt: skip


def _cache(world: World, relation: Relation, usage: TableUsage | None, indexes: list[Index]) -> dict[str, Any]:
    if usage is None or usage.blks_hit is None or usage.blks_read is None or relation.pages is None:
        return dict.fromkeys(("hit_ratio", "read_bytes", "rereads"))
    block = world.snapshot.server.block_size
    blocks = relation.pages + sum(index.pages or 0 for index in indexes) + (relation.toast_bytes or 0) / block
    touched = usage.blks_hit + usage.blks_read
    return {
        "hit_ratio": usage.blks_hit / touched if touched else None,
        "read_bytes": usage.blks_read * block,
        "rereads": usage.blks_read / max(blocks, 1),
    }


def _partitions(world: World, relation: Relation) -> dict[str, Any]:
    leaves = world.leaves(relation.relation_name)
    rows = [world.rows(leaf.relation_name) for leaf in leaves]
    known_rows = [count or 0.0 for count in rows]
    total = sum(known_rows)
    largest = max(range(len(leaves)), key=known_rows.__getitem__, default=None)
    counted = not any(count is None for count in rows)
    # of this table alone: that of a partition which is partitioned itself takes nothing from here
    parts = world.partitions.get(relation.relation_name, [])
    rest = [part.relation_name for part in parts if part.partition_bound == "DEFAULT"]
    return {
        "partitions": len(leaves),
        "filled_partitions": sum(count > 0 for count in known_rows) if counted else None,
        "largest_partition": leaves[largest].name if largest is not None else "",
        "largest_partition_fraction": known_rows[largest] / total
        if counted and largest is not None and total
        else None,
        "default_partition_rows": sum(world.rows(name) or 0.0 for name in rest) if counted else None,
    }
