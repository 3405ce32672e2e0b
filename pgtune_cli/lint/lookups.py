"""Statements that look rows up by key one at a time, and the statement whose rows they follow (N+1)."""

import msgspec

from pgtune_cli.lint.known_statements import Reader
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Constraint, RelationName
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import PredicateKind, Shape, StatementKind, TableKind


class Lookup(msgspec.Struct, frozen=True):
    """A SELECT on one table by equality with parameters on a unique key or on a foreign key."""

    table: RelationName
    columns: tuple[str, ...]
    others: frozenset[RelationName]
    """the tables at the other end of the foreign keys that these columns take part in."""


class Parent(msgspec.Struct, frozen=True):
    fingerprint: str
    query: str
    calls_per_row: float
    calls_per_call: float


def key_lookup(shape: Shape | None, world: World) -> Lookup | None:
    """The lookup that a statement is; None when it is none."""
    if shape is None or shape.kind is not StatementKind.SELECT or len(shape.blocks) != 1:
        return None
    block = shape.blocks[0]
    if len(block.tables) != 1 or block.tables[0].kind is not TableKind.RELATION or block.group_by:
        return None
    table = block.tables[0].relation
    if table is None or block.aggregates_only:
        return None
    columns = tuple(
        predicate.column.column for predicate in block.predicates
        if predicate.kind is PredicateKind.EQ and predicate.column is not None and predicate.operand.plain
        and predicate.cast is None and not (predicate.under_or or predicate.under_not)
    )  # fmt: skip
    others = _other_ends(table, set(columns), world)
    return Lookup(table, columns, frozenset(others)) if others else None


def _other_ends(table: RelationName, columns: set[str], world: World) -> set[RelationName]:
    """Parents whose rows have these children, and children that refer to this row by its key."""
    found = {
        constraint.references for constraint in world.constraints.get(table, [])
        if constraint.type == "f" and constraint.references is not None and set(constraint.columns) <= columns
    }  # fmt: skip
    if any(set(key) <= columns for key in world.keys.of(table)):
        found |= {constraint.table for constraint in _references_to(table, world)
                  if set(constraint.referenced_columns) <= columns}  # fmt: skip
    return found


def _references_to(table: RelationName, world: World) -> list[Constraint]:
    return [constraint for constraint in world.snapshot.catalog.constraints
            if constraint.type == "f" and constraint.references == table]  # fmt: skip


def find_parent(statement: Statement, lookup: Lookup, world: World) -> Parent | None:
    """The statement whose returned rows best account for the calls: that many rows, far fewer calls, the same role."""
    best: Parent | None = None
    readers = [other for name in sorted(lookup.others) for other in world.multi_row_readers.get(name, ())]
    for other in readers:
        if not _could_be_parent(other, statement, lookup):
            continue
        by = other.statement
        parent = Parent(by.fingerprint, by.query, statement.calls / by.rows, statement.calls / by.calls)
        if best is None or _closeness(parent) < _closeness(best):
            best = parent
    return best


def _could_be_parent(other: Reader, statement: Statement, lookup: Lookup) -> bool:
    """It has far fewer calls, a role in common, and does not read the table of the lookup itself."""
    by = other.statement
    if by.calls >= statement.calls or lookup.table in other.tables or by.fingerprint == statement.fingerprint:
        return False
    return not by.roles or not statement.roles or bool(set(by.roles) & set(statement.roles))


def _closeness(parent: Parent) -> float:
    return max(parent.calls_per_row, 1 / parent.calls_per_row) if parent.calls_per_row else float("inf")
