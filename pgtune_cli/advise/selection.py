"""Which indexes to have: greedy over single candidates and bundles, each step judged by the planner as a whole set.

Gains shrink as indexes are added, so an option that was behind is asked again only when it could be next (lazy greedy).
Two orders are tried under a budget, by gain and by gain per byte, and the better set is kept.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable, StatementCost
from pgtune_cli.advise.shortlist import Shortlist
from pgtune_cli.advise.value import Values
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex

MIN_GAIN = 0.001
"""of the whole workload; less is not worth an index"""
MIN_SAVING = 0.2
"""of a statement's cost: the planner's costs are not better than that (facts/time-model.md)"""
MIN_SAVING_COST = 10.0
"""cost units a call, two or three random pages: below it the difference between look-ups is noise"""
MIN_STEP = 0.05
"""of what the statement costs under the indexes chosen so far: what one more index must save of it to count"""
MAX_RISE = 0.05
"""a set that makes a statement dearer by more is not advised"""
SIZE_WEIGHTS = (0.1, 1.0)
"""gain / size ** weight; the first alone without a budget, where size only breaks ties"""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What selection starts from."""

    items: Sequence[Item]
    base: Mapping[str, StatementCost]
    """fingerprint -> cost without any candidate; every item has one."""
    sizes: Mapping[CandidateIndex, int]
    upkeep: Mapping[CandidateIndex, float]
    """cost units over the window."""
    values: Values
    shortlist: Shortlist
    budget_bytes: int | None = None

    @property
    def threshold(self) -> float:
        return MIN_GAIN * self.values.total

    def worth(self, item: Item, cost: float) -> float:
        """What the statement costs the workload; a saving that is within the planner's error is none."""
        before = self.base[item.fingerprint].cost
        saved = before - cost
        counted = before if 0 < saved < max(MIN_SAVING * before, MIN_SAVING_COST) else cost
        return self.values.of(item, counted)

    def saved(self, item: Item, before: float, after: float) -> float:
        """Worth of one more index to a statement."""
        if 0 < before - after < max(MIN_STEP * before, MIN_SAVING_COST):
            return 0.0
        return self.worth(item, before) - self.worth(item, after)

    def upkeep_of(self, configuration: Configuration) -> float:
        return sum(self.upkeep[each] for each in configuration) * self.values.per_cost

    def size_of(self, configuration: Configuration) -> int:
        return sum(self.sizes[each] for each in configuration)


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
    spent = sum(problem.worth(item, selected.costs[item.fingerprint].cost) for item in problem.items)
    return spent + problem.upkeep_of(selected.chosen)


class _Option(msgspec.Struct, frozen=True):
    members: Configuration
    score: float
    """an upper bound, as of `asked`."""
    asked: Configuration


