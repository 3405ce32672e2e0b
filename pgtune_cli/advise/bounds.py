"""What a statement can cost at best under any set of candidates, from the plans that are known.

The plan out of the candidates A uses U: under every set that holds U it is the plan, and any other set lacks some of U.
So the sets fall apart into those that hold U and, for each u of U, those that lack it (but hold what came before it in
U). Of the latter it is known that they cost no less; planning once more without u tells more. A set is a path from the
first plan down to one that is had, or to a bound that has not been looked into. As exact as the planner is monotone:
it takes paths within 1 % of each other for equal.
"""

from collections.abc import Mapping

import msgspec

from pgtune_cli.advise.costs import Configuration, StatementCost
from pgtune_cli.advise.program import Option
from pgtune_cli.model.index import CandidateIndex


class Gap(msgspec.Struct, frozen=True):
    """Sets of which only a lower bound is known: those that `option` describes."""

    option: Option
    allowed: Configuration
    """every candidate that such a set may hold."""
    missing: CandidateIndex


class Bounds:
    """Of one statement. `exact` and `gaps` together cover every set of candidates."""

    def __init__(
        self,
        everything: Configuration,
        answer: StatementCost,
        own: Configuration,
        sizes: Mapping[CandidateIndex, int],
    ) -> None:
        self._own, self._sizes = own, sizes
        self.exact: list[Option] = []
        self.gaps: list[Gap] = []
        self._grow(Option(0.0), everything, answer)

    def options(self) -> list[Option]:
        return [*self.exact, *(gap.option for gap in self.gaps)]

    def at_least(self, chosen: Configuration) -> float:
        """What the statement costs under the set, or less."""
        fitting = (
            option.cost
            for option in self.options()
            if option.needs <= chosen and not option.absent & chosen and all(each & chosen for each in option.some)
        )
        return min(fitting, default=0.0)

    def gap_at(self, place: int) -> Gap | None:
        """The gap behind one of the options; None where it is a plan."""
        return self.gaps[place - len(self.exact)] if place >= len(self.exact) else None

    def question(self, gap: Gap, chosen: Configuration) -> Configuration:
        """Out of which candidates to plan next."""
        return gap.allowed - self._gone(gap, chosen)

    def close(self, gap: Gap, chosen: Configuration, answer: StatementCost) -> None:
        """The gap gives way to the plan, the gaps beside it, and what the question left out."""
        gone = self._gone(gap, chosen)
        self.gaps.remove(gap)
        rest = gone - {gap.missing}
        if rest:
            option = msgspec.structs.replace(gap.option, some=(*gap.option.some, rest))
            self.gaps.append(Gap(option, gap.allowed, gap.missing))
        narrowed = msgspec.structs.replace(gap.option, absent=gap.option.absent | gone)
        self._grow(narrowed, gap.allowed - gone, answer)

    def _gone(self, gap: Gap, chosen: Configuration) -> Configuration:
        """The missing one, and what is made for this statement and table and larger than what was chosen of that.

        So what is left of the gap is sets that spend more on this table, for this statement.
        """
        mine = {each for each in gap.allowed if each.table == gap.missing.table and each in self._own}
        most = max((self._sizes[each] for each in mine & chosen), default=0)
        larger = {each for each in mine - chosen if self._sizes[each] > most}
        return frozenset({gap.missing, *larger} - gap.option.needs)

    def _grow(self, of: Option, allowed: Configuration, answer: StatementCost) -> None:
        cost = max(answer.cost, of.cost)
        self.exact.append(Option(cost, of.needs | answer.used))
        before: Configuration = frozenset()
        for missing in sorted(answer.used - of.needs, key=lambda each: msgspec.json.encode(each)):
            option = Option(cost, of.needs | before, of.absent | {missing}, of.some)
            self.gaps.append(Gap(option, allowed - {missing}, missing))
            before |= {missing}
