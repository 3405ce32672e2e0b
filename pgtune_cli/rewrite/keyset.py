"""May this OFFSET become a key comparison? The conditions, from the syntax tree and the catalog alone.

The plain case: one table, one direction, NOT NULL keys, and a unique key to break ties. Row comparison is exact there:
PostgreSQL compares (a, b) > (x, y) by the same b-tree order that ORDER BY a, b uses
(https://www.postgresql.org/docs/current/functions-comparisons.html#ROW-WISE-COMPARISON).
"""

import msgspec

from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.shape_types import Block, PredicateKind, Shape, SortKey, StatementKind, Table, TableKind

VOLATILE = frozenset({
    "random", "random_normal", "clock_timestamp", "timeofday", "gen_random_uuid", "uuidv4", "uuidv7", "nextval",
    "setval", "currval", "lastval", "statement_timestamp", "txid_current", "uuid_generate_v1", "uuid_generate_v4",
})  # fmt: skip


class KeysetKey(msgspec.Struct, frozen=True, kw_only=True):
    column: Column
    written: bool
    """in the ORDER BY already; else appended to break ties."""


class Keyset(msgspec.Struct, frozen=True, kw_only=True):
    """An OFFSET that can become a key comparison."""

    relation: Relation
    alias: str
    keys: tuple[KeysetKey, ...]
    descending: bool
    nulls_first: bool
    selected: frozenset[str]
    """columns that the statement returns; a `*` returns all."""
    candidate: CandidateIndex
    """the index that makes every page cheap."""
    served: bool
    """an existing index does that already."""

    @property
    def appended(self) -> tuple[str, ...]:
        return tuple(key.column.name for key in self.keys if not key.written)


def uses_offset(shape: Shape) -> bool:
    """The outermost SELECT skips rows: an OFFSET that is not the constant 0."""
    block = shape.outermost
    offset = (block.offset if block is not None else None) or shape.set_offset
    return shape.kind is StatementKind.SELECT and offset is not None and offset.value != 0


def keyset(shape: Shape, catalog: Catalog) -> Keyset | str:
    """The keyset form of a statement that uses OFFSET, or why there is none."""
    block = shape.outermost
    if block is None or shape.set_operations or shape.set_offset is not None:
        return "it pages through a set operation (UNION, INTERSECT, EXCEPT)"
    refusal = _refuse_block(shape, block, catalog)
    if refusal:
        return refusal
    table = block.tables[0]
    relation = catalog.relation(table.relation) if table.relation is not None else None
    if relation is None:
        return "its table is not in the catalog"
    if relation.kind not in (RelationKind.TABLE, RelationKind.PARTITIONED, RelationKind.MATERIALIZED_VIEW):
        return f"{relation.name} is not a table"
    if any(relation.relation_name in other.inherits for other in catalog.relations):
        return f"{relation.name} has child tables: no unique index covers them together"
    return _with_keys(block, table, relation, catalog)


def _refuse_block(shape: Shape, block: Block, catalog: Catalog) -> str | None:
    if not block.order_by:
        return "it has no ORDER BY: which rows a page holds is left to chance"
    if block.limit is None:
        return "it has no LIMIT: there are no pages"
    if block.limit.with_ties:
        return "FETCH FIRST … WITH TIES pages by ties, a tiebreaker would change it"
    if len(block.tables) != 1 or block.tables[0].kind is not TableKind.RELATION:
        return "it reads more than one table; only the plain case is rewritten"
    if block.distinct or block.distinct_on or block.group_by or block.grouping_sets or block.having:
        return "it groups or removes duplicates; only the plain case is rewritten"
    if block.aggregates or block.windows:
        return "it uses aggregates or window functions, which a condition would change"
    if block.locking:
        return "it locks rows (FOR UPDATE): a queue, not pages"
    if shape.writes_in_cte or shape.recursive:
        return "its WITH clause writes or recurses"
    called = {name.rsplit(".", 1)[-1] for one in shape.blocks for name in one.functions}
    own = {function.name.lower() for function in catalog.functions if function.volatility == "v"}
    volatile = sorted(called & (VOLATILE | own))
    return f"it calls {volatile[0]}(): each page would see other values" if volatile else None


