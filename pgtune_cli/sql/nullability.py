"""Whether a column may be NULL in the rows that reach a block's select list."""

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.sql.shape_types import Block, ColumnRef, Place, Predicate, PredicateKind

_STRICT = frozenset(
    [
        *(PredicateKind.EQ, PredicateKind.IN, PredicateKind.RANGE, PredicateKind.LIKE, PredicateKind.ILIKE),
        *(PredicateKind.REGEX, PredicateKind.IS_NOT_NULL, PredicateKind.NOT_EQ),
    ]
)


def not_null(block: Block, column: ColumnRef, catalog: Catalog, blocks: tuple[Block, ...] = ()) -> bool:
    """It is never NULL there: declared so and not filled up by an outer join, or a condition excludes it."""
    table = block.table(column.alias)
    nullable = table is None or table.nullable
    if any(_excludes_null(predicate, column, block, nullable) for predicate in block.predicates):
        return True
    if any(
        _same(pair.left, column) or _same(pair.right, column)
        for pair in block.joins
        # of a condition in ON it is known for a table that no outer join fills up afterwards
        if not (pair.outer or pair.under_or or (nullable and pair.join is not None))
        and (not pair.semi or _same(pair.left, column))
    ):
        return True
    if table is None or table.nullable:
        return False
    if column.derived:
        inner = next((each for each in blocks if each.index == table.block), None)
        return inner is not None and _passed_on_not_null(inner, column, catalog, blocks)
    relation = catalog.relation(column.relation)
    found = relation.column(column.column) if relation is not None else None
    return found is not None and found.not_null and not any(column.relation in r.inherits for r in catalog.relations)


def _passed_on_not_null(inner: Block, column: ColumnRef, catalog: Catalog, blocks: tuple[Block, ...]) -> bool:
    if inner.set_operation is not None or inner.grouping_sets:
        return False
    behind = [
        item.column for item in inner.select
        if item.column is not None and (item.column.relation, item.column.column) == (column.relation, column.column)
    ]  # fmt: skip
    return bool(behind) and all(not_null(inner, each, catalog, blocks) for each in behind)


def _excludes_null(predicate: Predicate, column: ColumnRef, block: Block, nullable: bool) -> bool:
    """A condition that no NULL meets, and that every row must."""
    if predicate.column is None or not _same(predicate.column, column):
        return False
    if predicate.under_or or predicate.under_not or predicate.place is Place.HAVING:
        return False
    if predicate.kind not in _STRICT or "DISTINCT" in predicate.operator.upper():
        return False
    if predicate.row_position is not None and not _needs_every_part(predicate):
        return False
    if predicate.place is Place.WHERE:
        return True
    joined = block.tables[predicate.join].join if predicate.join is not None else "left"
    return joined in ("inner", "cross", "from") and not nullable


def _needs_every_part(predicate: Predicate) -> bool:
    """(a, b) > (1, 2) is true of (2, NULL), and (a, b) <> (1, 2) of (NULL, 3)."""
    if predicate.kind is PredicateKind.RANGE:
        return predicate.row_position == 0
    return predicate.kind in (PredicateKind.EQ, PredicateKind.IN)


def _same(one: ColumnRef, other: ColumnRef) -> bool:
    return (one.alias, one.column, one.outer) == (other.alias, other.column, other.outer)
