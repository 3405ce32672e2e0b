"""Facts of conditions: one column or expression of one table compared with something, in one statement."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from pgtune_cli.lint.condition_columns import harmless_cast
from pgtune_cli.lint.index_match import has_companion, has_expression_index, has_index, has_partial_index, leads_index
from pgtune_cli.lint.nullability import subquery_may_be_null
from pgtune_cli.lint.per_call import per_call
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import Block, Predicate, PredicateKind, Shape

PATTERNS = {PredicateKind.LIKE, PredicateKind.ILIKE}


class PredicateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One condition on a table, in WHERE, ON or HAVING of a statement."""

    kind: Annotated[str, known("eq, in, not_eq, not_in, range, like, ilike, regex, is_null, contains, overlap, "
                               "text_search, similar, bool, other")]  # fmt: skip
    operator: Annotated[str, known("as PostgreSQL spells it, the column on the left")]
    written: Annotated[str, known("the condition in words: lower(email) =")]
    place: Annotated[str, known("where, join_on, having")]
    table: Annotated[str, known("schema.name of the table")]
    table_rows: Annotated[float | None, known("rows of the table", need="statistics")]
    table_bytes: Annotated[float | None, known("size of the table", need="sizes")]
    column: Annotated[str, known("the column, alone or under a cast; empty for an expression")]
    column_type: Annotated[str, known("type of that column; empty for an expression")]
    columns: Annotated[tuple[str, ...], known("every column that the left side reads")]
    expression: Annotated[str, known("the left side when it is more than a column: lower(email); constants hidden")]
    function: Annotated[str, known("its outermost function or operator: lower, date_trunc, ->>")]
    cast: Annotated[str, known("type that the text casts the column to, unless an index on the column serves it")]
    operand_cast: Annotated[str, known("type that the text casts the other side to: $1::numeric is numeric")]
    expression_known: Annotated[bool, known("the expression has no hidden constant: an index could be written on it")]
    expression_indexed: Annotated[bool, known("a valid index starts with that expression")]
    column_indexed: Annotated[bool, known("a valid b-tree or hash index starts with the column")]
    gin_indexed: Annotated[bool, known("a valid GIN index covers the column")]
    trigram_indexed: Annotated[bool, known("a trigram index covers the column or the expression")]
    partial_indexed: Annotated[bool, known("a partial index whose WHERE names the column")]
    alone: Annotated[bool, known("the only condition of its SELECT on the table, joins left out")]
    locking: Annotated[bool, known("its SELECT locks the rows: FOR UPDATE, FOR SHARE")]
    companion_indexed: Annotated[bool, known("another condition of the same SELECT starts an index of the table")]
    column_distinct: Annotated[float | None, known("distinct values of the column", need="statistics")]
    rarest_frequency: Annotated[float | None, known("fraction of the rows with the rarest of its common values",
                                                    need="statistics")]  # fmt: skip
    under_or: Annotated[bool, known("one arm of an OR")]
    under_not: Annotated[bool, known("under a NOT")]
    leading_wildcard: Annotated[bool | None, known("a pattern that starts with % or _ was seen", need="literals")]
    subquery: Annotated[bool, known("it is compared with a subquery")]
    subquery_nullable: Annotated[bool | None, known("what the subquery returns, or the left side, may be NULL",
                                                    need="shape")]  # fmt: skip
    subquery_rows: Annotated[float | None, known("rows of the largest table the subquery reads", need="statistics")]
    ordered_and_limited: Annotated[bool, known("its SELECT has ORDER BY and LIMIT")]
    statement_kind: Annotated[str, known("select, update, delete, ...")]
    calls: Annotated[float, known("calls of the statement")]
    mean_exec_time_ms: Annotated[float | None, known("of the statement", need="workload")]
    total_exec_time_ms: Annotated[float | None, known("of the statement", need="workload")]
    blocks_per_call: Annotated[float | None, known("shared blocks that the statement hits and reads, a call",
                                                   need="workload")]  # fmt: skip
    rows_per_call: Annotated[float | None, known("rows that the statement returns, a call", need="workload")]
    table_share_per_call: Annotated[float | None, known("those blocks, as a fraction of the table's", need="workload")]
    reads_whole_table: Annotated[bool | None, known("the plan scans all of the table", need="plan")]
    removed_fraction: Annotated[float | None, known("rows of the table that the filters of its scans removed, a "
                                                    "fraction of those read", need="analyze")]  # fmt: skip


def predicates(world: World, statement: Statement) -> Iterator[Subject]:
    """The conditions of a statement that read exactly one table of the catalog."""
    shape = world.shape(statement)
    if shape is None:
        return
    samples = world.sample_shapes(statement)
    for block in shape.blocks:
        for number, predicate in enumerate(block.predicates):
            table = _table(block, predicate)
            if table is None:
                continue
            seen = [_same(item, block, number, predicate) for item in samples]
            yield Subject(
                facts=_facts(world, statement, shape, block, predicate, table, [item for item in seen if item]),
                relation=str(table),
                statements=(statement.fingerprint,),
                place=_place(predicate),
                channel=statement.sample_channel,
            )


