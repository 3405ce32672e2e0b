"""One index in the place of one or several: what a greedy choice, which never takes back, leaves to improve.

Two narrow indexes that the planner combines may look as good as one that serves the whole statement, and were chosen
because they are smaller, or one after the other. One index fewer is worth as much as an index must save to be chosen;
so that sum falls with each exchange, and the search ends.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from pgtune_cli.advise.costs import Configuration, CostTable, StatementCost
from pgtune_cli.advise.problem import Change, Problem, name_of, served_as_well
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex

MOST_TRIALS = 120
"""each asks the planner for the statements concerned"""
MOST_REPLACED = 3
LARGER = 4.0
"""times the size of those that it replaces, unless it saves what a new index must"""


class Exchange:
    """Improves a chosen set; `replaced` tells what went for what."""

    def __init__(self, problem: Problem, costs: CostTable) -> None:
        self._problem, self._costs = problem, costs
        self._trials = 0
        self.replaced: dict[CandidateIndex, CandidateIndex] = {}

    async def improve(self, chosen: Configuration) -> Configuration:
        """Until no exchange is better, or the trials are used up."""
        while (better := await self._step(chosen)) is not None:
            chosen = better
        return chosen

    async def _step(self, chosen: Configuration) -> Configuration | None:
        """The first exchange that is better, those that save most indexes first."""
        options = [option for each in self._problem.shortlist.useful for option in await self._options(each, chosen)]
        for gone, new in sorted(
            options, key=lambda option: (-len(option[0]), name_of([option[1]]), name_of(option[0]))
        ):
            if self._trials >= MOST_TRIALS:
                return None
            self._trials += 1
            if await self._is_better(chosen, gone, new):
                self.replaced.update(dict.fromkeys(gone, new))
                return (chosen - gone) | {new}
        return None

    async def _options(
        self, new: CandidateIndex, chosen: Configuration
    ) -> Iterable[tuple[Configuration, CandidateIndex]]:
        """Sets of chosen indexes on the same table that the statements of a candidate use now."""
        if new in chosen:
            return []
        keys = self._problem.shortlist.useful[new]
        now = await self._ask([item for item in self._problem.items if item.fingerprint in keys], chosen)
        used = {each for cost in now.values() for each in cost.used if each.table == new.table}
        return [(gone, new) for gone in _subsets(used)]

    async def _is_better(self, chosen: Configuration, gone: Configuration, new: CandidateIndex) -> bool:
        after = (chosen - gone) | {new}
        if not self._problem.fits(after):
            return False
        changes = await self._changes(chosen, after, gone, new)
        gain = self._problem.saved(changes) + self._problem.upkeep_of(gone) - self._problem.upkeep_of(frozenset([new]))
        if len(gone) == 1:
            needed = self._problem.negligible
        else:
            needed = -self._problem.floor if served_as_well(changes) else self._problem.negligible
        larger = self._problem.shelf.sizes[new] > LARGER * self._problem.size_of(gone)
        return gain > max(needed, self._problem.floor if larger else needed)

    async def _changes(
        self, chosen: Configuration, after: Configuration, gone: Configuration, new: CandidateIndex
    ) -> list[Change]:
        """Of the statements that one of them is for."""
        before = await self._ask(self._problem.items, chosen)
        keys = self._problem.shortlist.useful[new]
        concerned = [
            item
            for item in self._problem.items
            if item.fingerprint in keys or before[item.fingerprint].used & gone
        ]  # fmt: skip
        then = await self._ask(concerned, after)
        return [(item, before[item.fingerprint].cost, then[item.fingerprint].cost) for item in concerned]

    async def _ask(self, items: Iterable[Item], configuration: Configuration) -> dict[str, StatementCost]:
        wanted = list(items)
        answers = await self._costs.ask([(item, configuration) for item in wanted])
        return {
            item.fingerprint: answer if isinstance(answer, StatementCost) else self._problem.base[item.fingerprint]
            for item, answer in zip(wanted, answers, strict=True)
        }


def _subsets(members: Iterable[CandidateIndex]) -> Iterator[Configuration]:
    ordered = sorted(members, key=lambda each: name_of([each]))
    for count in range(min(len(ordered), MOST_REPLACED), 0, -1):
        for some in combinations(ordered, count):
            yield frozenset(some)
