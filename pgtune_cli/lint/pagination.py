"""What a statement's text says of LIMIT, OFFSET and ORDER BY."""

import msgspec

from pgtune_cli.lint.uniqueness import order_is_total, rows_per_tie
from pgtune_cli.lint.world import World
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import Block, PredicateKind, Shape, SortKey, TableKind


class Pagination(msgspec.Struct, frozen=True, kw_only=True):
    """See StatementFacts for each field."""

    has_limit: bool | None = None
    has_offset: bool | None = None
    deepest_offset: float | None = None
    paginated: bool | None = None
    has_order_by: bool | None = None
    order_is_total: bool | None = None
    order_keys: tuple[str, ...] | None = None
    rows_per_tie: float | None = None
    tiebreaker: tuple[str, ...] = ()


def pagination(statement: Statement, shape: Shape | None, world: World) -> Pagination:
    """The paging facts of the outermost SELECT."""
    block = shape.outermost if shape is not None else None
    if shape is None or block is None:
        return Pagination()
    limit, offset = shape.set_limit or block.limit, shape.set_offset or block.offset
    order = shape.set_order_by or block.order_by
    has_offset = offset is not None and offset.value != 0
    total = False if not order else None if shape.set_operations else order_is_total(block, shape, world)
    return Pagination(
        has_limit=limit is not None, has_offset=has_offset,
        deepest_offset=_deepest_offset(statement, shape, world) if has_offset else 0.0,
        paginated=limit is not None and (has_offset or _continues(block)), has_order_by=bool(order),
        order_is_total=total, order_keys=tuple(_name(key) for key in order),
        rows_per_tie=rows_per_tie(block, world) if order and not shape.set_operations else None,
        tiebreaker=_tiebreaker(block, world),
    )  # fmt: skip


def _deepest_offset(statement: Statement, shape: Shape, world: World) -> float | None:
    bounds = [item.set_offset or (item.outermost.offset if item.outermost else None)
              for item in (shape, *world.sample_shapes(statement))]  # fmt: skip
    values = [bound.value for bound in bounds if bound is not None and bound.value is not None]
    return float(max(values)) if values else None


def _continues(block: Block) -> bool:
    """A range condition on the first sort key: `created_at < $1 ORDER BY created_at DESC`."""
    first = block.order_by[0].column if block.order_by else None
    return first is not None and any(
        predicate.kind is PredicateKind.RANGE and predicate.operand.plain and not predicate.under_or
        and predicate.column is not None and predicate.cast is None
        and (predicate.column.alias, predicate.column.column) == (first.alias, first.column)
        and (predicate.operator in ("<", "<=")) == block.order_by[0].descending
        for predicate in block.predicates
    )  # fmt: skip


def _name(key: SortKey) -> str:
    return key.column.column if key.column is not None else key.expression or "a constant"


def _tiebreaker(block: Block, world: World) -> tuple[str, ...]:
    tables = [table for table in block.tables if table.kind is TableKind.RELATION]
    if len(block.tables) != 1 or not tables or tables[0].relation is None or block.group_by:
        return ()
    primary = [index for index in world.indexes.get(tables[0].relation, []) if index.primary]
    return tuple(key.column for index in primary for key in index.keys if key.column is not None)
