"""Costs of statements under configurations of indexes, asked of the what-if planner and averaged over the values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.protocol import Cost, CostRequest, WhatIf

Configuration = frozenset[CandidateIndex]
NOTHING: Configuration = frozenset()


class SetCost(msgspec.Struct, frozen=True):
    """The plan of one set of values."""

    cost: float
    used: Configuration


class StatementCost(msgspec.Struct, frozen=True):
    """The weighted mean over the value sets, and every candidate that any of their plans uses."""

    cost: float
    used: Configuration
    sets: tuple[SetCost | None, ...]
    """in the order of the item's values; None for one that cannot be planned."""


Planned = tuple[Configuration, StatementCost]
"""what the planner could choose from, and what it made of it."""
_Key = tuple[str, frozenset[RelationName]]


class CostTable:
    """Remembers what it was told, by statement and the indexes on its own tables; a question is never sent twice.

    A plan out of many candidates is also the plan out of fewer that hold what it uses.
    """

    def __init__(self, whatif: WhatIf) -> None:
        self._whatif = whatif
        self._known: dict[_Key, dict[Configuration, StatementCost | str]] = defaultdict(dict)
        self._same: dict[_Key, dict[Configuration, Configuration]] = defaultdict(dict)
        """configuration -> the one that was asked about in its place."""

    @property
    def planner_calls(self) -> int:
        return self._whatif.planner_calls

    def relevant(self, item: Item, configuration: Iterable[CandidateIndex]) -> Configuration:
        """The indexes that stand on tables of the statement."""
        return frozenset(each for each in configuration if each.table in item.relations)

    def planned(self, item: Item) -> list[Planned]:
        """Everything known of a statement with no index hidden."""
        known = self._known[item.fingerprint, frozenset()].items()
        return [(asked, answer) for asked, answer in known if isinstance(answer, StatementCost)]

    def asked(self, item: Item, configuration: Iterable[CandidateIndex]) -> Configuration:
        """The configuration that the planner has made the same plan for; itself if that is not known."""
        own, same = self.relevant(item, configuration), self._same[item.fingerprint, frozenset()]
        self._answer(item, own, frozenset())
        while own in same:
            own = same[own]
        return own

    async def ask(
        self, wanted: Sequence[tuple[Item, Configuration]], hidden: frozenset[RelationName] = frozenset()
    ) -> list[StatementCost | str]:
        """One answer a pair, in order; a reason where the planner has none."""
        pairs = [(item, self.relevant(item, configuration)) for item, configuration in wanted]
        missing = {
            (item.fingerprint, configuration): (item, configuration)
            for item, configuration in pairs
            if self._answer(item, configuration, hidden) is None
        }
        await self._fetch(list(missing.values()), hidden)
        return [self._known[item.fingerprint, hidden][configuration] for item, configuration in pairs]

    def _answer(
        self, item: Item, configuration: Configuration, hidden: frozenset[RelationName]
    ) -> StatementCost | str | None:
        known = self._known[item.fingerprint, hidden]
        if configuration not in known:
            for asked, answer in known.items():
                if _holds(asked, answer, configuration):
                    known[configuration] = answer
                    self._same[item.fingerprint, hidden][configuration] = asked
                    break
        return known.get(configuration)

    async def _fetch(self, wanted: list[tuple[Item, Configuration]], hidden: frozenset[RelationName]) -> None:
        requests = [
            CostRequest(prepared=item.prepared, values=values, indexes=configuration, hidden=hidden)
            for item, configuration in wanted
            for values, _ in item.values
        ]
        answers = iter(await self._whatif.costs(requests) if requests else [])
        for item, configuration in wanted:
            found = [next(answers) for _ in item.values]
            self._known[item.fingerprint, hidden][configuration] = _mean(item, found)


def _holds(asked: Configuration, answer: StatementCost | str, configuration: Configuration) -> bool:
    """Whether an answer out of `asked` is one out of `configuration` too; a unique index matters without being used."""
    if isinstance(answer, str) or not answer.used <= configuration <= asked:
        return False
    return not any(each.unique for each in asked - configuration)


def _mean(item: Item, answers: Sequence[Cost | str]) -> StatementCost | str:
    """Value sets that cannot be planned are left out; when none can, the first reason."""
    planned = [
        (answer, weight) for answer, (_, weight) in zip(answers, item.values, strict=True) if isinstance(answer, Cost)
    ]
    if not planned:
        return next(answer for answer in answers if isinstance(answer, str))
    cost = sum(answer.total_cost * weight for answer, weight in planned) / sum(weight for _, weight in planned)
    sets = tuple(SetCost(each.total_cost, each.used) if isinstance(each, Cost) else None for each in answers)
    return StatementCost(cost, NOTHING.union(*(answer.used for answer, _ in planned)), sets)
