"""Facts of indexes."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

from pgtune_cli.lint.index_overlap import keeper_of_duplicates, longer_index
from pgtune_cli.lint.partitioned_index import NO_CONCURRENTLY, PartitionedIndexFacts, partitioned_index
from pgtune_cli.lint.storage_size import btree_bytes
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Index
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.sql.index_ddl import drop_index_sql
from pgtune_cli.sql.lex import Token, TruncatedText, tokens
from pgtune_cli.sql.quote import qualified

Usage = "usage"
CREATE = re.compile(r"CREATE (UNIQUE )?INDEX ")


class IndexFacts(PartitionedIndexFacts, frozen=True, kw_only=True):
    """One index. That of a partitioned table has the sizes, scans and rows of all its partitions together."""

    name: Annotated[str, known("the index's name")]
    sql_name: Annotated[str, known("schema and name, quoted for SQL", sql=True)]
    table: Annotated[str, known("schema.name of its table")]
    definition: Annotated[str, known("CREATE INDEX, as PostgreSQL prints it")]
    create_sql: Annotated[str | None, known("CREATE INDEX CONCURRENTLY, to have it back; without CONCURRENTLY on a "
                                            "partitioned table", sql=True)]  # fmt: skip
    drop_sql: Annotated[str, known("DROP INDEX CONCURRENTLY, likewise", sql=True)]
    drop_advice: Annotated[str, known("what to mind when it is dropped; empty where that disturbs nobody")]
    partitioned: Annotated[bool, known("it is the index of a partitioned table, or of a partition that is partitioned")]
    method: Annotated[str, known("btree, hash, gin, gist, brin, ...")]
    columns: Annotated[tuple[str, ...], known("its key columns; an expression in parentheses")]
    unique: Annotated[bool, known("it keeps values unique")]
    primary: Annotated[bool, known("it serves the primary key")]
    valid: Annotated[bool, known("the planner may use it; false after a failed CREATE INDEX CONCURRENTLY")]
    partial: Annotated[bool, known("it has a WHERE")]
    keeps_rules: Annotated[bool, known("it is unique, or serves a constraint or the replica identity: dropping it "
                                       "would drop a rule of the data")]  # fmt: skip
    is_partition: Annotated[bool, known("attached to the index of a partitioned table: it cannot be dropped alone")]
    index_bytes: Annotated[float | None, known("its size", need="sizes")]
    table_rows: Annotated[float | None, known("rows of its table", need="statistics")]
    scans: Annotated[float | None, known("how often it was used since the counters began", need=Usage)]
    counters_days: Annotated[float | None, known("age of these counters", need=Usage)]
    table_scans: Annotated[float | None, known("scans of its table since then, of every kind", need=Usage)]
    table_writes: Annotated[float | None, known("rows inserted, updated and deleted in its table since then",
                                                need=Usage)]  # fmt: skip
    used_in_plans: Annotated[bool, known("a plan of this analysis uses it")]
    serves_foreign_key: Annotated[bool, known("it starts with the columns of a foreign key of its table")]
    duplicate_of: Annotated[str, known("an index with the same keys that should stay; empty without one")]
    key_distinct: Annotated[float | None, known("distinct values of its first key, where that is a column",
                                                need="statistics")]  # fmt: skip
    key_null_fraction: Annotated[float | None, known("fraction of the rows where that is NULL", need="statistics")]
    rarest_fraction: Annotated[float | None, known("fraction of the rows with the rarest value (or NULL) of its first "
                                                   "key, where all values are in the statistics; 0 where there are "
                                                   "more", need="statistics")]  # fmt: skip
    key_correlation: Annotated[float | None, known("of the first key's order with the order in the table, -1 to 1",
                                                   need="statistics")]  # fmt: skip
    key_type: Annotated[str | None, known("type of its first key, where that is a column")]
    table_inserts: Annotated[float | None, known("rows inserted in its table since the counters began", need=Usage)]
    expected_bytes: Annotated[float | None, known("estimated size of a b-tree if it were built anew, without "
                                                  "deduplication", need="statistics")]  # fmt: skip
    bloat_bytes: Annotated[float | None, known("its size beyond that, estimated", need="statistics")]
    bloat_fraction: Annotated[float | None, known("that as a fraction of its size", need="statistics")]
    stands_in_for: Annotated[str, known("a used index that may go because this one does its work; empty without one")]
    prefix_of: Annotated[str, known("an index that starts with the same keys and has more; empty without one")]


def indexes(world: World, index: Index) -> Iterator[Subject]:
    """The index."""
    yield Subject(facts=_facts(world, index), relation=str(index.table), place=index.name)


def _facts(world: World, index: Index) -> IndexFacts:
    table, partitioned = world.total_usage(index.table), world.is_partitioned(index.table)
    keeper, longer = keeper_of_duplicates(index, world), longer_index(index, world)
    size = _size(index, world)
    return IndexFacts(
        name=index.name, sql_name=qualified(index.index_name), table=str(index.table), definition=index.definition,
        create_sql=_create_sql(index.definition, partitioned), partitioned=partitioned,
        drop_sql=drop_index_sql(index.schema, index.name, concurrently=not partitioned),
        drop_advice=NO_CONCURRENTLY if partitioned else "", **partitioned_index(index, world),
        method=index.method, columns=tuple(key.column or f"({key.expression})" for key in index.keys),
        unique=index.unique, primary=index.primary, valid=index.valid, partial=index.predicate is not None,
        keeps_rules=keeps_rules(index), is_partition=index.partition_of is not None,
        index_bytes=size, **_key(index, world), **_bloat(index, size, world),
        table_inserts=table.n_tup_ins if table else None,
        table_rows=world.rows(index.table), scans=_scans(index, world),
        counters_days=world.snapshot.usage.days,
        table_scans=table.seq_scan + (table.idx_scan or 0) if table else None,
        table_writes=table.n_tup_ins + table.n_tup_upd + table.n_tup_del if table else None,
        used_in_plans=any(each.name in world.indexes_in_plans for each in world.stored(index)),
        serves_foreign_key=_serves_foreign_key(index, world),
        duplicate_of=keeper.name if keeper else "", prefix_of=longer.name if longer else "",
        stands_in_for=_stands_in_for(index, world),
    )  # fmt: skip


def _size(index: Index, world: World) -> int | None:
    blocks = [each.pages if each.pages is not None else each.relpages or None for each in world.stored(index)]
    if not blocks or None in blocks:
        return None
    return sum(count or 0 for count in blocks) * world.snapshot.server.block_size


def _scans(index: Index, world: World) -> int | None:
    found = [world.index_usage.get(each.index_name) for each in world.stored(index)]
    if not found or None in found:
        return None
    return sum(usage.application_scans for usage in found if usage is not None)


def _stands_in_for(index: Index, world: World) -> str:
    """Were both to go, this one because nothing used it yet, nothing would serve what used the other."""
    for other in world.indexes.get(index.table, []):
        heirs = (keeper_of_duplicates(other, world), longer_index(other, world)) if other is not index else ()
        if any(heir is index for heir in heirs) and _scans(other, world) != 0:
            return other.name
    return ""


def _key(index: Index, world: World) -> dict[str, Any]:
    """What the statistics say of the first key."""
    name = index.keys[0].column if index.keys else None
    column = world.column(index.table, name) if name is not None else None
    found = world.column_statistics(index.table, name) if name is not None else None
    return {
        "key_type": column.type if column else None,
        "key_distinct": world.distinct(index.table, name) if name is not None else None,
        "key_null_fraction": found.null_frac if found else None,
        "rarest_fraction": _rarest(found) if found else None,
        "key_correlation": found.correlation if found else None,
    }


def _rarest(found: ColumnStatistics) -> float:
    """The statistics hold all values where their frequencies and the NULLs make up the whole table."""
    values = found.most_common_freqs or ()
    if found.histogram_bounds is not None or not values or sum(values) + found.null_frac < 0.999:
        return 0.0
    return min((*values, found.null_frac) if found.null_frac else values)


def _bloat(index: Index, size: float | None, world: World) -> dict[str, Any]:
    if world.is_partitioned(index.table):
        return {"expected_bytes": 0.0, "bloat_bytes": 0.0, "bloat_fraction": 0.0}  # its partitions have the storage
    expected = btree_bytes(index, world)
    bloat = max(size - expected, 0.0) if size is not None and expected is not None else None
    return {
        "expected_bytes": expected,
        "bloat_bytes": bloat,
        "bloat_fraction": bloat / size if bloat is not None and size else None,
    }


def _create_sql(definition: str, partitioned: bool) -> str | None:
    """The definition, online where that can be; None when it is not the one statement that PostgreSQL prints."""
    found = CREATE.match(definition)
    try:
        words = tokens(definition)
    except TruncatedText:
        return None
    if found is None or any(token.text == ";" for token in words):
        return None
    if partitioned:
        return _without_only(definition, words)
    return f"{found[0]}CONCURRENTLY {definition[found.end() :]}"


def _without_only(definition: str, words: list[Token]) -> str:
    """PostgreSQL prints the index of a partitioned table as ON ONLY; the partitions want theirs too."""
    only = next((token for on, token in pairwise(words) if (on.text, token.text) == ("ON", "ONLY")), None)
    return definition if only is None else definition[: only.start] + definition[only.end :].lstrip()


def keeps_rules(index: Index) -> bool:
    """Whether the data or replication depend on it, not only speed."""
    return index.unique or index.constraint is not None or index.exclusion or index.replica_identity


def _serves_foreign_key(index: Index, world: World) -> bool:
    columns = [key.column for key in index.keys]
    return any(
        constraint.type == "f" and set(columns[: len(constraint.columns)]) == set(constraint.columns)
        for constraint in world.constraints.get(index.table, [])
    )
