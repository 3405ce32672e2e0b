"""Which part of a catalog a clone needs: the wanted relations and all that their plans depend on."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from pgtune_cli.model.catalog import Catalog, Relation, RelationKind, RelationName
from pgtune_cli.whatif.mentions import Mentions


def in_scope(catalog: Catalog, wanted: frozenset[RelationName] | None) -> Catalog:
    """The catalog without the relations that `wanted`, their families and their views don't reach; None is all."""
    if wanted is None:
        return catalog
    kept = _reach(catalog, wanted)
    return msgspec.structs.replace(
        catalog,
        relations=tuple(relation for relation in catalog.relations if relation.relation_name in kept),
        indexes=tuple(index for index in catalog.indexes if index.table in kept),
        constraints=tuple(
            constraint
            for constraint in catalog.constraints
            if constraint.table in kept and (constraint.references is None or constraint.references in kept)
        ),
        extended_statistics=tuple(stats for stats in catalog.extended_statistics if stats.table in kept),
        policies=tuple(policy for policy in catalog.policies if policy.table in kept),
        rules=tuple(rule for rule in catalog.rules if rule.table in kept),
    )


def _reach(catalog: Catalog, wanted: frozenset[RelationName]) -> set[RelationName]:
    relations = {relation.relation_name: relation for relation in catalog.relations}
    neighbours = _neighbours(catalog)
    mentions = Mentions(catalog.relations)
    for policy in catalog.policies:
        neighbours[policy.table].extend(mentions.found_in(f"{policy.using or ''} {policy.check or ''}"))
    for rule in catalog.rules:
        neighbours[rule.table].extend(mentions.found_in(rule.definition))
    kept: set[RelationName] = set()
    todo = [name for name in wanted if name in relations]
    while todo:
        name = todo.pop()
        if name in kept:
            continue
        kept.add(name)
        todo.extend(neighbour for neighbour in neighbours[name] if neighbour in relations)
        todo.extend(_behind(relations[name], mentions))
    return kept


def _neighbours(catalog: Catalog) -> dict[RelationName, list[RelationName]]:
    """Partitions and parents both ways; a foreign key from its table to the one it references only."""
    neighbours: dict[RelationName, list[RelationName]] = defaultdict(list)
    for relation in catalog.relations:
        for parent in parents_of(relation):
            neighbours[parent].append(relation.relation_name)
            neighbours[relation.relation_name].append(parent)
    for constraint in catalog.constraints:
        if constraint.references is not None:
            neighbours[constraint.table].append(constraint.references)
    return neighbours


def _behind(relation: Relation, mentions: Mentions) -> Iterable[RelationName]:
    """What a view reads; a materialized view is cloned as a table and needs nothing."""
    if relation.kind is not RelationKind.VIEW or relation.view_definition is None:
        return ()
    return mentions.found_in(relation.view_definition)


def parents_of(relation: Relation) -> tuple[RelationName, ...]:
    """The partitioned table or the inheritance parents of a table."""
    return (relation.partition_of, *relation.inherits) if relation.partition_of is not None else relation.inherits
