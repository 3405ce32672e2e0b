"""What tells the rows of a block apart: unique keys, followed through joins and equalities."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pgtune_cli.model.catalog import Catalog, Index, Relation, RelationKind, RelationName
from pgtune_cli.sql.shape_types import Block, ColumnRef, JoinPair, Place, PredicateKind, SelectItem, Table, TableKind
from pgtune_cli.sql.volatility import Volatility

Key = tuple[str, str]
"""alias and column."""
_ALIKE = ({"smallint", "integer", "bigint", "numeric"}, {"text", "character varying"})
"""types across which = is exact: a float8 is equal to several bigints"""


class TableKeys:
    """The unique keys of a catalog's tables, read when they are first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._keys: dict[RelationName, list[tuple[str, ...]]] = {}

    @cached_property
    def _relations(self) -> dict[RelationName, Relation]:
        return {relation.relation_name: relation for relation in self._catalog.relations}

    @cached_property
    def _indexes(self) -> dict[RelationName, list[Index]]:
        found: dict[RelationName, list[Index]] = {}
        for index in self._catalog.indexes:
            found.setdefault(index.table, []).append(index)
        return found

    @cached_property
    def _parents(self) -> frozenset[RelationName]:
        """Of inherited tables."""
        plain = (relation for relation in self._catalog.relations if relation.partition_of is None)
        return frozenset(name for relation in plain for name in relation.inherits)

    def of(self, name: RelationName) -> list[tuple[str, ...]]:
        """Column sets of which no two rows of a table agree, the primary key first."""
        if name not in self._keys:
            self._keys[name] = self._read(name)
        return self._keys[name]

    def _read(self, name: RelationName) -> list[tuple[str, ...]]:
        relation = self._relations.get(name)
        if relation is None or relation.kind in (RelationKind.VIEW, RelationKind.FOREIGN) or self.has_children(name):
            return []
        indexes = sorted(self._indexes.get(name, ()), key=lambda index: (not index.primary, len(index.keys)))
        return [tuple(key.column or "" for key in index.keys) for index in indexes if identifies(index, relation)]

    def has_children(self, name: RelationName) -> bool:
        """Inherited tables: no unique index covers them together."""
        return name in self._parents

    def relation(self, name: RelationName) -> Relation | None:
        return self._relations.get(name)

    @cached_property
    def _volatility(self) -> Volatility:
        return Volatility(self._catalog)

    def multiplies(self, block: Block) -> bool:
        """A set-returning function makes several rows of one."""
        return bool(block.functions) and self._volatility.multiplies(block) is not None