class _Run:
    """One greedy run."""

    def __init__(self, problem: Problem, costs: CostTable) -> None:
        self.problem, self.costs = problem, costs
        self.by_key = {item.fingerprint: item for item in problem.items}
        self.rejected: dict[CandidateIndex, str] = {}
        self.first_gain: dict[Configuration, float] = {}

    async def run(self, size_weight: float) -> Selected:
        chosen = await self._greedy(size_weight)
        chosen = await self._pruned(chosen)
        chosen = await self._harmless(chosen)
        current = await self._all_costs(chosen)
        return Selected(chosen, current, {k: why for k, why in self.rejected.items() if k not in chosen})

    async def _greedy(self, size_weight: float) -> Configuration:
        chosen = NOTHING
        options = await self._options(size_weight)
        while options:
            best = max(options, key=lambda option: (option.score, -len(option.members), _name(option.members)))
            options.remove(best)
            added = best.members - chosen
            if not added or best.score <= 0:
                continue
            if not self._fits(chosen | added):
                self._reject_single(best.members, "it does not fit into what is left of the budget")
            elif best.asked == chosen:
                chosen |= added
            else:
                gain = await self._gain(chosen, added)
                if gain >= self.problem.threshold:
                    options.append(_Option(best.members, self._score(gain, added, size_weight), chosen))
                else:
                    self._reject_single(best.members, self._why_not(best.members, gain, chosen))
        return chosen

    async def _options(self, size_weight: float) -> list[_Option]:
        """Every single candidate and every bundle, with its gain when nothing else is there."""
        singles = [frozenset([candidate]) for candidate in self.problem.shortlist.useful]
        found = []
        await self._prefetch([*singles, *self.problem.shortlist.bundles])
        for members in [*singles, *self.problem.shortlist.bundles]:
            gain = self.first_gain[members] = await self._gain(NOTHING, members)
            if gain >= self.problem.threshold:
                found.append(_Option(members, self._score(gain, members, size_weight), NOTHING))
            else:
                self._reject_single(members, self._why_not(members, gain, NOTHING))
        return found

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
        saved = 0.0
        for item, old, new in zip(concerned, before, after, strict=True):
            if isinstance(old, StatementCost) and isinstance(new, StatementCost):
                saved += self.problem.saved(item, old.cost, new.cost)
        return saved - self.problem.upkeep_of(added)

    def _score(self, gain: float, added: Configuration, size_weight: float) -> float:
        return float(gain / max(self.problem.size_of(added), 8192) ** size_weight)

    def _fits(self, chosen: Configuration) -> bool:
        budget = self.problem.budget_bytes
        return budget is None or self.problem.size_of(chosen) <= budget

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
        for candidate in sorted(chosen, key=lambda each: (-self.problem.sizes[each], _name([each]))):
            rest = chosen - {candidate}
            if await self._loss(chosen, candidate) < self.problem.threshold:
                self._reject([candidate], "the indexes that were chosen do nearly all of what it would")
                chosen = rest
        return chosen

    async def _harmless(self, chosen: Configuration) -> Configuration:
        """Without what makes any statement dearer, until none is."""
        while True:
            costs = await self._all_costs(chosen)
            worse = [key for key, cost in costs.items() if cost.cost > self.problem.base[key].cost * (1 + MAX_RISE)]
            guilty = frozenset().union(*(costs[key].used for key in worse)) & chosen if worse else NOTHING
            if not guilty:
                return chosen
            losses = {each: await self._loss(chosen, each) for each in guilty}
            candidate = min(losses, key=lambda each: (losses[each], _name([each])))
            self._reject([candidate], f"it makes statement {worse[0]} dearer")
            chosen -= {candidate}

    async def _loss(self, chosen: Configuration, candidate: CandidateIndex) -> float:
        """What the workload would lose without it, beside all the others."""
        without, with_it = await self._all_costs(chosen - {candidate}), await self._all_costs(chosen)
        lost = sum(
            self.problem.saved(item, without[item.fingerprint].cost, with_it[item.fingerprint].cost)
            for item in self.problem.items
        )
        return lost - self.problem.upkeep_of(frozenset([candidate]))

    def _why_not(self, members: Configuration, gain: float, chosen: Configuration) -> str:
        upkeep = self.problem.upkeep_of(members)
        if gain < 0 < upkeep and gain + upkeep >= self.problem.threshold:
            return (
                f"its upkeep on writes ({upkeep / self.problem.values.total:.1%} of the workload) is more than it saves"
            )
        if chosen and self.first_gain.get(members, 0.0) >= self.problem.threshold:
            return "the indexes that were chosen do nearly all of what it would"
        return f"it saves less than {MIN_GAIN:.1%} of the workload"

    def _reject(self, members: Iterable[CandidateIndex], reason: str) -> None:
        self.rejected.update(dict.fromkeys(members, reason))

    def _reject_single(self, members: Configuration, reason: str) -> None:
        """Of a bundle nothing is said: its members stand for themselves."""
        if len(members) == 1:
            self._reject(members, reason)


def _name(members: Iterable[CandidateIndex]) -> str:
    """Any stable order."""
    return " ".join(sorted(msgspec.json.encode(each).decode() for each in members))
