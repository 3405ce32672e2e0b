"""Which indexes to have: the exact choice over known plans, without what is not worth it, harms, or may be narrower."""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable, StatementCost
from pgtune_cli.advise.gambles import Gamble
from pgtune_cli.advise.problem import Change, Problem, name_of, served_as_well
from pgtune_cli.advise.refusals import Refusals
from pgtune_cli.advise.search import Search, Unwanted
from pgtune_cli.advise.shelf import prefixes
from pgtune_cli.advise.times import Slower, Times
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex

MAX_RISE = 0.05
"""a set that makes a statement dearer by more is not advised"""
MUCH_SMALLER = 0.5
"""of the size: what a partial index must not exceed to take the place of a whole one"""
MOST_ATTEMPTS = 8
MOST_LEVELS = 4
SAME_LEVEL = 0.99
"""of what a set leaves of the workload: it is not measured anew"""
MOST_VETOES = 24
"""sets that are given up at once because a plan of theirs would be slower"""


class Selected(msgspec.Struct, frozen=True):
    """The chosen set, verified by the planner as a whole."""

    chosen: Configuration
    costs: Mapping[str, StatementCost]
    """of every statement under it."""
    rejected: Mapping[CandidateIndex, str]
    """those first that would save most in the company of all."""
    gap: float
    """a fraction of the workload's cost: no other set within the limits is cheaper by more."""
    slower: tuple[Slower, ...] = ()
    """statements whose cost falls and whose time is predicted to rise, by too little for a veto."""
    gambles: Mapping[CandidateIndex, Gamble] = {}
    """what helps if a condition is met by many rows; chosen only where that is allowed."""


async def select(problem: Problem, costs: CostTable, search: Search, times: Times | None = None) -> Selected:
    """The best set; what is turned down makes room, so that the choice is made again without it."""
    return await _Choice(problem, costs, search, times).made()


