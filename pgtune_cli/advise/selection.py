"""Which indexes to have: greedy over single candidates and bundles, each step judged by the planner as a whole set.

Gains shrink as indexes are added, so an option that was behind is asked again only when it could be next (lazy greedy).
Two orders are tried under a budget, by gain and by gain per byte, and the better set is kept.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable, StatementCost
from pgtune_cli.advise.exchange import Exchange
from pgtune_cli.advise.problem import Change, Problem, name_of, served_as_well
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex

MAX_RISE = 0.05
"""a set that makes a statement dearer by more is not advised"""
MUCH_SMALLER = 0.5
"""of the size: what a partial index must not exceed to take the place of a whole one"""
SIZE_WEIGHTS = (0.02, 1.0)
"""gain / size ** weight; the first alone without a budget, where size only breaks ties"""


class Selected(msgspec.Struct, frozen=True):
    """The chosen set, verified by the planner as a whole."""

    chosen: Configuration
    costs: Mapping[str, StatementCost]
    """of every statement under it."""
    rejected: Mapping[CandidateIndex, str]


async def select(problem: Problem, costs: CostTable) -> Selected:
    """The better of the greedy orders, without what turned out superfluous or harmful."""
    weights = SIZE_WEIGHTS if problem.budget_bytes is not None else SIZE_WEIGHTS[:1]
    runs = [await _Run(problem, costs).run(weight) for weight in weights]
    return min(runs, key=lambda run: (_total(problem, run), problem.size_of(run.chosen)))


def _total(problem: Problem, selected: Selected) -> float:
    spent = sum(problem.values.of(item, selected.costs[item.fingerprint].cost) for item in problem.items)
    return spent + problem.upkeep_of(selected.chosen)


class _Option(msgspec.Struct, frozen=True):
    members: Configuration
    score: float
    """as of `asked`; an upper bound under more indexes."""
    asked: Configuration | None = None


class _Run:
    """One greedy run."""

    def __init__(self, problem: Problem, costs: CostTable) -> None:
        self.problem, self.costs = problem, costs
        self.by_key = {item.fingerprint: item for item in problem.items}
        self.rejected: dict[CandidateIndex, str] = {}

    async def run(self, size_weight: float) -> Selected:
        chosen = await self._greedy(size_weight)
        chosen = await self._exchanged(await self._pruned(chosen))
        chosen = await self._narrowed(await self._pruned(chosen))
        before = None
        while chosen != before:  # what is taken away may leave others without use
            before = chosen
            chosen = await self._harmless(await self._pruned(chosen))
        current = await self._all_costs(chosen)
        return Selected(chosen, current, {k: why for k, why in self.rejected.items() if k not in chosen})

    async def _greedy(self, size_weight: float) -> Configuration:
        """Until no option is worth it under what is chosen; those turned down are asked again after each round."""
        members = [frozenset([each]) for each in self.problem.shortlist.useful] + [*self.problem.shortlist.bundles]
        await self._prefetch(members)
        waiting = [_Option(each, math.inf) for each in members]
        chosen = NOTHING
        while queue := [_Option(option.members, math.inf) for option in waiting if option.asked != chosen]:
            waiting = [option for option in waiting if option.asked == chosen]
            chosen = await self._round(chosen, queue, waiting, size_weight)
        for option in waiting:
            self._reject_single(option.members, await self._why_not(option.members, chosen))
        return chosen

    async def _round(
        self, chosen: Configuration, queue: list[_Option], waiting: list[_Option], size_weight: float
    ) -> Configuration:
        """Takes the best option as long as one is worth it; the others end in `waiting`."""
        while queue:
            best = max(queue, key=lambda option: (option.score, -len(option.members), name_of(option.members)))
            queue.remove(best)
            added = best.members - chosen
            if not added:
                continue
            if best.asked == chosen:
                chosen |= added
                continue
            gain = await self._gain(chosen, added)
            if gain >= self.problem.floor and self.problem.fits(chosen | added):
                queue.append(_Option(best.members, self._score(gain, added, size_weight), chosen))
            else:
                waiting.append(_Option(best.members, 0.0, chosen))
        return chosen

    async def _prefetch(self, options: Sequence[Configuration]) -> None:
        """All first questions at once; the answers are remembered."""
        await self.costs.ask([(item, members) for members in options for item in self._concerned(members)])

    def _concerned(self, members: Configuration) -> list[Item]:
        keys = {key for each in members for key in self.problem.shortlist.useful.get(each, ())}
        return [self.by_key[key] for key in sorted(keys)]

    async def _gain(self, chosen: Configuration, added: Configuration) -> float:
        """What the workload saves by adding these to what is chosen, their upkeep taken off."""
        concerned = self._concerned(added)
        before = await self.costs.ask([(item, chosen) for item in concerned])
        after = await self.costs.ask([(item, chosen | added) for item in concerned])
        changes = [
            (item, old.cost, new.cost)
            for item, old, new in zip(concerned, before, after, strict=True)
            if isinstance(old, StatementCost) and isinstance(new, StatementCost)
        ]
        return self.problem.saved(changes) - self.problem.upkeep_of(added)

    def _score(self, gain: float, added: Configuration, size_weight: float) -> float:
        """Of two that save as much, the one of fewer indexes, then the smaller."""
        gain -= self.problem.floor * (len(added) - 1)
        return float(gain / max(self.problem.size_of(added), 8192) ** size_weight)

    async def _all_costs(self, chosen: Configuration) -> dict[str, StatementCost]:
        """Of every statement; the cost without candidates where the planner has no answer."""
        answers = await self.costs.ask([(item, chosen) for item in self.problem.items])
        return {
            item.fingerprint: answer if isinstance(answer, StatementCost) else self.problem.base[item.fingerprint]
            for item, answer in zip(self.problem.items, answers, strict=True)
        }

    async def _pruned(self, chosen: Configuration) -> Configuration:
        """Without what no plan uses, and without what the others make superfluous."""
        used = frozenset().union(*(cost.used for cost in (await self._all_costs(chosen)).values()))
        self._reject(chosen - used, "no plan uses it beside the indexes that were chosen")
        chosen &= used
        while chosen:
            losses = {each: await self._loss(chosen - {each}, chosen) for each in chosen}
            least = min(losses, key=lambda each: (losses[each], name_of([each])))
            if losses[least] >= self.problem.floor:
                break
            self._reject([least], "the indexes that were chosen do nearly all of what it would")
            chosen -= {least}
        return chosen

    async def _exchanged(self, chosen: Configuration) -> Configuration:
        """With one index in the place of several, or of a worse one."""
        exchange = Exchange(self.problem, self.costs)
        chosen = await exchange.improve(chosen)
        self._reject(exchange.replaced, "what took its place serves the statements as well, or better")
        return chosen

    async def _narrowed(self, chosen: Configuration) -> Configuration:
        """With less in the place of an index where less does as well: a partial index, or its first keys alone."""
        for candidate in sorted(chosen, key=lambda each: name_of([each])):
            for less in await self._lesser(candidate):
                rest = (chosen - {candidate}) | {less}
                if served_as_well(await self._changes(chosen, rest)) and (
                    await self._loss(rest, chosen) < self.problem.negligible
                ):
                    what = "an index of fewer rows does" if less.predicate else "its first keys alone do"
                    self._reject([candidate], f"{what} nearly as much")
                    chosen = rest
                    break
        return chosen

    async def _lesser(self, candidate: CandidateIndex) -> list[CandidateIndex]:
        """Partial indexes of the table that are much smaller, smallest first, then the prefixes, shortest first."""
        prefixes = _prefixes(candidate)
        await self.problem.shelf.add(prefixes)
        sizes = self.problem.shelf.sizes
        partial = [
            each
            for each, size in sizes.items()
            if each.predicate and each.table == candidate.table and size <= sizes[candidate] * MUCH_SMALLER
        ]
        ordered = sorted(partial, key=lambda each: (sizes[each], name_of([each])))
        return [*([] if candidate.predicate else ordered), *(each for each in prefixes if each in sizes)]

    async def _harmless(self, chosen: Configuration) -> Configuration:
        """Without what makes any statement dearer, until none is."""
        while True:
            costs = await self._all_costs(chosen)
            worse = [key for key, cost in costs.items() if cost.cost > self.problem.base[key].cost * (1 + MAX_RISE)]
            guilty = frozenset().union(*(costs[key].used for key in worse)) & chosen if worse else NOTHING
            if not guilty:
                return chosen
            losses = {each: await self._loss(chosen - {each}, chosen) for each in guilty}
            candidate = min(losses, key=lambda each: (losses[each], name_of([each])))
            self._reject([candidate], f"it makes statement {worse[0]} dearer")
            chosen -= {candidate}

    async def _loss(self, rest: Configuration, chosen: Configuration) -> float:
        """What the workload would lose under `rest`, the difference of upkeep taken into account."""
        changes = await self._changes(rest, chosen)
        return self.problem.saved(changes) - self.problem.upkeep_of(chosen) + self.problem.upkeep_of(rest)

    async def _changes(self, before: Configuration, after: Configuration) -> list[Change]:
        old, new = await self._all_costs(before), await self._all_costs(after)
        return [(item, old[item.fingerprint].cost, new[item.fingerprint].cost) for item in self.problem.items]

    async def _why_not(self, members: Configuration, chosen: Configuration) -> str:
        """Of an option that was turned down in the end."""
        gain, upkeep = await self._gain(chosen, members - chosen), self.problem.upkeep_of(members)
        if gain >= self.problem.floor:
            return "it does not fit into what is left of the budget"
        if gain + upkeep >= self.problem.floor:
            share = upkeep / self.problem.values.total
            return f"its upkeep on writes ({share:.1%} of the workload) leaves too little of what it saves"
        if chosen and await self._gain(NOTHING, members) >= self.problem.floor:
            return "the indexes that were chosen do nearly all of what it would"
        if gain <= 0:
            return "it makes no statement surely cheaper"
        return f"it saves {self.problem.told(gain)}; an index must save {self.problem.told(self.problem.floor)}"

    def _reject(self, members: Iterable[CandidateIndex], reason: str) -> None:
        self.rejected.update(dict.fromkeys(members, reason))

    def _reject_single(self, members: Configuration, reason: str) -> None:
        """Of a bundle nothing is said: its members stand for themselves."""
        if len(members) == 1:
            self._reject(members, reason)


def _prefixes(candidate: CandidateIndex) -> list[CandidateIndex]:
    """Shortest first; of a btree only, whose first keys are an index of their own."""
    if candidate.method != "btree" or candidate.unique or candidate.include:
        return []
    lengths = range(1, len(candidate.keys))
    return [msgspec.structs.replace(candidate, keys=candidate.keys[:length]) for length in lengths]
