"""Which objects a text may touch, by their names in it: never too few, sometimes too many."""

import re
from collections import defaultdict
from collections.abc import Iterable

from pgtune_cli.model.catalog import Catalog, Relation, RelationKind, RelationName

WORD = re.compile(r"\w+")
PLAIN = re.compile(r"\w+\Z")


class Words:
    """The words of texts, for one quick question: may this name occur in them?"""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts: list[str] = []
        self._words: set[str] = set()
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        folded = text.casefold()
        self._texts.append(folded)
        self._words.update(WORD.findall(folded))

    def may_name(self, name: str) -> bool:
        """True also for a word in a literal or a comment, and for any text with a Unicode-escaped identifier."""
        folded = name.casefold()
        if PLAIN.match(folded):
            return folded in self._words or any('u&"' in text for text in self._texts)
        quoted = folded.replace('"', '""')
        return any(quoted in text or 'u&"' in text for text in self._texts)


class Mentions:
    """Relations by name, to find those that a text mentions."""

    def __init__(self, relations: Iterable[Relation]) -> None:
        self._plain: dict[str, list[RelationName]] = defaultdict(list)
        self._odd: list[RelationName] = []
        for relation in relations:
            if PLAIN.match(relation.name.casefold()):
                self._plain[relation.name.casefold()].append(relation.relation_name)
            else:
                self._odd.append(relation.relation_name)

    def found_in(self, text: str) -> frozenset[RelationName]:
        folded = text.casefold()
        if 'u&"' in folded:
            return frozenset(name for names in (*self._plain.values(), self._odd) for name in names)
        found = {name for word in set(WORD.findall(folded)) for name in self._plain.get(word, ())}
        found.update(name for name in self._odd if name.name.casefold().replace('"', '""') in folded)
        return frozenset(found)


class Relevance:
    """The tables whose indexes can change the plan of a statement: what it mentions, through views and functions."""

    def __init__(self, catalog: Catalog) -> None:
        self._mentions = Mentions(catalog.relations)
        self._children: dict[RelationName, list[RelationName]] = defaultdict(list)
        self._parents: dict[RelationName, list[RelationName]] = defaultdict(list)
        self._views: dict[RelationName, str] = {}
        for relation in catalog.relations:
            if relation.kind is RelationKind.VIEW:
                self._views[relation.relation_name] = relation.view_definition or ""
            for parent in (relation.partition_of, *relation.inherits):
                if parent is not None:
                    self._children[parent].append(relation.relation_name)
                    self._parents[relation.relation_name].append(parent)
        for rule in catalog.rules:
            self._views[rule.table] = f"{self._views.get(rule.table, '')}\n{rule.definition}"
        self._functions = [
            (function.name, function.definition or "")
            for function in catalog.functions
            if function.definition is not None and function.language == "sql"
        ]
        self._known: dict[str, frozenset[RelationName]] = {}

    def tables(self, sql: str) -> frozenset[RelationName]:
        """Tables, partitions and children included; a partition mentioned by itself counts for its parents too."""
        if sql not in self._known:
            self._known[sql] = self._closure(sql)
        return self._known[sql]

    def _closure(self, sql: str) -> frozenset[RelationName]:
        words = Words([])
        seen: set[RelationName] = set()
        called: set[str] = set()
        texts = [sql]
        while texts:
            text = texts.pop()
            words.add(text)
            found = set(self._mentions.found_in(text))
            while found:
                name = found.pop()
                if name not in seen:
                    seen.add(name)
                    texts.append(self._views.get(name, ""))
                    found.update(self._children[name])
            fresh = {body for name, body in self._functions if body not in called and words.may_name(name)}
            called |= fresh
            texts.extend(fresh)
        todo = list(seen)
        while todo:
            above = [parent for parent in self._parents[todo.pop()] if parent not in seen]
            seen.update(above)
            todo.extend(above)
        return frozenset(seen)
