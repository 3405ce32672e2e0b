"""The search for the best set: exact choices over the plans that are known, and questions that tell more.

Two programs take turns. One knows only plans, so that its optimum is a set that can be had; the other fills what is not
known with lower bounds, so that its optimum is no dearer than any set. What the second would like and nobody has
planned yet is planned next. When both agree, the set is proven; planner calls and time end the search before that.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from pgtune_cli.advise.bounds import Bounds, Gap
from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable, StatementCost
from pgtune_cli.advise.problem import Problem
from pgtune_cli.advise.program import Answer, Cut, Option, Program
from pgtune_cli.advise.workload import Item

CLOSE_ENOUGH = 0.001
"""of the workload: a proven distance below it ends the search"""
MOST_ROUNDS = 60

Worth = Callable[[Item, float], float]
"""of a statement at a cost."""


class Unwanted(msgspec.Struct, frozen=True):
    """A plan that no set may have: the planner makes it wherever all of `needs` are and nothing cheaper is known."""

    item: Item
    cost: float
    needs: Configuration


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """When to stop: what comes first."""

    planner_calls: int
    """of the search for better plans."""
    most_calls: int
    """after which no further set is tried in place of one that has plans which are not wanted."""
    deadline: float | None = None
    """of time.monotonic()."""

    def seconds_left(self) -> float:
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()


class Search:
    """Holds what is known of each statement; `best` may be asked again with candidates forbidden."""

    def __init__(self, problem: Problem, costs: CostTable, effort: Effort, bounds: dict[str, Bounds]) -> None:
        self._problem, self._costs, self._effort, self._bounds = problem, costs, effort, bounds
        self.out_of_time = False
        self.hoped_for = float("-inf")
        """the worth of the last set, with its price, if all that is known of it holds."""

    async def best(self, forbidden: Configuration = NOTHING, unwanted: Sequence[Unwanted] = ()) -> Configuration:
        """The best set that was found, without any of the forbidden, and without plans that are not wanted."""
        for _ in range(MOST_ROUNDS):
            found = self._solve(self._attainable(), forbidden, unwanted)
            if self._spent():
                break
            before = self._costs.planner_calls
            await self._costs.ask([(item, found.chosen) for item in self._problem.items])
            if self._costs.planner_calls != before:
                continue  # as a whole it may have plans that its parts had not
            hoped = self._solve(self._hoped(), forbidden, unwanted)
            if found.worth - hoped.bound <= CLOSE_ENOUGH * self._problem.level:
                break
            if self._spent() or not await self._look_into(hoped):
                break
        self.hoped_for = found.worth
        return found.chosen

    @property
    def tired(self) -> bool:
        return self._effort.seconds_left() <= 0 or self._costs.planner_calls >= self._effort.most_calls

    def at_least(self, item: Item, chosen: Configuration) -> float:
        """What a statement costs under the set, or less; no question is asked."""
        bounds, relevant = self._bounds.get(item.fingerprint), self._costs.relevant(item, chosen)
        return self._problem.best[item.fingerprint] if bounds is None else bounds.at_least(relevant)

    def bound(self) -> float:
        """What no set within the limits can be below, upkeep included, in the problem's values."""
        problem = self._problem
        worth = [[self._valued(item, each, problem.plain_worth) for each in options] for item, options in self._hoped()]
        prices = {each: problem.upkeep_of([each]) for each in problem.shelf.sizes}
        return Program(worth, prices, problem.shelf.sizes, problem.limits).solve(self._seconds()).bound

    def _spent(self) -> bool:
        self.out_of_time = self._effort.seconds_left() <= 0
        return self.out_of_time or self._costs.planner_calls >= self._effort.planner_calls

    def _seconds(self) -> float:
        return max(0.5, self._effort.seconds_left())

    def _solve(
        self,
        statements: Iterable[tuple[Item, Sequence[Option]]],
        forbidden: Configuration,
        unwanted: Sequence[Unwanted],
    ) -> Answer:
        problem = self._problem
        worth = [[self._valued(item, each, problem.worth) for each in options] for item, options in statements]
        prices = {each: problem.price(each) for each in problem.shelf.sizes}
        limits = problem.limits
        places = {item.fingerprint: place for place, item in enumerate(problem.items)}
        cuts = [Cut(places[each.item.fingerprint], _worth(problem, each), each.needs) for each in unwanted]
        return Program(worth, prices, problem.shelf.sizes, limits, forbidden, cuts).solve(self._seconds())

    def _valued(self, item: Item, option: Option, worth: Worth) -> Option:
        return msgspec.structs.replace(option, cost=worth(item, option.cost))

    def _attainable(self) -> list[tuple[Item, list[Option]]]:
        """The plans that are known, without those that need more and are no better."""
        return [(item, _undominated(self._costs.planned(item))) for item in self._problem.items]

    def _hoped(self) -> list[tuple[Item, list[Option]]]:
        found = []
        for item in self._problem.items:
            bounds = self._bounds.get(item.fingerprint)
            least = [Option(self._problem.best[item.fingerprint])]
            found.append((item, bounds.options() if bounds is not None else least))
        return found

    async def _look_into(self, hoped: Answer) -> bool:
        """Plan what the optimistic choice rests on; False when it rests on plans alone."""
        asked: list[tuple[Item, Bounds, Gap]] = []
        for item, place in zip(self._problem.items, hoped.options, strict=True):
            bounds = self._bounds.get(item.fingerprint)
            gap = bounds.gap_at(place) if bounds is not None else None
            if bounds is not None and gap is not None:
                asked.append((item, bounds, gap))
        questions = [(item, bounds.question(gap, hoped.chosen)) for item, bounds, gap in asked]
        answers = await self._costs.ask(questions)
        for (_, bounds, gap), answer in zip(asked, answers, strict=True):
            if isinstance(answer, StatementCost):
                bounds.close(gap, hoped.chosen, answer)
        return bool(asked)


def _undominated(planned: Iterable[tuple[Configuration, StatementCost]]) -> list[Option]:
    kept: list[Option] = []
    for cost, _, used in sorted(((a.cost, len(a.used), a.used) for _, a in planned), key=lambda row: row[:2]):
        if not any(option.needs <= used for option in kept):
            kept.append(Option(cost, used))
    return kept


def _worth(problem: Problem, plan: Unwanted) -> float:
    return plan.cost if math.isinf(plan.cost) else problem.worth(plan.item, plan.cost)
