"""Whether `x NOT IN (SELECT y …)` may meet a NULL, which makes it return no row at all. Unknown is None."""

from pgtune_cli.lint.world import World
from pgtune_cli.sql.shape import Block, ColumnRef, Predicate, PredicateKind


def subquery_may_be_null(predicate: Predicate, block: Block, subquery: Block, world: World) -> bool | None:
    """Whether the subquery's one output, or the left side, may be NULL."""
    if len(subquery.select) != 1 or subquery.set_operation is not None:
        return None
    item = subquery.select[0]
    right = _may_be_null(item.column, subquery, world) if item.column is not None else None
    left = _may_be_null(predicate.column, block, world) if predicate.column is not None else None
    if right is None and item.aggregate == "count":
        right = False
    return True if right or left else None if right is None else False


def _may_be_null(column: ColumnRef, block: Block, world: World) -> bool | None:
    found = world.column(column.relation, column.column)
    table = block.table(column.alias)
    if found is None or table is None:
        return None
    if any(_excludes_null(predicate, column) for predicate in block.predicates):
        return False
    return not found.not_null or table.nullable


def _excludes_null(predicate: Predicate, column: ColumnRef) -> bool:
    """A condition that no NULL meets, and that every row must."""
    same = predicate.column is not None and (
        (predicate.column.alias, predicate.column.column) == (column.alias, column.column)
    )
    strict = {PredicateKind.EQ, PredicateKind.IN, PredicateKind.RANGE, PredicateKind.LIKE, PredicateKind.IS_NOT_NULL}
    distinct = "DISTINCT" in predicate.operator.upper()
    return same and predicate.kind in strict and not (distinct or predicate.under_or or predicate.under_not)