class Uniqueness:
    """Answers for the blocks of one statement."""

    def __init__(self, keys: TableKeys, blocks: tuple[Block, ...]) -> None:
        self._keys = keys
        self._blocks = {block.index: block for block in blocks}

    def unique_keys(self, name: RelationName) -> list[tuple[str, ...]]:
        """Column sets of which no two rows of a table agree, the primary key first."""
        return self._keys.of(name)

    def has_children(self, name: RelationName) -> bool:
        """Inherited tables: no unique index covers them together."""
        return self._keys.has_children(name)

    def undecided(self, block: Block, decided: Iterable[Key]) -> list[Table]:
        """The tables of which several rows may share the decided columns; empty where those tell all rows apart."""
        return self._closure(block, decided)[1]

    def known(self, block: Block, decided: Iterable[Key]) -> set[Key]:
        """Every column whose value follows from the decided ones."""
        return self._closure(block, decided)[0]

    def _closure(self, block: Block, decided: Iterable[Key]) -> tuple[set[Key], list[Table]]:
        known = {*decided, *constants(block)}
        waiting = list(block.tables)
        grew = True
        while grew:
            grew = False
            for table in list(waiting):
                # the rows of a LATERAL item are those of one row beside it
                alone = not table.lateral or waiting[0] is table
                if alone and self.is_decided(table, known):
                    waiting.remove(table)
                    known |= {(table.alias, column) for column in self.columns(table)}
                    grew = True
            for pair in block.joins:
                grew |= self._follow(pair, block, known)
        return known, waiting

    def _follow(self, pair: JoinPair, block: Block, known: set[Key]) -> bool:
        """An equality decides its other side; of an outer join only that of the table which is joined."""
        if pair.under_or or pair.semi or not self._same_equality(pair):
            return False
        grew = False
        for source, target in ((pair.left, pair.right), (pair.right, pair.left)):
            if target.outer or _key(target) in known:
                continue
            if not source.outer and _key(source) not in known:
                continue
            if pair.outer and (pair.join is None or not _decides(target, pair.join, block)):
                continue
            known.add(_key(target))
            grew = True
        return grew

    def _same_equality(self, pair: JoinPair) -> bool:
        """Both columns call the same values equal: 'a' and 'A' may both be one value of the other side."""
        relations = self._keys.relation(pair.left.relation), self._keys.relation(pair.right.relation)
        if relations[0] is None or relations[1] is None:
            return False
        one, other = relations[0].column(pair.left.column), relations[1].column(pair.right.column)
        if one is None or other is None or one.collation != other.collation:
            return False
        types = {one.type.partition("(")[0], other.type.partition("(")[0]}
        return len(types) == 1 or any(types <= family for family in _ALIKE)

    def columns(self, table: Table) -> tuple[str, ...]:
        relation = self._keys.relation(table.relation) if table.relation is not None else None
        if relation is not None:
            return tuple(column.name for column in relation.columns)
        return table.columns or ()

    def keys_of(self, table: Table) -> list[tuple[str, ...]]:
        """Column sets that tell the rows of one item of FROM apart; an empty set where it has one row at most."""
        if table.relation is not None:
            return self.unique_keys(table.relation)
        block = self._blocks.get(table.block) if table.block is not None else None
        if block is None or table.kind not in (TableKind.SUBQUERY, TableKind.CTE) or block.set_operation is not None:
            return []
        # as FROM calls its columns: `s(a, b)`
        names = {item.name: name for name, item in items_called(block, table.columns or ()).items()}
        renamed = [tuple(names.get(column) for column in key) for key in self._derived_keys(block)]
        return [tuple(name for name in key if name is not None) for key in renamed if None not in key]

    def _derived_keys(self, block: Block) -> Iterator[tuple[str, ...]]:
        doubled = self._keys.multiplies(block)
        one = block.limit is not None and block.limit.value == 1 and not block.limit.with_ties
        if (block.aggregates_only and not doubled) or one:
            yield ()
        names = [item.name for item in block.select]
        if block.grouping_sets or any(item.star for item in block.select):
            return
        if block.distinct and not block.distinct_on and all(name is not None for name in names):
            yield tuple(name for name in names if name is not None)
        if block.distinct_on or block.aggregates_only or doubled:
            return
        selected = {_key(item.column): item.name for item in block.select if item.column and item.name}
        if block.group_by:
            keys = [selected.get(_key(key.column)) if key.column is not None else None for key in block.group_by]
            if all(key is not None for key in keys):
                yield tuple(key for key in keys if key is not None)
        elif not self.undecided(block, selected):
            yield tuple(selected.values())

    def is_decided(self, table: Table, known: set[Key]) -> bool:
        """A unique key of the table is known: no two of its rows share it."""
        return any(all((table.alias, column) in known for column in key) for key in self.keys_of(table))


def items_called(block: Block, columns: Sequence[str]) -> dict[str, SelectItem]:
    """The items of a subquery by what FROM calls them, which `s(a, b)` may do otherwise; not those of its *."""
    stars = [at for at, item in enumerate(block.select) if item.star]
    if not stars:
        return dict(zip(columns, block.select, strict=False))
    behind = len(block.select) - stars[-1] - 1
    return {
        **dict(zip(columns[: stars[0]], block.select, strict=False)),
        **dict(zip(columns[len(columns) - behind :], block.select[stars[-1] + 1 :], strict=False)),
    }


def identifies(index: Index, relation: Relation) -> bool:
    """No two rows agree on its key: unique at once, whole, valid, by plain columns, and NULLs do not escape it."""
    columns = [relation.column(key.column) if key.column else None for key in index.keys]
    same_equality = all(
        column is not None and key.opclass is None and key.collation in (None, column.collation)
        for key, column in zip(index.keys, columns, strict=True)
    )
    whole = index.unique and index.valid and index.immediate and index.predicate is None and not index.exclusion
    return whole and same_equality and (
        index.nulls_not_distinct or all(column is not None and column.not_null for column in columns)
    )  # fmt: skip


def constants(block: Block) -> set[Key]:
    """Columns that a condition holds to one value."""
    return {
        _key(predicate.column)
        for predicate in block.predicates
        if predicate.column is not None
        and not predicate.column.outer
        and not (predicate.under_or or predicate.under_not or predicate.cast)
        and predicate.place is not Place.HAVING
        and (
            (predicate.kind is PredicateKind.EQ and _is_one_value(predicate.operand.plain, predicate.operand.columns))
            or (predicate.kind is PredicateKind.IS_NULL and predicate.place is Place.WHERE)
        )
        and (predicate.join is None or _decides(predicate.column, predicate.join, block))
    }


def _is_one_value(plain: bool, columns: tuple[ColumnRef, ...]) -> bool:
    return plain and not columns


def _decides(column: ColumnRef, join: int, block: Block) -> bool:
    """A condition of this join holds for the column: the join is inner, or LEFT and the column its own table's."""
    table = block.tables[join]
    return table.join in ("inner", "cross", "from") or (table.join == "left" and table.alias == column.alias)


def _key(column: ColumnRef) -> Key:
    return column.alias, column.column