def _table(block: Block, predicate: Predicate) -> RelationName | None:
    if predicate.table is None:
        return None
    table = block.table(predicate.table)
    return table.relation if table is not None else None


def _same(shape: Shape, block: Block, number: int, predicate: Predicate) -> Predicate | None:
    """The condition of a sampled text that stands where this one stands."""
    if block.index >= len(shape.blocks) or number >= len(shape.blocks[block.index].predicates):
        return None
    found = shape.blocks[block.index].predicates[number]
    return found if (found.kind, found.columns) == (predicate.kind, predicate.columns) else None


def _place(predicate: Predicate) -> str:
    left = predicate.column.column if predicate.column is not None else ", ".join(c.column for c in predicate.columns)
    function = predicate.function or ""
    word = function.replace(".", "").replace("_", "").replace('"', "").isalnum()
    shown = f"{function}({left})" if word else f"{left} {function} …" if function else left
    if predicate.cast is not None and predicate.column is not None:
        shown = f"{left}::{predicate.cast}"
    return f"{shown} {predicate.operator}"


def _facts(
    world: World, statement: Statement, shape: Shape, block: Block, predicate: Predicate, table: RelationName,
    seen: list[Predicate],
) -> PredicateFacts:  # fmt: skip
    column = predicate.column.column if predicate.column is not None else ""
    found = world.column(table, column)
    measured = world.measured and statement.calls > 0
    cost = per_call(statement, world)
    size = world.size_bytes(table)
    table_blocks = size / world.snapshot.server.block_size if size else None
    subquery = shape.blocks[predicate.operand.subquery] if predicate.operand.subquery is not None else None
    return PredicateFacts(
        kind=predicate.kind.value, operator=predicate.operator, written=_place(predicate), place=predicate.place.value,
        table=str(table),
        table_rows=world.rows(table), table_bytes=size, column=column, column_type=found.type if found else "",
        columns=tuple(dict.fromkeys(item.column for item in predicate.columns)),
        expression=predicate.index_expression or (f"{predicate.function}(…)" if predicate.function else ""),
        function=predicate.function or "", cast=_cast(predicate, table, world),
        expression_known=predicate.index_expression is not None, operand_cast=predicate.operand.cast or "",
        expression_indexed=has_expression_index(predicate, table, world),
        column_indexed=bool(column) and leads_index(table, column, world),
        gin_indexed=has_index(table, predicate, world, "gin"),
        partial_indexed=has_partial_index(table, column, world),
        trigram_indexed=has_index(table, predicate, world, "trgm_ops"),
        alone=sum(other.table == predicate.table for other in block.predicates) == 1, locking=block.locking,
        companion_indexed=has_companion(block, predicate, table, world),
        column_distinct=world.distinct(table, column) if column else None,
        rarest_frequency=_rarest(table, column, world) if column else None,
        under_or=predicate.under_or, under_not=predicate.under_not,
        leading_wildcard=_leading_wildcard([predicate, *seen]), subquery=subquery is not None,
        subquery_nullable=subquery_may_be_null(predicate, block, subquery, world) if subquery else None,
        subquery_rows=_largest(subquery, world) if subquery else None,
        ordered_and_limited=bool(block.order_by) and block.limit is not None, statement_kind=shape.kind.value,
        calls=statement.calls, mean_exec_time_ms=statement.mean_exec_time_ms if measured else None,
        total_exec_time_ms=statement.total_exec_time_ms if measured else None,
        blocks_per_call=cost.blocks,
        rows_per_call=cost.rows,
        table_share_per_call=cost.blocks / table_blocks if cost.blocks is not None and table_blocks else None,
        reads_whole_table=world.reads_whole_table(statement.fingerprint, table),
        removed_fraction=_removed_fraction(world, statement, table),
    )  # fmt: skip


def _cast(predicate: Predicate, table: RelationName, world: World) -> str:
    if predicate.cast is None or predicate.column is None:
        return predicate.cast or ""
    return "" if harmless_cast(world, table, predicate.column.column, predicate.cast) else predicate.cast


def _removed_fraction(world: World, statement: Statement, table: RelationName) -> float | None:
    read = removed = 0.0
    for node in world.scans(statement.fingerprint, table):
        if node.actual_rows is None or not node.loops:
            return None
        removed += (node.rows_removed_by_filter or 0.0) * node.loops
        read += (node.actual_rows + (node.rows_removed_by_filter or 0.0)) * node.loops
    return removed / read if read else None


def _leading_wildcard(seen: list[Predicate]) -> bool | None:
    """Of patterns written as constants; None when no pattern was seen."""
    patterns = [item.operand.literals[0] for item in seen if item.kind in PATTERNS and item.operand.literals]
    return any(pattern.startswith(("%", "_")) for pattern in patterns) if patterns else None


def _rarest(table: RelationName, column: str, world: World) -> float | None:
    statistics = world.column_statistics(table, column)
    frequencies = statistics.most_common_freqs if statistics is not None else None
    return min(frequencies) if frequencies else None


def _largest(block: Block, world: World) -> float | None:
    rows = [world.rows(table.relation) for table in block.tables if table.relation is not None]
    return max((count for count in rows if count is not None), default=None)
