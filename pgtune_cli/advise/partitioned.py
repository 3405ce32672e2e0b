"""An index on a partitioned table, for which there is no CONCURRENTLY, without blocking its writers.

The index of the table itself is made ONLY there, which takes a moment, that of each partition CONCURRENTLY, and those
are then attached; with the last of them the index of the table becomes valid. A foreign partition has no index to
attach, and ONLY would stay INVALID for ever: there the partitions come first, and a plain CREATE INDEX, which finds
all that it needs, takes them over.
"""

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.steps import BRIEF, PATIENT, Names, Script, Step, build, check_valid, last, settings
from pgtune_cli.model.catalog import Relation, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql
from pgtune_cli.sql.quote import qualified


class _Tree(msgspec.Struct, frozen=True):
    """A partitioned table, or a partition, and the index that it is to have."""

    candidate: CandidateIndex
    name: str
    parts: "tuple[_Tree, ...]" = ()
    partitioned: bool = False
    foreign: bool = False
    """has a foreign partition, at any depth."""

    @property
    def index(self) -> RelationName:
        return RelationName(self.candidate.table.schema, self.name)

    def walk(self) -> "list[_Tree]":
        """Itself first."""
        return [self, *(each for part in self.parts for each in part.walk())]


def partitioned_script(candidate: CandidateIndex, names: Names, facts: Facts) -> Script:
    """Of a partitioned table and all its partitions, however deep."""
    tree = _tree(candidate, names, facts)
    nodes = tree.walk()
    parents, leaves = [each for each in nodes if each.partitioned], [each for each in nodes if not each.partitioned]
    builds = [build(leaf.candidate, leaf.name) for leaf in leaves]
    checks = [check_valid(leaf.index, leaf.candidate.table) for leaf in leaves]
    long = [*settings(PATIENT), *builds, *checks] if leaves else []
    if tree.foreign:
        # from below, so that each finds what stands under it
        body = [*long, *settings(BRIEF), *(_whole(each) for each in reversed(parents))]
    else:
        only = [_only(each) for each in parents]
        body = [*settings(BRIEF), *only, *long, *(settings(BRIEF) if leaves else []), *_attach(tree)]
    check = check_valid(tree.index, candidate.table, attached=True)
    # ANALYZE takes its time
    patient = settings(PATIENT) if any(key.expression is not None for key in candidate.keys) else []
    return Script(
        name=tree.name,
        sql=_create(tree, only=False, if_not_exists=False),
        steps=(*body, check, *patient, *last(candidate)),
        rollback_sql=drop_index_sql(tree.index.schema, tree.name, concurrently=False),
        leaves=tuple(qualified(leaf.index) for leaf in leaves),
    )


def _tree(candidate: CandidateIndex, names: Names, facts: Facts) -> _Tree:
    name = names.take(candidate)
    found = facts.partitions.get(candidate.table, ())
    parts = tuple(_part(candidate, part, names, facts) for part in found if part.kind is not RelationKind.FOREIGN)
    foreign = len(parts) < len(found) or any(part.foreign for part in parts)
    return _Tree(candidate, name, parts, partitioned=True, foreign=foreign)


def _part(candidate: CandidateIndex, part: Relation, names: Names, facts: Facts) -> _Tree:
    local = msgspec.structs.replace(candidate, table=part.relation_name)
    if part.kind is RelationKind.PARTITIONED:
        return _tree(local, names, facts)
    return _Tree(local, names.take(local))


def _only(tree: _Tree) -> Step:
    return Step(_create(tree, only=True), _drop(tree))


def _whole(tree: _Tree) -> Step:
    return Step(_create(tree, only=False), _drop(tree))


def _create(tree: _Tree, *, only: bool, if_not_exists: bool = True) -> str:
    return create_index_sql(
        tree.candidate, tree.name, concurrently=False, only=only, if_not_exists=if_not_exists
    )  # fmt: skip


def _drop(tree: _Tree) -> str:
    return drop_index_sql(tree.index.schema, tree.name, concurrently=False, if_exists=True)


def _attach(tree: _Tree) -> list[Step]:
    """From below. What is attached cannot be taken off again: it goes with the index of the whole table."""
    steps = []
    for part in tree.parts:
        steps += _attach(part)
        sql = f"ALTER INDEX {qualified(tree.index)} ATTACH PARTITION {qualified(part.index)}"
        steps.append(Step(sql, _drop(tree)))
    return steps
