"""How one block of a statement reads one table: what an index on it could be asked for."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from pgtune_cli.advise.coverage import flipped
from pgtune_cli.advise.covering import columns_read
from pgtune_cli.advise.facts import Facts, base_type
from pgtune_cli.advise.fractions import UNSELECTIVE, fraction, truth
from pgtune_cli.advise.searches import Search, search_of
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.sql.shape import Block, ColumnRef, Place, Predicate, PredicateKind, Shape, SortKey, Table

EQUALITY = (PredicateKind.EQ, PredicateKind.BOOL, PredicateKind.IS_NULL)
RELABELLED = {("character varying", "text"), ("character varying", "varchar"), ("varchar", "text"), ("cidr", "inet")}
"""(type of the column, cast to)"""
DISTANCE = re.compile(r"<[-#=+~%@]>")
"""operators that sort by how near a value is: those of geometric types, pg_trgm, cube and vectors"""
SARGABLE = (*EQUALITY, PredicateKind.IN, PredicateKind.RANGE)


class Near(msgspec.Struct, frozen=True):
    """ORDER BY column <-> value."""

    key: IndexKey
    operator: str


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The keys by their use. `order`, `groups` and `partitions` hold the leading keys that belong to this table."""

    table: RelationName
    equals: tuple[IndexKey, ...] = ()
    """compared with one value that is fixed when the table is read: a constant, or an outer row of a correlation."""
    lists: tuple[IndexKey, ...] = ()
    ranges: tuple[IndexKey, ...] = ()
    joins: tuple[tuple[IndexKey, ...], ...] = ()
    """one entry for each other table: the keys that are equal to its columns."""
    alternatives: tuple[IndexKey, ...] = ()
    """within OR: each needs an index of its own."""
    order: tuple[IndexKey, ...] = ()
    limited: bool = False
    groups: tuple[IndexKey, ...] = ()
    extremes: tuple[IndexKey, ...] = ()
    """min() and max() of a whole block."""
    searches: tuple[Search, ...] = ()
    """what is asked with LIKE, @>, @@ and other operators that are not a btree's."""
    nearest: Near | None = None
    """what ORDER BY … LIMIT asks for by distance."""
    fractions: tuple[tuple[IndexKey, float], ...] = ()
    """of the rows, that equality keys select whose value is known."""
    constants: tuple[Predicate, ...] = ()
    """predicates that an index could be partial for; what they compare with may be unknown."""
    reads: frozenset[str] | None = None
    """every column of the table that is needed; None for whole rows, or where that is not known."""


def accesses(shape: Shape, facts: Facts) -> Iterator[Access]:
    """Of every table worth an index, once for each block that reads it."""
    for block in shape.blocks:
        for table in block.tables:
            if table.relation is not None and facts.worth_indexing(facts.root(table.relation)):
                made = _access(block, table, table.relation, facts)
                yield msgspec.structs.replace(made, reads=columns_read(block, table, shape))


def _access(block: Block, table: Table, relation: RelationName, facts: Facts) -> Access:
    own = [predicate for predicate in block.predicates if _is_filter(predicate, table)]
    plain = [each for each in own if not each.under_or and (not each.under_not or truth(each) is not None)]
    fixed = [each for each in plain if not _same_block_columns(each)]
    narrow = [each for each in fixed if (fraction(each, facts.root(relation), facts) or 0.0) <= UNSELECTIVE]
    joins, correlated = _join_keys(block, table)
    equals = [*_keys(narrow, EQUALITY, facts), *correlated]
    fits = [key for key in equals if facts.key_fits(relation, key)]
    order = block.order_by or block.distinct_on
    return Access(
        table=facts.root(relation),
        equals=_once(fits),
        lists=_once(_keys(fixed, (PredicateKind.IN,), facts)),
        ranges=_once(_keys(fixed, (PredicateKind.RANGE,), facts)),
        joins=joins,
        alternatives=_once(_keys([p for p in own if p.under_or], SARGABLE, facts)),
        order=_sort_keys(order or (*block.partition_by, *block.window_order), table, facts),
        limited=block.limit is not None or bool(block.distinct_on),
        groups=_sort_keys(block.group_by or _distinct_keys(block), table, facts),
        extremes=_extremes(block, table),
        searches=_once_each(search_of(_relabelled(each, facts)) for each in plain if not each.under_not),
        nearest=_nearest(block, table),
        fractions=_fractions(narrow, facts.root(relation), facts),
        constants=tuple(p for p in plain if p.column is not None and _operand_is_plain(p)),
    )  # fmt: skip


def _fractions(
    predicates: Iterable[Predicate], table: RelationName, facts: Facts
) -> tuple[tuple[IndexKey, float], ...]:
    known = ((_key(each, facts), fraction(each, table, facts)) for each in predicates if each.kind in EQUALITY)
    return tuple((key, share) for key, share in known if key is not None and share is not None)


def _is_filter(predicate: Predicate, table: Table) -> bool:
    return predicate.table == table.alias and predicate.place is not Place.HAVING


