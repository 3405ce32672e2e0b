"""--top, --order-by, --schema and --exclude on a snapshot that was read before."""

import re
from collections import defaultdict

import msgspec

from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.snapshot import Snapshot, StatementRow, Workload

PARAMETER_LIST = re.compile(r"\$[0-9]+(\s*,\s*\$[0-9]+)*")


def narrow_workload(workload: Workload, top: int, order_by: str) -> Workload:
    """The `top` statements that cost most; texts that differ in the length of an IN list only count as one.

    Raises UsageError for an order that there is none.
    """
    options = CollectOptions(top=top, order_by=order_by)
    families: dict[str, list[StatementRow]] = defaultdict(list)
    for row in workload.rows:
        families[PARAMETER_LIST.sub("$", row.query)].append(row)
    ranked = sorted(families.values(), key=lambda rows: _cost(rows, options.order_by), reverse=True)
    kept = {id(row) for rows in ranked[: options.top] for row in rows}
    total = sum(row.total_exec_time_ms for row in workload.rows if row.toplevel)
    return msgspec.structs.replace(
        workload,
        rows=tuple(row for row in workload.rows if id(row) in kept),
        total_exec_time_ms=workload.total_exec_time_ms if workload.total_exec_time_ms is not None else total,
    )


def narrow_relations(snapshot: Snapshot, schemas: tuple[str, ...], exclude: tuple[str, ...]) -> Snapshot:
    """The snapshot without the relations that are not wanted."""
    options = CollectOptions(schemas=schemas, exclude=exclude)

    def wanted(name: RelationName) -> bool:
        return options.wants(name.schema, name.name)

    catalog = snapshot.catalog
    relations = tuple(one for one in catalog.relations if wanted(one.relation_name))
    indexes = tuple(one for one in catalog.indexes if wanted(one.table))
    read = {one.relation_name for one in relations} | {one.index_name for one in indexes}
    extended = {(one.schema, one.name) for one in catalog.extended_statistics if one.table in read}
    return msgspec.structs.replace(
        snapshot,
        catalog=_narrow_catalog(catalog, {one.relation_name for one in relations}, read),
        statistics=tuple(one for one in snapshot.statistics if RelationName(one.schema, one.table) in read),
        extended=tuple(one for one in snapshot.extended if (one.schema, one.name) in extended),
        extremes=tuple(one for one in snapshot.extremes if one.table in read),
        usage=msgspec.structs.replace(
            snapshot.usage,
            tables=tuple(one for one in snapshot.usage.tables if one.table in read),
            indexes=tuple(one for one in snapshot.usage.indexes if one.index in read),
        ),
    )


def _narrow_catalog(catalog: Catalog, relations: set[RelationName], read: set[RelationName]) -> Catalog:
    return msgspec.structs.replace(
        catalog,
        relations=tuple(one for one in catalog.relations if one.relation_name in relations),
        indexes=tuple(one for one in catalog.indexes if one.index_name in read),
        constraints=tuple(one for one in catalog.constraints if one.table in relations),
        extended_statistics=tuple(one for one in catalog.extended_statistics if one.table in relations),
        sequences=tuple(one for one in catalog.sequences if one.table is None or one.table in relations),
        policies=tuple(one for one in catalog.policies if one.table in relations),
        rules=tuple(one for one in catalog.rules if one.table in relations),
        triggers=None if catalog.triggers is None else tuple(one for one in catalog.triggers if one.table in relations),
    )


def _cost(rows: list[StatementRow], order_by: str) -> tuple[float, float, str]:
    """What to rank by, then the total time, then the text, so that the order is always the same."""
    calls = sum(row.calls for row in rows)
    total = sum(row.total_exec_time_ms for row in rows)
    by = {
        "total": total,
        "mean": total / max(calls, 1),
        "calls": calls,
        "io": sum(row.shared_blks_read + row.shared_blks_written + row.temp_blks_read + row.temp_blks_written
                  for row in rows),
        "rows": sum(row.rows for row in rows),
    }  # fmt: skip
    return by[order_by], total, rows[0].query