def _with_keys(block: Block, table: Table, relation: Relation, catalog: Catalog) -> Keyset | str:
    first = block.order_by[0]
    names: list[str] = []
    for key in block.order_by:
        refusal = _refuse_key(key, first, relation)
        if refusal:
            return refusal
        assert key.column is not None
        if key.column.column not in names:
            names.append(key.column.column)
    written = len(names)
    indexes = catalog.indexes_of(relation.relation_name)
    if not any(_identifies(index, relation) and _columns(index) <= set(names) for index in indexes):
        tiebreaker = next((index for index in indexes if index.primary and _identifies(index, relation)), None)
        if tiebreaker is None:
            return f"{relation.name} has no primary key to break ties with"
        names += [key.column for key in tiebreaker.keys if key.column and key.column not in names]
    columns = [relation.column(name) for name in names]
    keys = tuple(
        KeysetKey(column=column, written=position < written)
        for position, column in enumerate(columns)
        if column is not None
    )
    candidate = _candidate(block, relation, names, first)
    return Keyset(
        relation=relation,
        alias=table.alias,
        keys=keys,
        descending=first.descending,
        nulls_first=first.nulls_first,
        selected=_selected(block, relation),
        candidate=candidate,
        served=any(_serves(index, candidate) for index in indexes),
    )


def _refuse_key(key: SortKey, first: SortKey, relation: Relation) -> str | None:
    if key.column is None or key.column.outer or key.using or key.constant:
        return "it orders by an expression; only the plain case is rewritten"
    column = relation.column(key.column.column)
    if column is None:
        return "it orders by a column that is not of its table"
    if not column.not_null:
        return f"{column.name} may be NULL, which a row comparison would lose"
    if key.descending != first.descending or key.nulls_first != first.nulls_first:
        return "its ORDER BY mixes directions; only one direction is rewritten"
    if key.collation or (column.collation and not column.collation.startswith("pg_catalog.")):
        return f"{column.name} is ordered by a collation of its own, which may call different texts equal"
    return None


def _identifies(index: Index, relation: Relation) -> bool:
    """No two rows agree on its key: unique at once, whole, valid, and without NULLs."""
    columns = [relation.column(key.column) if key.column else None for key in index.keys]
    return (
        index.unique
        and index.valid
        and index.immediate
        and index.predicate is None
        and not index.exclusion
        and all(column is not None and column.not_null for column in columns)
    )


def _columns(index: Index) -> set[str]:
    return {key.column for key in index.keys if key.column}


def _selected(block: Block, relation: Relation) -> frozenset[str]:
    if any(item.star for item in block.select):
        return frozenset(column.name for column in relation.columns)
    return frozenset(item.column.column for item in block.select if item.column is not None)


def _candidate(block: Block, relation: Relation, names: list[str], first: SortKey) -> CandidateIndex:
    fixed: list[str] = []
    for predicate in block.predicates:
        if (
            predicate.kind is PredicateKind.EQ
            and predicate.column is not None
            and predicate.cast is None
            and predicate.operand.plain
            and not predicate.under_or
            and not predicate.under_not
            and predicate.column.column not in (*names, *fixed)
        ):
            fixed.append(predicate.column.column)
    # the default NULLS order of one direction is the exact mirror of the other's: an ascending index serves both
    plain = first.nulls_first == first.descending
    ordered = [
        IndexKey(column=name, descending=first.descending and not plain, nulls_first=first.nulls_first and not plain)
        for name in names
    ]
    return CandidateIndex(table=relation.relation_name, keys=(*(IndexKey(column=name) for name in fixed), *ordered))


def _serves(index: Index, candidate: CandidateIndex) -> bool:
    """It starts with the candidate's keys, in its direction or all mirrored."""
    if index.method != "btree" or not index.valid or index.predicate is not None:
        return False
    wanted, there = candidate.keys, index.keys[: len(candidate.keys)]
    if [key.column for key in there] != [key.column for key in wanted] or any(key.opclass for key in there):
        return False
    flips = {
        (have.descending != want.descending, have.nulls_first != want.nulls_first)
        for have, want in zip(there, wanted, strict=True)
    }
    return flips in ({(False, False)}, {(True, True)})
