"""Why a candidate is not among the chosen: from the plans that are known."""

from collections.abc import Collection, Iterable, Mapping

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable, StatementCost
from pgtune_cli.advise.credit import credited
from pgtune_cli.advise.problem import Change, Problem, name_of
from pgtune_cli.advise.reasons import keys_told
from pgtune_cli.model.index import CandidateIndex

MOST_NAMED = 3
"""chosen indexes that stand for one that was turned down"""


class Refusals:
    def __init__(self, problem: Problem, costs: CostTable) -> None:
        self._problem, self._costs = problem, costs

    def of_the_rest(
        self, chosen: Configuration, current: Mapping[str, StatementCost], told: Collection[CandidateIndex]
    ) -> dict[CandidateIndex, str]:
        """Of each candidate that some plan uses and nobody has told of; no question is asked."""
        problem = self._problem
        seen = {each for item in problem.items for _, answer in self._costs.planned(item) for each in answer.used}
        # in the company of all others, the best light to see it in; else no near miss
        return {
            candidate: self.why_not(candidate, chosen, current)
            for candidate in seen - chosen - set(told)
            if any(problem.counts(*change) for change in self._known_changes(candidate, frozenset(seen), problem.base))
        }

    async def of_the_oversized(
        self, chosen: Configuration, current: Mapping[str, StatementCost]
    ) -> dict[CandidateIndex, str]:
        """Of those that are larger than the budget alone, the ones that would do much beside the chosen."""
        problem, sizes = self._problem, self._problem.shelf.oversized
        if not sizes:
            return {}
        answers = await self._costs.ask([(item, chosen | sizes.keys()) for item in problem.items])
        planned = {
            item.fingerprint: answer if isinstance(answer, StatementCost) else current[item.fingerprint]
            for item, answer in zip(problem.items, answers, strict=True)
        }
        found = {}
        for candidate in NOTHING.union(*(answer.used for answer in planned.values())) & sizes.keys():
            benefits = credited(candidate, problem.items, current, planned)
            changes = [(each.item, each.whole, each.whole - each.fall) for each in benefits]
            if problem.saved(changes) - problem.shelf.upkeep[candidate] * problem.values.per_cost >= problem.floor:
                found[candidate] = f"it takes {sizes[candidate] / 2**20:,.1f} MB, more than the whole budget"
        return found

    def why_not(self, candidate: CandidateIndex, chosen: Configuration, current: Mapping[str, StatementCost]) -> str:
        problem, floor = self._problem, self._problem.floor
        changes = self._known_changes(candidate, NOTHING, problem.base)
        alone = problem.saved(changes)
        beside = problem.saved(self._known_changes(candidate, chosen, current))
        upkeep = problem.upkeep_of([candidate])
        if beside - upkeep >= floor:
            return self._though_worth_it(candidate, chosen, beside)
        if alone >= floor > alone - upkeep:
            share = upkeep / problem.values.total
            return f"its upkeep on writes ({share:.1%} of the workload) leaves too little of what it saves"
        if alone - upkeep >= floor:
            return self._instead(candidate, current, "nearly all of what it would")
        if alone <= 0 and chosen and self._helps_in_company(candidate):
            return self._instead(candidate, current, "as much without it")
        if alone <= 0:
            return problem.marginal(changes) or "it makes no statement surely cheaper"
        return f"it saves {problem.told(alone)}; an index must save {problem.floor_told()}"

    def _though_worth_it(self, candidate: CandidateIndex, chosen: Configuration, beside: float) -> str:
        """It would save enough in addition to what was chosen."""
        problem = self._problem
        if not problem.fits([*chosen, candidate]):
            return "it does not fit into what is left of the budget"
        saves = f"it saves {problem.told(beside)}" + (" beside the indexes that were chosen" if chosen else "")
        if beside >= problem.price(candidate):
            return f"{saves}, and no set was found that is better with it as a whole"
        counts = f"{problem.share_of(problem.price(candidate))} of that"
        what = (
            "the columns that it holds along, its size and its upkeep" if candidate.include else "its size and upkeep"
        )
        return f"{saves}; for {what} it must save {counts}"

    def nearest(self, rejected: Iterable[CandidateIndex]) -> list[CandidateIndex]:
        """Those first that would save most in the company of all candidates."""
        everything = self._everything | self._problem.shelf.oversized.keys()
        saved = {
            each: self._problem.saved(self._known_changes(each, everything, self._problem.base)) for each in rejected
        }
        return sorted(saved, key=lambda each: (-saved[each], name_of([each])))

    def _instead(self, candidate: CandidateIndex, current: Mapping[str, StatementCost], what: str) -> str:
        """By name the indexes that the statements have which have a cheaper plan with it."""
        mine = [
            current[item.fingerprint].used
            for item, before, after in self._known_changes(candidate, self._everything, self._problem.base)
            if after < before
        ]
        serving = sorted(frozenset().union(*mine) - {candidate}, key=lambda each: name_of([each]))
        same = [each for each in serving if each.table == candidate.table] or serving
        if not 0 < len(same) <= MOST_NAMED:
            return f"the indexes that were chosen do {what}"
        names = " and ".join(keys_told(each) for each in same)
        return f"the chosen index{'' if len(same) == 1 else 'es'} on {names} do{'es' if len(same) == 1 else ''} {what}"

    def _helps_in_company(self, candidate: CandidateIndex) -> bool:
        """Whether some statement has a plan with it, and others, that is much cheaper."""
        return self._problem.saved(self._known_changes(candidate, self._everything, self._problem.base)) > 0

    @property
    def _everything(self) -> Configuration:
        return frozenset(self._problem.shelf.sizes)

    def _known_changes(
        self, candidate: CandidateIndex, beside: Iterable[CandidateIndex], now: Mapping[str, StatementCost]
    ) -> list[Change]:
        """Of the statements that have a plan with it and nothing else that is not there."""
        there = {*beside, candidate}
        found = []
        for item in self._problem.items:
            known = [
                answer.cost
                for _, answer in self._costs.planned(item)
                if candidate in answer.used and answer.used <= there
            ]
            cost = now[item.fingerprint].cost
            found.append((item, cost, min([*known, cost])))
        return found