class _Choice:
    def __init__(self, problem: Problem, costs: CostTable, search: Search, times: Times | None) -> None:
        self.problem, self.costs, self.search, self.times = problem, costs, search, times
        self.rejected: dict[CandidateIndex, str] = {}
        self.weighed: set[CandidateIndex] = set()
        """those of them that are told why in the end, when it is known what was chosen instead."""
        self.unwanted: list[Unwanted] = []
        """plans that would be slower: what they need may be had one by one."""
        self.vetoed: dict[CandidateIndex, str] = {}
        self.gambles: dict[CandidateIndex, Gamble] = {}
        self.cut: set[tuple[str, float, Configuration]] = set()

    async def made(self) -> Selected:
        await self._known_gambles()
        chosen = await self._best()
        for _ in range(MOST_LEVELS):
            # a second run, with these in place, would measure what an index saves by what is left
            level = await self._left(chosen)
            if self.search.tired or level >= self.problem.level * SAME_LEVEL:
                break
            self.problem.level = level
            self.rejected = {}
            before, chosen = chosen, await self._best(chosen)
            if chosen == before:
                break
        current = await self._all_costs(chosen)
        self.rejected = self.vetoed | self.rejected
        refused = Refusals(self.problem, self.costs)
        self.rejected |= {each: refused.why_not(each, chosen, current) for each in self.weighed - chosen}
        self.rejected |= refused.of_the_rest(chosen, current, self.rejected)
        self.rejected = {each: reason for each, reason in self.rejected.items() if each not in self.gambles}
        if not self.search.tired:
            self.rejected |= await refused.of_the_oversized(chosen, current)
        rejected = {each: self.rejected[each] for each in refused.nearest(self.rejected.keys() - chosen)}
        slower = tuple(await self._slower(chosen))
        return Selected(chosen, current, rejected, self._gap(chosen, current), slower, self.gambles)

    async def _left(self, chosen: Configuration) -> float:
        """Worth of what the set leaves of the workload; by the work of the plans where time was measured."""
        problem = self.problem
        costs = {key: each.cost for key, each in (await self._all_costs(chosen)).items()}
        if problem.values.timed and self.times is not None and chosen:
            before = await self.times.predicted(problem.items, NOTHING)
            after = await self.times.predicted(problem.items, chosen)
            base = problem.base
            costs |= {key: base[key].cost * after[key].ms / before[key].ms for key in before.keys() & after.keys()}
        return problem.level_of(costs)

    async def _best(self, known: Configuration = NOTHING) -> Configuration:
        """The best set at the level of now; `known` is one that nothing is to be done about."""
        chosen, least = NOTHING, self._objective(NOTHING, self.problem.base)
        for attempt in range(MOST_VETOES + MOST_ATTEMPTS):
            best = await self.search.best(frozenset(self.rejected), self.unwanted)
            if least - self.search.hoped_for < self.problem.floor:
                break  # it promises less than one index must, beyond the best that was had
            # once the time or the questions are used up this is the last set; it is vetted in any case
            last = self.search.tired
            if not last and attempt < MOST_VETOES and await self._vetoed_at_once(best):
                continue
            kept = await self._harmless(best if last else await self._pruned(best))
            now = self._objective(kept, await self._all_costs(kept))
            if now < least:
                chosen, least = kept, now
            if kept == best or last:
                break
        chosen = await self._narrowed(chosen)
        chosen = await self._harmless(await self._pruned(chosen))
        if known and least >= self._objective(known, await self._all_costs(known)):
            return known
        return chosen

    def _objective(self, chosen: Configuration, costs: Mapping[str, StatementCost]) -> float:
        problem = self.problem
        spent = sum(problem.worth(item, costs[item.fingerprint].cost) for item in problem.items)
        return spent + sum(problem.price(each) for each in chosen)

    def _gap(self, chosen: Configuration, current: Mapping[str, StatementCost]) -> float:
        problem = self.problem
        spent = sum(problem.values.of(item, current[item.fingerprint].cost) for item in problem.items)
        distance = spent + problem.upkeep_of(chosen) - self.search.bound()
        return max(0.0, distance / problem.values.total) if problem.values.total else 0.0

    async def _all_costs(self, chosen: Configuration, of: Sequence[Item] | None = None) -> dict[str, StatementCost]:
        """Of every statement; the cost without candidates where the planner has no answer."""
        items = self.problem.items if of is None else of
        answers = await self.costs.ask([(item, chosen) for item in items])
        return {
            item.fingerprint: answer if isinstance(answer, StatementCost) else self.problem.base[item.fingerprint]
            for item, answer in zip(items, answers, strict=True)
        }

    async def _pruned(self, chosen: Configuration) -> Configuration:
        """Without what no plan uses, and without what the others make superfluous."""
        used = frozenset().union(*(cost.used for cost in (await self._all_costs(chosen)).values()))
        self._reject(chosen - used, "no plan uses it beside the indexes that were chosen")
        chosen &= used
        for candidate in [each for each in sorted(chosen, key=lambda one: name_of([one])) if each.include]:
            if not self.problem.is_worth_covering(await self._changes(chosen - {candidate}, chosen)):
                self._reject([candidate], "the columns that it holds along save too little a call")
                chosen -= {candidate}
        while chosen:
            now = await self._all_costs(chosen)
            doubtful = [each for each in chosen if self._least_loss(each, chosen, now) < self.problem.floor]
            losses = {each: await self._loss(chosen - {each}, chosen) for each in doubtful}
            least = min(losses, key=lambda each: (losses[each], name_of([each])), default=None)
            if least is None or losses[least] >= self.problem.floor:
                break
            chosen -= {least}
            self.weighed.add(least)
            self._reject([least], "")
        return chosen

    def _least_loss(self, candidate: CandidateIndex, chosen: Configuration, now: Mapping[str, StatementCost]) -> float:
        """What the workload would lose without it, or less, by what is known of the plans; no question is asked."""
        users = [item for item in self.problem.items if candidate in now[item.fingerprint].used]
        rest = chosen - {candidate}
        changes = [(item, self.search.at_least(item, rest), now[item.fingerprint].cost) for item in users]
        return self.problem.saved(changes) - self.problem.upkeep_of([candidate])

    async def _narrowed(self, chosen: Configuration) -> Configuration:
        """With less in the place of an index where less does as well: a partial index, or its first keys alone."""
        for candidate in sorted(chosen, key=lambda each: name_of([each])):
            for less in await self._lesser(candidate):
                rest = (chosen - {candidate}) | {less}
                changes = await self._changes(chosen, rest, candidate)
                difference = self.problem.upkeep_of([candidate]) - self.problem.upkeep_of([less])
                if served_as_well(changes) and (
                    self.problem.saved(_back(changes)) - difference < self.problem.negligible
                ):
                    what = "an index of fewer rows does" if less.predicate else "its first keys alone do"
                    self._reject([candidate], f"{what} nearly as much")
                    chosen = rest
                    break
        return chosen

    async def _lesser(self, candidate: CandidateIndex) -> list[CandidateIndex]:
        """Partial indexes of the table that are much smaller, smallest first, then the prefixes, shortest first."""
        shorter = prefixes(candidate)
        await self.problem.shelf.add(shorter)
        sizes = self.problem.shelf.sizes
        partial = [
            each
            for each, size in sizes.items()
            if each.predicate and each.table == candidate.table and size <= sizes[candidate] * MUCH_SMALLER
        ]
        ordered = sorted(partial, key=lambda each: (sizes[each], name_of([each])))
        narrower = [each for each in shorter if sizes.get(each, math.inf) <= sizes[candidate]]
        return [*([] if candidate.predicate else ordered), *narrower]

    async def _harmless(self, chosen: Configuration) -> Configuration:
        """Without what makes any statement dearer, or slower by the work of its plan, until none is."""
        if self.problem.allow_worse:
            return chosen
        while True:
            chosen = await self._not_dearer(chosen)
            if gambled := await self._gambled(chosen):
                chosen -= gambled
                continue
            slower = [each for each in await self._slower(chosen) if each.material]
            if not slower:
                return chosen
            self.unwanted += [await self._unwanted(each, chosen) for each in slower]
            worst = slower[0]
            guilty = await self._guilty(worst, chosen)
            self.vetoed[guilty] = f"it makes {worst.item.called} {worst.told()}"
            chosen -= {guilty}

    async def _vetoed_at_once(self, chosen: Configuration) -> bool:
        """Whether plans of the set would be slower; the next set is chosen without them.

        Statements that had such plans before are asked about first: the next set is often the same to them.
        """
        if self.problem.allow_worse:
            return False
        before = {each.item.fingerprint for each in self.unwanted}
        suspects = [item for item in self.problem.items if item.fingerprint in before]
        for items in (suspects, self.problem.items):
            if await self._gambled(chosen, items):
                return True
            slower = [each for each in await self._slower(chosen, items, own=True) if each.material]
            for each in slower:
                self.unwanted.append(await self._unwanted(each, chosen))
                self.unwanted += await self._alike(each)
                reason = f"it makes {each.item.called} {each.told()}"
                self.vetoed |= {member: reason for member in each.used & chosen if len(each.used & chosen) == 1}
            if slower:
                return True
        return False

    async def _known_gambles(self) -> None:
        """Those of the plans that are known already; no question is asked."""
        for item in self.problem.items if not self.problem.allow_worse else ():
            for asked, answer in self.costs.planned(item):
                if answer.used:
                    await self._gambled(asked, [item])

    async def _gambled(self, chosen: Configuration, of: Sequence[Item] | None = None) -> Configuration:
        """What would be read until enough rows match; the next set is chosen without such plans."""
        if self.times is None:
            return NOTHING
        found = await self.times.gambles.among(chosen, self.problem.items if of is None else of)
        for each in found:
            cost = (await self._all_costs(chosen, [each.item]))[each.item.fingerprint].cost
            if (each.item.fingerprint, cost, each.used) not in self.cut:
                self.cut.add((each.item.fingerprint, cost, each.used))
                self.unwanted.append(Unwanted(each.item, cost, each.used))
            for member in each.used:
                self.gambles.setdefault(member, each)
        return NOTHING.union(*(each.used for each in found))

    async def _slower(self, chosen: Configuration, of: Sequence[Item] | None = None, own: bool = False) -> list[Slower]:
        """`own`: at the server's own random_page_cost alone."""
        if self.times is None or not chosen:
            return []
        items = self.problem.items if of is None else of
        costs = await self._all_costs(chosen, items)
        return await self.times.slower(chosen, [i for i in items if costs[i.fingerprint].used & chosen], own)

    async def _unwanted(self, worst: Slower, chosen: Configuration) -> Unwanted:
        """At a lower random_page_cost it is that plan's indexes, whatever the statement has at its own."""
        if worst.random_page_cost is not None:
            return Unwanted(worst.item, -math.inf, worst.used & chosen)
        cost = (await self._all_costs(chosen, [worst.item]))[worst.item.fingerprint]
        return Unwanted(worst.item, cost.cost, cost.used & chosen)

    async def _alike(self, slower: Slower) -> list[Unwanted]:
        """Of plans like it: other sets would have them in turn. Each of its indexes may be the one that does harm."""
        await self.costs.ask([(slower.item, frozenset({each})) for each in slower.used])
        assert self.times is not None
        return [Unwanted(slower.item, *plan) for plan in await self.times.known(slower.item)]

    async def _guilty(self, worst: Slower, chosen: Configuration) -> CandidateIndex:
        """Of a plan's indexes the least useful one without which the statement is fast; else the worst."""
        assert self.times is not None
        without = {each: await self.times.without(worst, chosen - {each}) for each in worst.used & chosen}
        cures = [each for each in without if without[each] <= worst.limit_ms]
        now = await self._all_costs(chosen)
        if cures:
            return min(cures, key=lambda each: (self._least_loss(each, chosen, now), name_of([each])))
        return min(without, key=lambda each: (without[each], name_of([each])))

    async def _not_dearer(self, chosen: Configuration) -> Configuration:
        """Without what makes any statement dearer, until none is."""
        while True:
            costs = await self._all_costs(chosen)
            worse = [key for key, cost in costs.items() if cost.cost > self.problem.base[key].cost * (1 + MAX_RISE)]
            guilty = frozenset().union(*(costs[key].used for key in worse)) & chosen if worse else NOTHING
            if not guilty:
                return chosen
            losses = {each: await self._loss(chosen - {each}, chosen) for each in guilty}
            candidate = min(losses, key=lambda each: (losses[each], name_of([each])))
            called = next(item.called for item in self.problem.items if item.fingerprint == worse[0])
            self._reject([candidate], f"it makes {called} dearer")
            chosen -= {candidate}

    async def _loss(self, rest: Configuration, chosen: Configuration) -> float:
        """What the workload would lose under `rest`, the difference of upkeep taken into account."""
        changes = await self._changes(rest, chosen)
        return self.problem.saved(changes) - self.problem.upkeep_of(chosen) + self.problem.upkeep_of(rest)

    async def _changes(
        self, before: Configuration, after: Configuration, of: CandidateIndex | None = None
    ) -> list[Change]:
        """Of all statements, or of those that use one of the indexes before."""
        old = await self._all_costs(before)
        items = [item for item in self.problem.items if of is None or of in old[item.fingerprint].used]
        new = await self._all_costs(after, items)
        return [(item, old[item.fingerprint].cost, new[item.fingerprint].cost) for item in items]

    def _reject(self, members: Iterable[CandidateIndex], reason: str) -> None:
        self.rejected.update(dict.fromkeys(members, reason))


def _back(changes: Iterable[Change]) -> list[Change]:
    """As if undone."""
    return [(item, after, before) for item, before, after in changes]
