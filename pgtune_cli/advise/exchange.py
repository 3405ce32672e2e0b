"""Indexes in the place of others: what a greedy choice, which never takes back, leaves to improve.

Two narrow indexes that the planner combines may look as good as one that serves the whole statement, and were chosen
because they are smaller, or one after the other. One that is half as good for three statements was chosen before those
that are good for one each. What became much better is not taken back for fewer indexes, so the search ends.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from pgtune_cli.advise.costs import Configuration, CostTable, StatementCost
from pgtune_cli.advise.problem import Change, Problem, name_of, served_as_well
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex

MOST_TRIALS = 120
"""each asks the planner for the statements concerned"""
MOST_REPLACED = 3
LARGER = 4.0
"""times the size of those that it replaces, unless it saves what a new index must"""


Costs = dict[str, StatementCost]
Option = tuple[Configuration, Configuration]
"""what goes, and what comes."""


class Exchange:
    """Improves a chosen set; `replaced` are those that went."""

    def __init__(self, problem: Problem, costs: CostTable) -> None:
        self._problem, self._costs = problem, costs
        self._trials = 0
        self._failed: set[Option] = set()
        self.replaced: set[CandidateIndex] = set()

    async def improve(self, chosen: Configuration) -> Configuration:
        """Until no exchange is better, or the trials are used up."""
        while (better := await self._step(chosen)) is not None:
            chosen = better
        return chosen

    async def _step(self, chosen: Configuration) -> Configuration | None:
        """The first exchange that is better, those that save most indexes first."""
        now = await self._ask(self._problem.items, chosen)
        options = {*self._merges(chosen, now), *await self._splits(chosen, now)}
        for gone, new in sorted(options - self._failed, key=_order):
            if self._trials >= MOST_TRIALS:
                return None
            self._trials += 1
            if await self._is_better(chosen, gone, new, now):
                self.replaced |= gone
                self._failed -= {failed for failed in self._failed if _tables(failed) & _tables((gone, new))}
                return (chosen - gone) | new
            self._failed.add((gone, new))
        return None

    def _merges(self, chosen: Configuration, now: Costs) -> Iterator[Option]:
        """One candidate for those on its table that the statements it is for use now."""
        for new, keys in self._problem.shortlist.useful.items():
            if new not in chosen:
                used = {each for key in keys for each in now[key].used if each.table == new.table}
                yield from ((gone, frozenset([new])) for gone in _subsets(used & chosen))

    async def _splits(self, chosen: Configuration, now: Costs) -> list[Option]:
        """For one that serves several statements the candidates that are best for each of them alone."""
        found = []
        for gone in chosen:
            users = [item for item in self._problem.items if gone in now[item.fingerprint].used]
            best = {await self._best(item, gone) for item in users} if len(users) > 1 else set()
            new = frozenset(each for each in best if each is not None) - chosen
            if 1 < len(new) <= MOST_REPLACED:
                found.append((frozenset([gone]), new))
        return found

    async def _best(self, item: Item, like: CandidateIndex) -> CandidateIndex | None:
        """Of the candidates on the same table; all have been asked before."""
        useful = self._problem.shortlist.useful
        pool = sorted((c for c in useful if c.table == like.table and item.fingerprint in useful[c]), key=_name)
        answers = await self._costs.ask([(item, frozenset([each])) for each in pool])
        costs = [
            (answer.cost, self._problem.shelf.sizes[each], _name(each), each)
            for each, answer in zip(pool, answers, strict=True)
            if isinstance(answer, StatementCost)
        ]
        return min(costs)[-1] if costs else None

    async def _is_better(self, chosen: Configuration, gone: Configuration, new: Configuration, now: Costs) -> bool:
        problem, after = self._problem, (chosen - gone) | new
        if not problem.fits(after):
            return False
        changes = await self._changes(after, gone, new, now)
        gain = problem.saved(changes) + problem.upkeep_of(gone) - problem.upkeep_of(new)
        if len(new) > len(gone):
            worth = gain > problem.negligible * (len(new) - len(gone)) and not served_as_well(_back(changes))
            return worth and all([await self._worth_alone(each) for each in new])
        if problem.size_of(new) > LARGER * problem.size_of(gone) and gain <= problem.floor:
            return False
        if gain > problem.negligible:
            return True
        if len(new) < len(gone):
            return gain > -problem.floor and served_as_well(changes)
        # as many indexes, and some statement served much better, at nobody's expense
        return gain > 0 and served_as_well(changes) and not served_as_well(_back(changes))

    async def _worth_alone(self, candidate: CandidateIndex) -> bool:
        """Whether it would be worth having if there were no other."""
        configuration = frozenset([candidate])
        changes = await self._changes(configuration, configuration, configuration, dict(self._problem.base))
        return self._problem.saved(changes) - self._problem.upkeep_of(configuration) >= self._problem.floor

    async def _changes(self, after: Configuration, gone: Configuration, new: Configuration, now: Costs) -> list[Change]:
        """Of the statements that one of them is for."""
        keys = {key for each in new for key in self._problem.shortlist.useful[each]}
        concerned = [
            item for item in self._problem.items if item.fingerprint in keys or now[item.fingerprint].used & gone
        ]
        then = await self._ask(concerned, after)
        return [(item, now[item.fingerprint].cost, then[item.fingerprint].cost) for item in concerned]

    async def _ask(self, items: Iterable[Item], configuration: Configuration) -> Costs:
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


def _order(option: Option) -> tuple[int, str, str]:
    gone, new = option
    return len(new) - len(gone), name_of(new), name_of(gone)


def _tables(option: Option) -> set[RelationName]:
    return {each.table for members in option for each in members}


def _name(candidate: CandidateIndex) -> str:
    return name_of([candidate])


def _back(changes: Iterable[Change]) -> list[Change]:
    """As if undone."""
    return [(item, after, before) for item, before, after in changes]
