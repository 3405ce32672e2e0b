"""Facts of tables and of their columns."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.integer_range import integer_range
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.table_upkeep import TableUpkeep, table_upkeep, toast_bytes
from pgtune_cli.lint.wide_columns import may_be_wide
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Column, Relation, RelationKind
from pgtune_cli.model.snapshot import TableUsage
from pgtune_cli.sql.quote import qualified, quote_identifier

Usage = "usage"


class TableFacts(TableUpkeep, frozen=True, kw_only=True):
    """One table, partitioned table or materialized view. A partition is judged by itself."""

    name: Annotated[str, known("schema.name")]
    sql_name: Annotated[str, known("the name, quoted for SQL", sql=True)]
    kind: Annotated[str, known("table, partitioned or materialized_view")]
    is_partition: Annotated[bool, known("part of a partitioned table")]
    rows: Annotated[float | None, known("rows by the last VACUUM or ANALYZE; null when it was never counted",
                                        need="statistics")]  # fmt: skip
    table_bytes: Annotated[float | None, known("size of the table without indexes and TOAST", need="sizes")]
    toast_bytes: Annotated[float | None, known("size of its TOAST table", need="sizes")]
    columns: Annotated[float, known("how many columns it has")]
    indexes: Annotated[float, known("how many indexes it has")]
    has_primary_key: Annotated[bool, known("it has a primary key")]
    has_unique_key: Annotated[bool, known("it has a primary key or a valid unique index")]
    has_statistics: Annotated[bool | None, known("pg_stats has rows for it; null when that may be for want of a right",
                                                 need="statistics")]  # fmt: skip
    analyzed: Annotated[bool | None, known("it was analyzed since the counters began", need=Usage)]
    live_rows: Annotated[float | None, known("rows by the counters", need=Usage)]
    dead_rows: Annotated[float | None, known("row versions that VACUUM could remove", need=Usage)]
    modified_rows: Annotated[float | None, known("rows changed since the last ANALYZE", need=Usage)]
    modified_fraction: Annotated[float | None, known("those as a fraction of the rows at that ANALYZE", need=Usage)]
    growth: Annotated[float | None, known("rows by the counters over rows by the last count", need=Usage)]
    block_growth: Annotated[float | None, known("blocks now over blocks at the last count", need="sizes")]
    inserts: Annotated[float | None, known("rows inserted since the counters began", need=Usage)]
    updates: Annotated[float | None, known("rows updated since the counters began", need=Usage)]
    deletes: Annotated[float | None, known("rows deleted since the counters began", need=Usage)]
    hot_fraction: Annotated[float | None, known("fraction of the updates that touched no index", need=Usage)]
    seq_scans: Annotated[float | None, known("sequential scans since the counters began", need=Usage)]
    seq_rows_read: Annotated[float | None, known("rows read by those", need=Usage)]
    index_scans: Annotated[float | None, known("index scans since the counters began", need=Usage)]
    in_workload: Annotated[bool, known("a statement of the workload reads or writes it")]


class ColumnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a table."""

    name: Annotated[str, known("the column's name")]
    sql_name: Annotated[str, known("schema.table.column, quoted for SQL", sql=True)]
    table: Annotated[str, known("schema.name of the table")]
    type: Annotated[str, known("as format_type() prints it")]
    not_null: Annotated[bool, known("declared NOT NULL")]
    may_be_wide: Annotated[bool, known("a type whose values may be moved to TOAST and tend to be long")]
    table_rows: Annotated[float | None, known("rows of the table", need="statistics")]
    distinct: Annotated[float | None, known("distinct values", need="statistics")]
    null_fraction: Annotated[float | None, known("fraction of the rows that are NULL", need="statistics")]
    default: Annotated[str, known("its default, as PostgreSQL prints it; empty without one")]
    in_primary_key: Annotated[bool, known("part of the primary key")]
    in_key: Annotated[bool, known("part of a primary key, unique constraint, foreign key or partition key")]
    used_range: Annotated[float | None, known("the largest value of an integer column that is known, by its sequence "
                                              "or its statistics, as a fraction of what the type holds; 0 for other "
                                              "types", need="positions")]  # fmt: skip
    used_range_source: Annotated[str, known("sequence or statistics; empty when not known")]
    days_to_full: Annotated[float | None, known("days until the type is full at the measured rate of inserts",
                                                need="usage")]  # fmt: skip
    average_width: Annotated[float | None, known("bytes; 18 for a value in TOAST", need="statistics")]
    correlation: Annotated[float | None, known("of value order with the order in the table, -1 to 1",
                                               need="statistics")]  # fmt: skip


