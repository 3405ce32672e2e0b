"""Index-only scans: a candidate that also holds what else the statement reads of its table."""

from collections.abc import Iterable

import msgspec

from pgtune_cli.advise.facts import NO_BTREE, WIDEST_KEY, Facts, base_type
from pgtune_cli.model.catalog import Column, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.shape import Block, ColumnRef, Shape, Table

MOST_INCLUDED = 6
MOST_WIDTH = 0.6
"""of a row's bytes: an index that is nearly the table again is no shorter way to anything"""
ROW_HEADER = 28


def columns_read(block: Block, table: Table, shape: Shape) -> frozenset[str] | None:
    """Every column of `table` that the statement needs while it reads `block`; None for whole rows."""
    whole = any(item.star and item.star_of in (None, table.alias) for item in block.select)
    if whole or block.locking or table.join == "target":
        return None
    found = {ref.column for ref in _references(block) if ref.alias == table.alias and not ref.outer}
    for inner in shape.blocks:
        if inner is not block:
            outer = (ref for ref in _references(inner) if ref.outer)
            found |= {ref.column for ref in outer if ref.alias == table.alias and ref.relation == table.relation}
    return frozenset(found)


def covering(candidate: CandidateIndex, read: frozenset[str] | None, facts: Facts) -> CandidateIndex | None:
    """The candidate with the rest of what is read; None where it holds that already, or would be nearly the table."""
    if read is None or candidate.method != "btree" or any(key.column is None for key in candidate.keys):
        return None
    held = {key.column for key in candidate.keys}
    rest = tuple(sorted(read - held))
    if not rest or len(rest) > MOST_INCLUDED or candidate.unique:
        return None
    relation = facts.relations.get(candidate.table)
    if relation is None or any(_unfit(relation.column(name)) for name in rest):
        return None
    wide = _bytes(candidate.table, (*(name for name in held if name), *rest), facts)
    row = _bytes(candidate.table, (column.name for column in relation.columns), facts)
    fits = wide <= min(MOST_WIDTH * (row + ROW_HEADER), WIDEST_KEY)
    return msgspec.structs.replace(candidate, include=rest) if fits else None


def _unfit(column: Column | None) -> bool:
    """A document is no thing to hold along: one that is longer than an entry may be could not be written any more."""
    return column is None or column.generated == "v" or base_type(column.type) in NO_BTREE


def _bytes(table: RelationName, names: Iterable[str], facts: Facts) -> float:
    known = (facts.statistics(table, name) for name in names)
    return sum(float(row.avg_width) if row is not None else 8.0 for row in known)


def _references(block: Block) -> Iterable[ColumnRef]:
    for item in block.select:
        yield from item.columns
        if item.column is not None:
            yield item.column
    for predicate in block.predicates:
        yield from predicate.columns
        yield from predicate.operand.columns
        if predicate.column is not None:
            yield predicate.column
    for pair in block.joins:
        yield from (pair.left, pair.right)
    for keys in (block.order_by, block.group_by, block.distinct_on, block.partition_by, block.window_order):
        for key in keys:
            yield from key.columns
            if key.column is not None:
                yield key.column
    for aggregate in block.aggregates:
        if aggregate.column is not None:
            yield aggregate.column
