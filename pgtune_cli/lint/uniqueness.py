"""Whether an ORDER BY leaves no two rows equal, and rows meet one row of another table. Unknown is None."""

from collections.abc import Iterable

from pgtune_cli.lint.world import World
from pgtune_cli.sql.shape import Block, Shape, Table, TableKind
from pgtune_cli.sql.uniqueness import Key, Uniqueness, constants


def order_is_total(block: Block, shape: Shape, world: World) -> bool | None:
    """True when the sort keys decide the order of any two rows; None where that cannot be told."""
    if not block.order_by or block.set_operation is not None or block.grouping_sets:
        return None
    uniqueness = world.uniqueness(shape)
    ordered = {(key.column.alias, key.column.column) for key in block.order_by if key.column is not None}
    if block.group_by:
        grouped = {(key.column.alias, key.column.column) for key in block.group_by if key.column is not None}
        return grouped <= uniqueness.known(block, ordered) if len(grouped) == len(block.group_by) else None
    if block.distinct or block.distinct_on or not block.tables:
        return None
    undecided = uniqueness.undecided(block, ordered)
    if any(table.kind is not TableKind.RELATION for table in undecided):
        return None
    return not undecided


def rows_per_tie(block: Block, world: World) -> float | None:
    """Rows that share their sort keys, on average, by the columns' distinct values; None without statistics."""
    relations = {key.column.relation for key in block.order_by if key.column is not None}
    if len(relations) != 1 or any(key.column is None and not key.constant for key in block.order_by):
        return None
    (relation,) = relations
    rows = world.rows(relation)
    groups = 1.0
    for key in block.order_by:
        if key.column is not None:
            distinct = world.distinct(relation, key.column.column)
            if distinct is None:
                return None
            groups *= max(distinct, 1.0)
    return max(rows / min(groups, rows), 1.0) if rows else None


def one_row(block: Block, shape: Shape, world: World) -> bool:
    """Whether conditions leave one row at most."""
    return block.aggregates_only or (bool(block.tables) and not world.uniqueness(shape).undecided(block, ()))


def one_row_of(tables: Iterable[Table], block: Block, shape: Shape, world: World) -> bool:
    """Whether constants hold each of these tables to one row, or a table has no more."""
    uniqueness, held = world.uniqueness(shape), constants(block)
    return all(
        uniqueness.is_decided(table, held)
        or (table.relation is not None and (world.rows(table.relation) or 2.0) <= 1.0)
        for table in tables
    )


def joined_once(table: Table, block: Block, uniqueness: Uniqueness) -> bool:
    """Whether a row of the other tables meets one row of this one at most, by a unique key of it."""
    paired: set[Key] = {
        (side.alias, side.column)
        for pair in block.joins
        if not (pair.under_or or pair.correlated)
        for side in (pair.left, pair.right)
        if side.alias == table.alias
    }
    return uniqueness.is_decided(table, constants(block) | paired)


def unique_output(block: Block, shape: Shape, world: World) -> bool:
    """Whether no two rows of what a block selects are equal, by unique keys."""
    shown = {(item.column.alias, item.column.column) for item in block.select if item.column is not None}
    if block.distinct:
        return True
    if block.group_by and not block.grouping_sets:
        return all(key.column is not None and (key.column.alias, key.column.column) in shown for key in block.group_by)
    return bool(block.tables) and not world.uniqueness(shape).undecided(block, shown)
