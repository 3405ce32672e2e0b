"""The candidates that the what-if engine has built: their size, and what their upkeep costs."""

from collections.abc import Iterable, Mapping

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.write_cost import Writes, upkeep
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.protocol import WhatIf


class Shelf:
    """Filled on demand: building a candidate costs the engine more than a plan."""

    def __init__(self, whatif: WhatIf, facts: Facts, writes: Mapping[RelationName, Writes]) -> None:
        self._whatif, self._facts, self._writes = whatif, facts, writes
        self.sizes: dict[CandidateIndex, int] = {}
        """bytes."""
        self.upkeep: dict[CandidateIndex, float] = {}
        """cost units over the window."""
        self.refused: dict[CandidateIndex, str] = {}
        """why the engine cannot build it."""

    async def add(self, candidates: Iterable[CandidateIndex]) -> None:
        for candidate, answer in (await self._whatif.create(candidates)).items():
            if isinstance(answer, str):
                self.refused[candidate] = answer
            else:
                self.sizes[candidate] = answer
                writes = self._writes.get(candidate.table, Writes())
                self.upkeep[candidate] = upkeep(candidate, writes, self._facts)
