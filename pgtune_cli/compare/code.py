"""What a statement runs beside its own text: functions, triggers, views, policies. The baseline keeps a digest of each.

A text does not change when the body of a function that it calls does.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from pgtune_cli.model.catalog import Catalog, Function, Relation, RelationName

_CALLED = re.compile(r'(?:(\w+)|"((?:[^"]|"")+)")\s*\(')
_WRITES = re.compile(r"\b(insert|update|delete|merge|copy|truncate)\b", re.IGNORECASE)
_CHECKS = re.compile(r"\b(update|delete|merge)\b", re.IGNORECASE)
DIGEST = 12
"""hexadecimal digits."""
CHECKED = ("f", "c", "x")
"""constraints that cost a write more than their index: foreign keys, checks, exclusions."""


def digest(definition: str) -> str:
    """Of a definition, whatever its spacing."""
    return hashlib.sha256(" ".join(definition.split()).encode()).hexdigest()[:DIGEST]


class Code:
    """The code of a database, to ask of each statement what it may run: sometimes too much; domains are left out."""

    def __init__(self, catalog: Catalog) -> None:
        self._functions: dict[str, list[Function]] = defaultdict(list)
        for function in catalog.functions:
            if function.definition is not None and function.extension is None:
                self._functions[function.name].append(function)
        self._relations = {one.relation_name: one for one in catalog.relations}
        self._texts: dict[RelationName, list[str]] = defaultdict(list)
        for policy in catalog.policies:
            self._texts[policy.table] += [policy.using or "", policy.check or ""]
        self._referencing: dict[RelationName, set[RelationName]] = defaultdict(set)
        for constraint in catalog.constraints:
            if constraint.references is not None:
                self._referencing[constraint.references].add(constraint.table)
        self._on_write: dict[RelationName, list[str]] = defaultdict(list)
        for trigger in catalog.triggers or ():
            self._on_write[trigger.table].append(trigger.definition)
        for constraint in catalog.constraints:
            self._on_write[constraint.table].append(constraint.definition)
        for index in catalog.indexes:
            self._on_write[index.table].append(index.definition)

    def referencing(self, query: str, tables: Iterable[RelationName]) -> frozenset[RelationName]:
        """Tables with a foreign key to one that a statement deletes from or updates: their rows are looked up."""
        found: set[RelationName] = set()
        todo = list(tables) if _CHECKS.search(query) else []
        while todo:
            fresh = self._referencing[todo.pop()] - found
            found |= fresh
            todo += fresh
        return frozenset(found)

    def digests(self, names: Iterable[str]) -> dict[str, str]:
        """By `schema.name(arguments)`, sorted."""
        every = {_named(one): one for functions in self._functions.values() for one in functions}
        return {name: digest(every[name].definition or "") for name in sorted(set(names)) if name in every}

    def functions(self, query: str, tables: Iterable[RelationName]) -> tuple[str, ...]:
        """`schema.name(arguments)` of those that a statement may call, sorted. `tables`: what it touches."""
        writes = _WRITES.search(query) is not None
        todo = [query, *(text for name in tables for text in self._behind(name, writes))]
        found: dict[str, Function] = {}
        while todo:
            for name in _called(todo.pop()):
                fresh = [one for one in self._functions.get(name, ()) if _named(one) not in found]
                found.update((_named(one), one) for one in fresh)
                todo += [one.definition or "" for one in fresh]
        return tuple(sorted(found))

    def _behind(self, name: RelationName, writes: bool) -> Iterator[str]:
        """Texts that come with a relation: view, policies, generated columns; triggers, checks and indexes."""
        relation = self._relations.get(name)
        if relation is None:
            return
        yield relation.view_definition or ""
        yield from self._texts[name]
        yield from (one.default or "" for one in relation.columns if writes or one.generated == "v")
        if writes:
            yield from self._on_write[name]


def definitions(relation: Relation, catalog: Catalog) -> dict[str, str] | None:
    """`query` of a view, `trigger x`, `policy x`, `constraint x` -> digest; None where triggers were not read."""
    if catalog.triggers is None:
        return None
    name = relation.relation_name
    found = {"query": digest(relation.view_definition)} if relation.view_definition else {}
    for trigger in catalog.triggers:
        if trigger.table == name and trigger.enabled != "D":
            found[f"trigger {trigger.name}"] = digest(trigger.definition)
    for constraint in catalog.constraints_of(name):
        if constraint.type in CHECKED:
            found[f"constraint {constraint.name}"] = digest(constraint.definition)
    for policy in catalog.policies if relation.row_security else ():
        if policy.table == name:
            said = f"{policy.command} {policy.permissive} {policy.roles} {policy.using} {policy.check}"
            found[f"policy {policy.name}"] = digest(said)
    return dict(sorted(found.items()))


def _named(function: Function) -> str:
    return f"{function.schema}.{function.name}({function.arguments})"


def _called(text: str) -> set[str]:
    return {plain.lower() if plain else quoted.replace('""', '"') for plain, quoted in _CALLED.findall(text)}
