"""Several indexes replaced by one with the keys of all: the old ones hidden, the workload planned again.

What two indexes with the same first key answer, one often answers as well, for half of what writes cost and less room.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, permutations

import msgspec

from pgtune_cli.advise.costs import Configuration, CostTable, StatementCost
from pgtune_cli.advise.drops import (
    BLOCK,
    Drop,
    days_unused,
    dearer,
    dropped_index,
    reads,
    serves,
    supports_foreign_key,
)
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.program import Limits
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import Index, IndexKey, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex, DroppedIndex

LARGEST_GROUP = 3
MOST_TRIED = 24
"""candidates built for it, of all tables together"""
LEAST_SAVED = 1 << 20
LEAST_SHARE = 0.2
"""of the bytes of those that it replaces"""


class Consolidation(msgspec.Struct, frozen=True):
    candidate: CandidateIndex
    replaced: tuple[Index, ...]
    saved_bytes: int
    statements: int
    """that were planned again."""

    def dropped(self, name: str) -> list[DroppedIndex]:
        """`name` of the new index."""
        others = len(self.replaced) - 1
        beside = f", as that of {others} other{'s' if others > 1 else ''}"
        return [
            dropped_index(Drop(one, f"the new index {name} takes its place{beside}"), self.statements, None)
            for one in self.replaced
        ]

    def why(self) -> str:
        plural = f"{self.statements} statement{'s were' if self.statements != 1 else ' was'}"
        names = " and ".join(one.name for one in self.replaced)
        return (
            f"Takes the place of {names}: with those hidden, {plural} on the table planned again, and none got dearer. "
            f"Each row is written to one index instead of {len(self.replaced)}."
        )


class Consolidating(msgspec.Struct):
    facts: Facts
    items: Sequence[Item]
    chosen: Configuration
    leaving: Collection[RelationName]
    """indexes that might have gone for another reason."""
    gone: frozenset[RelationName]
    """those of them that go."""
    shelf: Shelf
    costs: CostTable
    limits: Limits
    max_keys: int

    async def found(self) -> list[Consolidation]:
        """The one that saves most of each table first; none whose old indexes serve who is not seen."""
        done: list[Consolidation] = []
        tried = 0
        for table in sorted(self.facts.indexes):
            for group in self._groups(table):
                if tried >= MOST_TRIED or any(set(group) & set(one.replaced) for one in done):
                    continue
                for candidate in _merged(group, self.max_keys):
                    tried += 1
                    one = await self._tried(candidate, group, done)
                    if one is not None:
                        done.append(one)
                        break
        return done

    def _groups(self, table: RelationName) -> Iterator[tuple[Index, ...]]:
        """Larger ones first, of indexes with the same first key; the largest indexes first."""
        relation = self.facts.relations.get(table)
        if relation is None or relation.kind is RelationKind.PARTITIONED or not self.facts.worth_indexing(table):
            return
        able = [each for each in self.facts.indexes[table] if self._may_go(each)]
        able.sort(key=lambda each: (-(each.pages or 0), each.name))
        for size in range(min(LARGEST_GROUP, len(able)), 1, -1):
            for group in combinations(able, size):
                if len({each.keys[0] for each in group}) == 1 and len({each.predicate for each in group}) == 1:
                    yield group

    def _may_go(self, index: Index) -> bool:
        if index.method != "btree" or not index.valid or serves(index) or index.index_name in self.leaving:
            return False
        # somebody may scan it: is it one of these statements?
        return days_unused(index, self.facts) is not None or any(reads(item, index) for item in self.items)

    async def _tried(
        self, candidate: CandidateIndex, group: tuple[Index, ...], done: Sequence[Consolidation]
    ) -> Consolidation | None:
        if supports_foreign_key(group, [candidate], self.facts):
            return None
        await self.shelf.add([candidate])
        size, old = self.shelf.sizes.get(candidate), sum((one.pages or 0) * BLOCK for one in group)
        if size is None or old - size < max(LEAST_SAVED, LEAST_SHARE * old) or not self._fits(candidate, size, done):
            return None
        touching = [item for item in self.items if candidate.table in item.relations]
        before = await self.costs.ask([(item, self.chosen) for item in touching])
        hidden = self.gone | {one.index_name for each in done for one in each.replaced}
        hidden |= {one.index_name for one in group}
        new = self.chosen | {each.candidate for each in done} | {candidate}
        after = await self.costs.ask([(item, new) for item in touching], hidden)
        if any(not isinstance(each, StatementCost) for each in after):
            return None  # not verified
        if any(dearer(old_, new_) for old_, new_ in zip(before, after, strict=True)):
            return None
        return Consolidation(candidate, group, old - size, len(touching))

    def _fits(self, candidate: CandidateIndex, size: int, done: Sequence[Consolidation]) -> bool:
        new = [*self.chosen, *(one.candidate for one in done)]
        limits = self.limits
        room = limits.bytes_ is None or sum(self.shelf.sizes[each] for each in new) + size <= limits.bytes_
        few = limits.indexes is None or len(new) < limits.indexes
        same = sum(each.table == candidate.table for each in new)
        return room and few and (limits.per_table is None or same < limits.per_table)


def _merged(group: Sequence[Index], max_keys: int) -> Iterator[CandidateIndex]:
    """In every order that begins with the keys of one of them."""
    seen = set()
    for order in permutations(group):
        keys: list[IndexKey] = []
        for one in order:
            held = {(key.column, key.expression) for key in keys}
            keys += [key for key in one.keys if (key.column, key.expression) not in held]
        include = {name for one in group for name in one.include} - {key.column for key in keys}
        made = CandidateIndex(
            table=group[0].table, keys=tuple(keys), include=tuple(sorted(include)), predicate=group[0].predicate
        )  # fmt: skip
        if len(keys) <= max_keys and made not in seen:
            seen.add(made)
            yield made