def _same_block_columns(predicate: Predicate) -> bool:
    """Compared with columns of this block: a join, or the table with itself."""
    return any(not column.outer for column in predicate.operand.columns)


def _operand_is_plain(predicate: Predicate) -> bool:
    return predicate.operand.plain or predicate.kind in (PredicateKind.IS_NULL, PredicateKind.BOOL)


def _keys(predicates: Iterable[Predicate], kinds: tuple[PredicateKind, ...], facts: Facts) -> list[IndexKey]:
    keys = (_key(predicate, facts) for predicate in predicates if predicate.kind in kinds)
    return [key for key in keys if key is not None]


def _key(predicate: Predicate, facts: Facts) -> IndexKey | None:
    """The left side as a key: a column, or an expression that has no parameter in it."""
    if predicate.column is not None and not _really_cast(predicate, facts):
        key = IndexKey(column=predicate.column.column)
        return key if facts.key_fits(predicate.column.relation, key) else None
    if predicate.index_expression is not None and not predicate.left_parameters:
        return IndexKey(expression=predicate.index_expression)
    return None


def _really_cast(predicate: Predicate, facts: Facts) -> bool:
    """varchar to text, cidr to inet are relabellings that an index survives; any other cast is not."""
    if predicate.cast is None or predicate.column is None:
        return False
    column = facts.column(predicate.column.relation, predicate.column.column)
    have = base_type(column.type) if column else ""
    want = base_type(predicate.cast)
    return have != want and (have, want) not in RELABELLED


def _relabelled(predicate: Predicate, facts: Facts) -> Predicate:
    """Without a cast that changes nothing."""
    return predicate if _really_cast(predicate, facts) else msgspec.structs.replace(predicate, cast=None)


def _join_keys(block: Block, table: Table) -> tuple[tuple[tuple[IndexKey, ...], ...], list[IndexKey]]:
    """Keys joined to each other table of the block, and those equal to a row of an enclosing one."""
    by_other: dict[str, list[IndexKey]] = {}
    correlated: list[IndexKey] = []
    for pair in block.joins:
        for mine, other in ((pair.left, pair.right), (pair.right, pair.left)):
            if mine.outer or mine.alias != table.alias or mine.relation != table.relation or pair.under_or:
                continue
            if other.outer:
                correlated.append(IndexKey(column=mine.column))
            else:
                by_other.setdefault(other.alias, []).append(IndexKey(column=mine.column))
    return tuple(_once(keys) for keys in by_other.values()), correlated


def _sort_keys(keys: Iterable[SortKey], table: Table, facts: Facts) -> tuple[IndexKey, ...]:
    """The leading keys that an index on this table can give."""
    found: list[IndexKey] = []
    for key in keys:
        if key.constant:
            continue
        made = _sort_key(key, table, facts)
        if made is None:
            break
        found.append(made)
    # wholly descending is written ascending: the same index, read backwards
    return flipped(found) if all(key.descending and key.nulls_first for key in found) else tuple(found)


def _nearest(block: Block, table: Table) -> Near | None:
    """Only what is limited: all rows by distance are sorted as fast as they are fetched one by one."""
    first = next((key for key in block.order_by if not key.constant), None)
    if first is None or first.distance_of is None or first.distance is None or first.descending or block.limit is None:
        return None
    return Near(IndexKey(column=first.distance_of.column), first.distance) if _is_of(first.distance_of, table) else None


def _sort_key(key: SortKey, table: Table, facts: Facts) -> IndexKey | None:
    if (
        key.aggregate
        or key.parameters
        or key.using is not None
        or any(not _is_of(column, table) for column in key.columns)
    ):
        return None  # fmt: skip
    if key.column is not None and _is_of(key.column, table):
        made = IndexKey(
            column=key.column.column,
            descending=key.descending,
            nulls_first=key.nulls_first,
            collation=key.collation,
        )
        return made if facts.key_fits(key.column.relation, made) else None
    if key.index_expression is not None and DISTANCE.search(key.index_expression):
        return None  # the next call asks for what is near another point
    if key.column is None and key.index_expression is not None and key.columns:
        return IndexKey(expression=key.index_expression, descending=key.descending, nulls_first=key.nulls_first)
    return None


def _is_of(column: ColumnRef, table: Table) -> bool:
    return column.alias == table.alias and not column.outer


def _distinct_keys(block: Block) -> tuple[SortKey, ...]:
    """SELECT DISTINCT a, b groups by its list."""
    if not block.distinct:
        return ()
    return tuple(SortKey(column=item.column, columns=item.columns) for item in block.select)


def _extremes(block: Block, table: Table) -> tuple[IndexKey, ...]:
    if block.group_by:
        return ()
    found = (each for each in block.aggregates if each.name in ("min", "max") and each.column is not None)
    return _once(IndexKey(column=each.column.column) for each in found if each.column and _is_of(each.column, table))


def _once_each(found: Iterable[Search | None]) -> tuple[Search, ...]:
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _once(keys: Iterable[IndexKey]) -> tuple[IndexKey, ...]:
    return tuple(dict.fromkeys(keys))
