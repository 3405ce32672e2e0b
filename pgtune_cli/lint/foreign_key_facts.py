"""Facts of foreign keys, the referring side."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.index_match import has_companion
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Constraint, IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql, index_name
from pgtune_cli.sql.shape import Block, PredicateKind


class ForeignKeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One foreign key of one table."""

    name: Annotated[str, known("the constraint's name")]
    table: Annotated[str, known("schema.name of the referring table")]
    columns: Annotated[tuple[str, ...], known("its columns there")]
    references: Annotated[str, known("schema.name of the table it refers to")]
    types: Annotated[tuple[str, ...], known("types of its columns there")]
    referenced_types: Annotated[tuple[str, ...], known("types of the columns it refers to")]
    other_type: Annotated[bool, known("a pair of columns differs in its type (lengths, and text against varchar, do "
                                      "not count)")]  # fmt: skip
    narrower: Annotated[bool, known("a column cannot hold every value of the one that it refers to: integer against "
                                    "bigint")]  # fmt: skip
    indexed: Annotated[bool, known("a valid index starts with its columns")]
    is_partition: Annotated[bool, known("inherited from the partitioned table")]
    table_rows: Annotated[float | None, known("rows of the referring table", need="statistics")]
    table_bytes: Annotated[float | None, known("size of the referring table", need="sizes")]
    distinct: Annotated[float | None, known("distinct values of its first column", need="statistics")]
    parent_deletes: Annotated[float | None, known("rows deleted from the table it refers to, since the counters began; "
                                                  "each one searches the referring table", need="usage")]  # fmt: skip
    lookup_calls: Annotated[float, known("calls of statements that search the table by its first column")]
    join_calls: Annotated[float, known("calls of statements that join from the other table to this one by it")]
    index_sql: Annotated[str, known("CREATE INDEX for it", sql=True)]
    drop_sql: Annotated[str, known("DROP INDEX of that", sql=True)]


def foreign_keys(world: World, constraint: Constraint) -> Iterator[Subject]:
    """The foreign key, with the statements that would use an index on it."""
    if constraint.type != "f" or not constraint.columns or constraint.references is None:
        return
    lookups, joins = _users(world, constraint)
    yield Subject(
        facts=_facts(world, constraint, constraint.references, lookups, joins),
        relation=str(constraint.table),
        statements=tuple(dict.fromkeys(statement.fingerprint for statement in (*lookups, *joins))),
        place=constraint.name,
    )


def _facts(
    world: World, constraint: Constraint, parent: RelationName, lookups: list[Statement], joins: list[Statement]
) -> ForeignKeyFacts:
    relation, usage = world.relations.get(constraint.table), world.total_usage(parent)
    candidate = CandidateIndex(table=constraint.table, keys=tuple(IndexKey(column=name) for name in constraint.columns))
    schema = constraint.table.schema
    name = index_name(candidate, {index.name for index in world.snapshot.catalog.indexes if index.schema == schema})
    online = not world.snapshot.catalog.is_partitioned(constraint.table)
    return ForeignKeyFacts(
        name=constraint.name, table=str(constraint.table), columns=constraint.columns, references=str(parent),
        **_types(world, constraint, parent), indexed=_indexed(world, constraint),
        is_partition=relation is not None and relation.partition_of is not None,
        table_rows=world.rows(constraint.table), table_bytes=world.size_bytes(constraint.table),
        distinct=world.distinct(constraint.table, constraint.columns[0]),
        parent_deletes=usage.n_tup_del if usage else None, lookup_calls=sum(item.calls for item in lookups),
        join_calls=sum(item.calls for item in joins), index_sql=create_index_sql(candidate, name, concurrently=online),
        drop_sql=drop_index_sql(schema, name, concurrently=online),
    )  # fmt: skip


INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}


def _types(world: World, constraint: Constraint, parent: RelationName) -> dict[str, Any]:
    here = [world.column(constraint.table, name) for name in constraint.columns]
    there = [world.column(parent, name) for name in constraint.referenced_columns]
    types = [(a.type, b.type) for a, b in zip(here, there, strict=False) if a is not None and b is not None]
    return {
        "types": tuple(a for a, _ in types), "referenced_types": tuple(b for _, b in types),
        "other_type": any(_bare(a) != _bare(b) for a, b in types),
        "narrower": any(INTEGERS.get(a, 9) < INTEGERS.get(b, 0) for a, b in types),
    }  # fmt: skip


def _bare(type_name: str) -> str:
    bare = type_name.partition("(")[0].strip()
    return "text" if bare == "character varying" else bare


def _indexed(world: World, constraint: Constraint) -> bool:
    """The columns may stand in any order, but first; a partial index counts when it leaves out only NULLs."""
    wanted = set(constraint.columns)
    for index in world.indexes.get(constraint.table, []):
        head = {key.column for key in index.keys[: len(wanted)]}
        whole = index.predicate is None or "IS NOT NULL" in index.predicate
        if index.valid and head == wanted and whole and index.method in ("btree", "hash"):
            return True
    return False


def _users(world: World, constraint: Constraint) -> tuple[list[Statement], list[Statement]]:
    lookups, joins = [], []
    for statement in world.users.get(constraint.table, ()):
        shape = world.shape(statement)
        for block in shape.blocks if shape is not None else ():
            if _searches(block, constraint, world):
                lookups.append(statement)
                break
            if _joins_from_parent(block, constraint):
                joins.append(statement)
                break
    return lookups, joins


def _searches(block: Block, constraint: Constraint, world: World) -> bool:
    """By its first column, with nothing else that could enter an index."""
    return any(
        predicate.kind in (PredicateKind.EQ, PredicateKind.IN) and predicate.column is not None
        and predicate.cast is None and not (predicate.under_or or predicate.under_not)
        and predicate.column.relation == constraint.table and predicate.column.column == constraint.columns[0]
        and not has_companion(block, predicate, constraint.table, world)
        for predicate in block.predicates
    )  # fmt: skip


def _joins_from_parent(block: Block, constraint: Constraint) -> bool:
    """Joined on the key, with a condition on the parent and none on the child that could narrow it first."""
    filtered = {predicate.column.relation for predicate in block.predicates
                if predicate.column is not None and predicate.operand.plain}  # fmt: skip
    if constraint.references not in filtered or constraint.table in filtered:
        return False
    for pair in block.joins:
        sides = {(pair.left.relation, pair.left.column), (pair.right.relation, pair.right.column)}
        child = (constraint.table, constraint.columns[0])
        parents = {(constraint.references, name) for name in constraint.referenced_columns}
        if child in sides and sides & parents and not pair.under_or:
            return True
    return False
