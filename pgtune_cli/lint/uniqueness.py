"""Whether an ORDER BY leaves no two rows equal, told from unique keys and equalities. Unknown is None."""

from collections.abc import Iterable

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.shape import Block, ColumnRef, JoinPair, PredicateKind, Table, TableKind

Key = tuple[str, str]
"""alias and column."""


def unique_keys(world: World, table: RelationName) -> list[frozenset[str]]:
    """Sets of NOT NULL columns of which no two rows of a table agree."""
    relation = world.relations.get(table)
    if relation is None:
        return []
    not_null = {column.name for column in relation.columns if column.not_null}
    found = []
    for index in world.indexes.get(table, []):
        columns = [key.column for key in index.keys]
        usable = index.unique and index.valid and index.immediate and index.predicate is None
        if usable and all(column is not None for column in columns):
            key = frozenset(column for column in columns if column is not None)
            if key <= not_null or index.nulls_not_distinct:
                found.append(key)
    return found


def order_is_total(block: Block, world: World) -> bool | None:
    """True when the sort keys decide the order of any two rows; None where that cannot be told."""
    if not block.order_by or block.set_operation is not None or block.grouping_sets:
        return None
    ordered = {(key.column.alias, key.column.column) for key in block.order_by if key.column is not None}
    if block.group_by:
        grouped = {(key.column.alias, key.column.column) for key in block.group_by if key.column is not None}
        return grouped <= ordered if len(grouped) == len(block.group_by) else None
    if block.distinct or block.distinct_on:
        return None
    if any(table.kind is not TableKind.RELATION for table in block.tables) or not block.tables:
        return None
    return _all_decided(block, ordered | _constants(block), world)


def _constants(block: Block) -> set[Key]:
    """Columns that a condition holds to one value."""
    return {
        (predicate.column.alias, predicate.column.column)
        for predicate in block.predicates
        if predicate.kind is PredicateKind.EQ and predicate.column is not None and predicate.operand.plain
        and not (predicate.under_or or predicate.under_not or predicate.cast)
    }  # fmt: skip


def _all_decided(block: Block, decided: set[Key], world: World) -> bool:
    """Follow keys and joins until nothing more is decided by what is."""
    open_tables = list(block.tables)
    grew = True
    while grew:
        grew = False
        for table in list(open_tables):
            if _decided_by_key(table, decided, world):
                open_tables.remove(table)
                decided |= {(table.alias, column) for column in _columns(table, world)}
                grew = True
        for pair in block.joins:
            grew |= _follow(pair, block, decided)
    return not open_tables


def _decided_by_key(table: Table, decided: set[Key], world: World) -> bool:
    if table.relation is None:
        return False
    keys = unique_keys(world, table.relation)
    return any(all((table.alias, column) in decided for column in key) for key in keys)


def _columns(table: Table, world: World) -> Iterable[str]:
    relation = world.relations.get(table.relation) if table.relation is not None else None
    return [column.name for column in relation.columns] if relation is not None else []


def _follow(pair: JoinPair, block: Block, decided: set[Key]) -> bool:
    """An equality decides its other side; across an outer join only towards the side that may be NULL."""
    if pair.under_or or pair.correlated or pair.semi:
        return False
    grew = False
    for source, target in ((pair.left, pair.right), (pair.right, pair.left)):
        if _key(source) in decided and _key(target) not in decided and (not pair.outer or _nullable(target, block)):
            decided.add(_key(target))
            grew = True
    return grew


def _key(column: ColumnRef) -> Key:
    return column.alias, column.column


def _nullable(column: ColumnRef, block: Block) -> bool:
    table = block.table(column.alias)
    return table is not None and table.nullable


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


def one_row(block: Block, world: World) -> bool:
    """Whether conditions leave one row at most."""
    relations = bool(block.tables) and all(table.kind is TableKind.RELATION for table in block.tables)
    return block.aggregates_only or (relations and _all_decided(block, _constants(block), world))


def one_row_of(tables: Iterable[Table], block: Block, world: World) -> bool:
    """Whether constants hold each of these tables to one row, or a table has no more."""
    decided = _constants(block)
    return all(
        _decided_by_key(table, decided, world)
        or (table.relation is not None and (world.rows(table.relation) or 2.0) <= 1.0)
        for table in tables
    )


def joined_once(table: Table, block: Block, world: World) -> bool:
    """Whether a row of the other tables meets one row of this one at most, by a unique key of it."""
    decided = _constants(block)
    for pair in block.joins:
        if pair.under_or or pair.correlated:
            continue
        for side in (pair.left, pair.right):
            if side.alias == table.alias:
                decided.add(_key(side))
    return _decided_by_key(table, decided, world)


def unique_output(block: Block, world: World) -> bool:
    """Whether no two rows of what a block selects are equal, by unique keys."""
    if block.distinct or (block.group_by and not block.grouping_sets):
        shown = {_key(item.column) for item in block.select if item.column is not None}
        return block.distinct or all(key.column is not None and _key(key.column) in shown for key in block.group_by)
    if not block.tables or any(table.kind is not TableKind.RELATION for table in block.tables):
        return False
    selected = {_key(item.column) for item in block.select if item.column is not None}
    return _all_decided(block, selected | _constants(block), world)