KINDS = {
    RelationKind.TABLE: "table",
    RelationKind.PARTITIONED: "partitioned",
    RelationKind.MATERIALIZED_VIEW: "materialized_view",
}


def tables(world: World, relation: Relation) -> Iterator[Subject]:
    """The table, unless it is a view or foreign."""
    if relation.kind in KINDS:
        yield Subject(facts=_table(world, relation), relation=str(relation.relation_name))


def columns(world: World, relation: Relation) -> Iterator[Subject]:
    """Each column of a table."""
    if relation.kind not in KINDS:
        return
    for column in relation.columns:
        name = str(relation.relation_name)
        yield Subject(facts=_column(world, relation, column), relation=name, place=column.name)


def _table(world: World, relation: Relation) -> TableFacts:
    name = relation.relation_name
    indexes = world.indexes.get(name, [])
    usage = world.usage.get(name)
    primary = any(constraint.type == "p" for constraint in world.constraints.get(name, []))
    return TableFacts(
        name=str(name), sql_name=qualified(name), kind=KINDS[relation.kind],
        is_partition=relation.partition_of is not None, rows=relation.reltuples, table_bytes=world.size_bytes(name),
        toast_bytes=toast_bytes(relation), columns=len(relation.columns),
        block_growth=relation.pages / max(relation.relpages, 1) if relation.pages is not None else None,
        indexes=len(indexes),
        has_primary_key=primary or any(index.primary for index in indexes),
        has_unique_key=primary or any(index.unique and index.valid and not index.predicate for index in indexes),
        has_statistics=_has_statistics(world, relation, usage), in_workload=name in world.users,
        **_counters(relation, usage), **table_upkeep(world, relation),
    )  # fmt: skip


def _counters(relation: Relation, usage: TableUsage | None) -> dict[str, Any]:
    rows = relation.reltuples
    if usage is None or relation.kind is RelationKind.PARTITIONED:
        # a partitioned table has no storage, and its counters stay at zero
        return dict.fromkeys((
            "analyzed", "live_rows", "dead_rows", "modified_rows", "modified_fraction", "growth", "inserts", "updates",
            "deletes", "hot_fraction", "seq_scans", "seq_rows_read", "index_scans",
        ))  # fmt: skip
    return {
        "analyzed": usage.last_analyze is not None, "live_rows": usage.n_live_tup, "dead_rows": usage.n_dead_tup,
        "modified_rows": usage.n_mod_since_analyze,
        "modified_fraction": usage.n_mod_since_analyze / max(rows, 1.0) if rows is not None else None,
        "growth": usage.n_live_tup / max(rows, 1.0) if rows is not None else None, "inserts": usage.n_tup_ins,
        "updates": usage.n_tup_upd, "deletes": usage.n_tup_del,
        "hot_fraction": usage.n_tup_hot_upd / usage.n_tup_upd if usage.n_tup_upd else None,
        "seq_scans": usage.seq_scan, "seq_rows_read": usage.seq_tup_read, "index_scans": usage.idx_scan,
    }  # fmt: skip


def _has_statistics(world: World, relation: Relation, usage: TableUsage | None) -> bool | None:
    """Absence proves something only where it was never analyzed, or when empty: pg_stats hides what may not be read."""
    if relation.relation_name in world.analyzed_tables:
        return True
    if usage is None or not usage.n_live_tup:
        return None
    return False if not relation.reltuples else None


def _column(world: World, relation: Relation, column: Column) -> ColumnFacts:
    name = relation.relation_name
    statistics = world.column_statistics(name, column.name)
    keys = world.constraints.get(name, [])
    return ColumnFacts(
        default=column.default or "", in_primary_key=any(column.name in key.columns for key in keys if key.type == "p"),
        in_key=any(column.name in key.columns for key in keys if key.type in "puf")
        or column.name in (relation.partition_key or ""),
        **integer_range(world, relation, column),
        name=column.name, sql_name=f"{qualified(name)}.{quote_identifier(column.name)}",
        table=str(name), type=column.type,
        not_null=column.not_null, may_be_wide=may_be_wide(column), table_rows=world.rows(name),
        distinct=world.distinct(name, column.name),
        null_fraction=statistics.null_frac if statistics else None,
        average_width=statistics.avg_width if statistics else None,
        correlation=statistics.correlation if statistics else None,
    )  # fmt: skip
