"""The candidates that the what-if engine has built: their size, and what their upkeep costs."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from pgtune_cli.advise.coverage import covered
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.write_cost import Writes, upkeep
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.protocol import WhatIf


class Shelf:
    """Filled on demand: building a candidate costs the engine more than a plan."""

    def __init__(
        self, whatif: WhatIf, facts: Facts, writes: Mapping[RelationName, Writes], budget: int | None = None
    ) -> None:
        self._whatif, self._facts, self._writes = whatif, facts, writes
        self._most = math.inf if budget is None else budget
        self.sizes: dict[CandidateIndex, int] = {}
        """bytes."""
        self.upkeep: dict[CandidateIndex, float] = {}
        """cost units over the window."""
        self.refused: dict[CandidateIndex, str] = {}
        """why the engine cannot build it."""
        self.oversized: dict[CandidateIndex, int] = {}
        """bytes of those that are larger alone than all new indexes may be together; no choice holds them."""

    async def add(self, candidates: Iterable[CandidateIndex]) -> None:
        """In the place of one that is larger than the budget come its narrower forms."""
        wanted = dict.fromkeys(candidates)
        while wanted:
            before = set(self.oversized)
            await self._build(wanted)
            narrower = (less for each in self.oversized if each not in before for less in _narrower(each))
            wanted = dict.fromkeys(each for each in narrower if self._is_new(each))

    def _is_new(self, candidate: CandidateIndex) -> bool:
        if candidate in self.sizes or candidate in self.oversized or candidate in self.refused:
            return False
        return not covered(candidate, self._facts.indexes.get(candidate.table, ()))

    async def _build(self, candidates: Iterable[CandidateIndex]) -> None:
        for candidate, answer in (await self._whatif.create(candidates)).items():
            if isinstance(answer, str):
                self.refused[candidate] = answer
                continue
            (self.oversized if answer > self._most else self.sizes)[candidate] = answer
            writes = self._writes.get(candidate.table, Writes())
            self.upkeep[candidate] = upkeep(candidate, writes, self._facts)


def _narrower(candidate: CandidateIndex) -> list[CandidateIndex]:
    """Without what is only held along, then without the last key: of a btree, whose first keys are an index too."""
    if candidate.method != "btree" or candidate.unique:
        return []
    if candidate.include:
        return [msgspec.structs.replace(candidate, include=())]
    return prefixes(candidate)[-1:]


def prefixes(candidate: CandidateIndex) -> list[CandidateIndex]:
    """Shortest first; of a btree only, whose first keys are an index of their own."""
    if candidate.method != "btree" or candidate.unique or candidate.include:
        return []
    lengths = range(1, len(candidate.keys))
    return [msgspec.structs.replace(candidate, keys=candidate.keys[:length]) for length in lengths]
