"""Facts of a statement as an application sees it: how hot it is, what it hands over, what a cache could spare."""

import math
import re
from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.expiry import expiry_index
from pgtune_cli.lint.subject import known
from pgtune_cli.lint.wide_columns import toasted_bytes
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationKind, RelationName
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import ColumnRef, PredicateKind, Shape, StatementKind

Workload = "workload"
Period = "period"
PARAMETER = re.compile(r"\$[0-9]+")
STORED = (RelationKind.TABLE, RelationKind.PARTITIONED, RelationKind.MATERIALIZED_VIEW)


class StatementLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement asks of the server over time."""

    calls_per_second: Annotated[float | None, known("calls, over the time that the counters cover", need=Period)]
    calls_at_once: Annotated[float | None, known("calls that run at the same time on average: calls x time, over the "
                                                 "time covered", need=Period)]  # fmt: skip
    parameters: Annotated[float, known("how many constants or parameters its text has: without any, all calls ask the "
                                       "same")]  # fmt: skip
    repeat_share: Annotated[float, known("part of the calls that surely ask what was asked before: the text has no "
                                         "parameter, or looks up by a key with fewer values than there were calls; 0 "
                                         "where that cannot be told")]  # fmt: skip
    read_only: Annotated[bool | None, known("a SELECT that writes nothing and locks no rows", need="shape")]
    stored_relations: Annotated[bool | None, known("it reads tables of the catalog, and no view, function or foreign "
                                                   "table", need="shape")]  # fmt: skip
    hit_ratio: Annotated[float | None, known("blocks found in shared_buffers, a fraction; null without any",
                                             need=Workload)]  # fmt: skip
    read_bytes: Annotated[float | None, known("bytes read from outside shared_buffers", need=Workload)]
    rereads: Annotated[float | None, known("how often as much as the whole size of its tables, their indexes included, "
                                           "it read from outside shared_buffers", need="sizes")]  # fmt: skip
    max_exec_time_ms: Annotated[float | None, known("the longest call", need=Workload)]
    plan_share: Annotated[float | None, known("planning as a fraction of planning and execution", need="planning")]
    plans_per_call: Annotated[float | None, known("how often it was planned, a call", need="planning")]
    mean_plan_time_ms: Annotated[float | None, known("time of one planning", need="planning")]
    jit_share: Annotated[float | None, known("compiling (JIT) as a fraction of its execution, 15 and later",
                                             need=Workload)]  # fmt: skip
    result_bytes_per_call: Annotated[float | None, known("bytes that a call hands over: the width of a row x "
                                                         "the measured rows", need="plan")]  # fmt: skip
    row_bytes: Annotated[
        float | None, known("planned width of a row of the result, and what its long values take in TOAST", need="plan")
    ]
    table_writes: Annotated[float | None, known("rows written in the tables it reads since the counters began",
                                                need="usage")]  # fmt: skip
    reads_per_write: Annotated[float | None, known("scans of the tables it reads, a row written in them; of the table "
                                                   "that changes most", need="usage")]  # fmt: skip
    write_calls: Annotated[float | None, known("calls of statements of the workload that write to the tables it reads",
                                               need=Workload)]  # fmt: skip
    calls_per_write: Annotated[float | None, known("its calls, a call that writes to its tables", need=Workload)]
    seconds_between_writes: Annotated[float | None, known("time between two of those: how long a cached result stays "
                                                          "true on average", need=Period)]  # fmt: skip
    expiry_column: Annotated[str, known("of a DELETE: the date or time column that it compares by < or <=, where no "
                                        "index starts with it; empty without one")]  # fmt: skip
    expiry_index_sql: Annotated[str | None, known("CREATE INDEX over that column", sql=True)]
    expiry_drop_sql: Annotated[str | None, known("DROP INDEX of that", sql=True)]


def statement_load(world: World, statement: Statement, shape: Shape | None) -> dict[str, Any]:
    """The facts of StatementLoad, by name."""
    measured = world.measured and statement.calls > 0
    seconds = world.seconds if measured else None
    return {
        "calls_per_second": statement.calls / seconds if seconds else None,
        "calls_at_once": statement.total_exec_time_ms / 1000 / seconds if seconds else None,
        "parameters": len(set(PARAMETER.findall(statement.query))), "read_only": _read_only(shape),
        "repeat_share": _repeats(world, statement, shape),
        "stored_relations": _stored(world, shape),
        "max_exec_time_ms": statement.max_exec_time_ms if measured else None, **_blocks(world, statement, shape),
        **_planning(statement), **_result(world, statement, shape), **_writes(world, statement, shape, seconds),
        **_expiry(world, shape),
    }  # fmt: skip


def _read_only(shape: Shape | None) -> bool | None:
    if shape is None:
        return None
    locking = any(block.locking for block in shape.blocks)
    return shape.kind is StatementKind.SELECT and not shape.writes_in_cte and not locking


def _repeats(world: World, statement: Statement, shape: Shape | None) -> float:
    """At most one call for each value is the first of its kind."""
    if statement.calls <= 0 or shape is None:
        return 0.0
    if not PARAMETER.search(statement.query):
        return 1 - 1 / statement.calls
    keys = _equalities(shape)
    counts = [world.distinct(key.relation, key.column) for key in keys]
    rows = world.rows(keys[0].relation) if keys else None
    if rows is None or any(count is None for count in counts):
        return 0.0
    values = min(math.prod(count or 1.0 for count in counts), rows)
    return max(1 - values / statement.calls, 0.0)


def _equalities(shape: Shape) -> list[ColumnRef]:
    """The columns of a text whose parameters are all compared by equality with columns of its one table."""
    predicates = shape.blocks[0].predicates if len(shape.blocks) == 1 else ()
    found = [
        predicate.column for predicate in predicates
        if predicate.kind is PredicateKind.EQ and predicate.column is not None and predicate.operand.plain
        and predicate.operand.parameters
    ]  # fmt: skip
    tables = {column.relation for column in found}
    return found if len(tables) == 1 and len(shape.parameters) == len(found) else []


def _stored(world: World, shape: Shape | None) -> bool | None:
    if shape is None:
        return None
    found = [world.relations.get(name) for name in shape.relations]
    return bool(found) and all(relation is not None and relation.kind in STORED for relation in found)


def _blocks(world: World, statement: Statement, shape: Shape | None) -> dict[str, Any]:
    touched, read = statement.shared_blks_hit + statement.shared_blks_read, statement.shared_blks_read
    if not world.measured or not statement.calls:
        return dict.fromkeys(("hit_ratio", "read_bytes", "rereads"))
    sizes = [_blocks_of(world, name) for name in shape.relations] if shape is not None else []
    whole = sum(size or 0 for size in sizes) if sizes and None not in sizes else None
    return {
        "hit_ratio": statement.shared_blks_hit / touched if touched else None,
        "read_bytes": read * world.snapshot.server.block_size,
        "rereads": read / max(whole, 1) if whole is not None else None,
    }


def _blocks_of(world: World, name: RelationName) -> float | None:
    relation = world.relations.get(name)
    if relation is None:
        return None
    if relation.kind is RelationKind.PARTITIONED:
        parts = [_blocks_of(world, leaf.relation_name) for leaf in world.leaves(name)]
        return sum(part or 0 for part in parts) if None not in parts else None
    if relation.pages is None:
        return None
    outside = (relation.toast_bytes or 0) / world.snapshot.server.block_size
    return relation.pages + outside + sum(index.pages or 0 for index in world.indexes.get(name, []))


def _planning(statement: Statement) -> dict[str, Any]:
    jit = statement.jit_time_ms
    share = jit / statement.total_exec_time_ms if jit is not None and statement.total_exec_time_ms else None
    if not statement.plans or statement.total_plan_time_ms is None or not statement.calls:
        return {**dict.fromkeys(("plan_share", "plans_per_call", "mean_plan_time_ms")), "jit_share": share}
    both = statement.total_plan_time_ms + statement.total_exec_time_ms
    return {
        "plan_share": statement.total_plan_time_ms / both if both else None,
        "plans_per_call": statement.plans / statement.calls,
        "mean_plan_time_ms": statement.total_plan_time_ms / statement.plans,
        "jit_share": share,
    }


def _result(world: World, statement: Statement, shape: Shape | None) -> dict[str, Any]:
    plans = world.plans(statement.fingerprint)
    width = plans[0].plan.root.plan_width + toasted_bytes(shape, world) if plans else None
    measured = world.measured and statement.calls > 0
    rows = statement.rows / statement.calls if measured else None
    return {
        "row_bytes": width,
        "result_bytes_per_call": width * rows if width is not None and rows is not None else None,
    }


def _writes(world: World, statement: Statement, shape: Shape | None, seconds: float | None) -> dict[str, Any]:
    names = ("table_writes", "reads_per_write", "write_calls", "calls_per_write", "seconds_between_writes")
    if shape is None or not shape.relations:
        return dict.fromkeys(names)
    tables = [leaf for name in shape.relations for leaf in _leaves(world, name)]
    usage = [world.usage.get(name) for name in tables]
    known_usage = [item for item in usage if item is not None]
    whole = bool(tables) and len(known_usage) == len(tables)
    written = [item.n_tup_ins + item.n_tup_upd + item.n_tup_del for item in known_usage]
    scans = [item.seq_scan + (item.idx_scan or 0) for item in known_usage]
    names_written = {*shape.relations, *tables}
    calls = sum(world.write_calls.get(name, 0) for name in names_written)
    return {
        "table_writes": sum(written) if whole else None,
        "reads_per_write": min(read / max(write, 1) for read, write in zip(scans, written, strict=True))
        if whole else None,
        "write_calls": calls if world.measured else None,
        "calls_per_write": statement.calls / max(calls, 1) if world.measured else None,
        "seconds_between_writes": seconds / max(calls, 1) if seconds else None,
    }  # fmt: skip


def _leaves(world: World, name: RelationName) -> list[RelationName]:
    relation = world.relations.get(name)
    if relation is not None and relation.kind is RelationKind.PARTITIONED:
        return [leaf.relation_name for leaf in world.leaves(name)]
    return [name]


def _expiry(world: World, shape: Shape | None) -> dict[str, Any]:
    """`DELETE … WHERE expires_at < $1` without an index that starts with the column."""
    nothing = {"expiry_column": "", "expiry_index_sql": None, "expiry_drop_sql": None}
    if shape is None or shape.kind is not StatementKind.DELETE or not shape.blocks or shape.target is None:
        return nothing
    for predicate in shape.blocks[0].predicates:
        column = predicate.column
        if (
            column is None
            or column.relation != shape.target
            or predicate.kind is not PredicateKind.RANGE
            or not predicate.operator.startswith("<")
            or predicate.under_or
            or predicate.under_not
        ):
            continue
        made = expiry_index(world, shape.target, column.column)
        if made is not None:
            return {"expiry_column": column.column, "expiry_index_sql": made[0], "expiry_drop_sql": made[1]}
    return nothing
