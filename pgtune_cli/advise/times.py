"""Statements that a set of indexes makes slower though it makes them cheaper: both plans compared by their work."""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.gambles import Gambles
from pgtune_cli.advise.seen_rows import SeenRows
from pgtune_cli.advise.work import milliseconds
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.protocol import Cost, CostRequest, WhatIf

SLOWER, SLOWER_UNSEEN = 1.25, 1.4
"""times the predicted time of before, for a statement whose joins were counted and for one that was not executed: the
model is off by about as much where nothing is wrong"""
MATERIAL = 0.001
"""of the workload's time: a loss below it is told, and vetoes nothing"""
MATERIAL_MS = 1.0
"""a call"""
LOWER = 0.75
"""of random_page_cost: a planner that is nearly of two minds may be of the other one tomorrow"""
Settings = tuple[tuple[str, str], ...]


class Slower(msgspec.Struct, frozen=True, kw_only=True):
    """One statement under a set of indexes, by the model."""

    item: Item
    factor: float
    """predicted time after / before."""
    limit_ms: float
    """of the model, a call: what is not called slower."""
    loss_ms: float
    """a call."""
    random_page_cost: float | None = None
    """None is the server's own; else what the plan was made with."""
    used: Configuration = NOTHING
    """the candidates in the plan."""
    material: bool = False

    def told(self) -> str:
        where = "" if self.random_page_cost is None else f" once random_page_cost is {self.random_page_cost:g}"
        return f"{self.factor:.2f} times slower{where}, by the loops and tuples of its plan, though the cost falls"


class Predicted(msgspec.Struct, frozen=True):
    """By the model, of one call: the mean over the value sets."""

    ms: float
    used: Configuration


class Times:
    """Asks for plans that the engine has made already, but for those at a lower random_page_cost."""

    def __init__(
        self, whatif: WhatIf, costs: CostTable, facts: Facts, items: Sequence[Item], sizes: Mapping[CandidateIndex, int]
    ) -> None:
        self._whatif, self._costs, self._facts, self._items, self._sizes = whatif, costs, facts, items, sizes
        self._seen = {item.fingerprint: _seen(item) for item in items}
        self.gambles = Gambles(whatif, costs, facts, self._seen)
        self._whole_ms: float | None = None

    async def slower(self, chosen: Configuration, items: Iterable[Item], own: bool = False) -> list[Slower]:
        """Of the statements, those that are predicted to be slower; the greatest loss over the window first.

        `own`: judged at the server's own random_page_cost alone.
        """
        asked = list(items)
        before = await self.predicted(asked, NOTHING)
        found: dict[str, Slower] = {}
        for lower in (None,) if own else (None, self._lower()):
            if any(each.material for each in found.values()):
                break  # that is a veto; no plan need be asked for
            settings = _settings(lower)
            if lower is None or self._whatif.engine == "clone":
                after = await self.predicted(asked, chosen, settings)
                for item in asked:
                    was, now = before.get(item.fingerprint), after.get(item.fingerprint)
                    if was and now and now.used and now.ms > self._limit(item, was) and item.fingerprint not in found:
                        found[item.fingerprint] = await self._judged(item, was, now, lower)
        return sorted(found.values(), key=lambda each: (-each.loss_ms * each.item.statement.calls, each.told()))

    async def known(self, item: Item) -> list[tuple[float, Configuration]]:
        """What to have none of, by the plans that were made so far and would be slower: fewest indexes, least cost.

        With more indexes beside them the planner makes such a plan too, cheaper by little; no question is asked.
        """
        was = (await self.predicted([item], NOTHING)).get(item.fingerprint)
        found: dict[Configuration, float] = {}
        for asked, answer in self._costs.planned(item) if was else ():
            now = (await self.predicted([item], asked)).get(item.fingerprint) if answer.used else None
            if was and now and now.ms > self._limit(item, was) and (await self._judged(item, was, now, None)).material:
                found[answer.used] = min(answer.cost, found.get(answer.used, math.inf))
        fewest = [used for used in found if not any(other < used for other in found)]
        return [(min(cost for used, cost in found.items() if least <= used), least) for least in fewest]

    async def predicted(
        self, items: Sequence[Item], chosen: Configuration, settings: Settings = ()
    ) -> dict[str, Predicted]:
        """By fingerprint; no entry where one set of values cannot be planned."""
        requests = [
            CostRequest(
                prepared=item.prepared,
                values=values,
                indexes=self._costs.relevant(item, chosen) if settings else self._costs.asked(item, chosen),
                settings=settings,
            )
            for item in items
            for values, _ in item.values
        ]
        answers = iter(await self._whatif.costs(requests) if requests else [])
        found: dict[str, Predicted] = {}
        for item in items:
            parts = [(next(answers), values.name, weight) for values, weight in item.values]
            known = [(answer, name, weight) for answer, name, weight in parts if isinstance(answer, Cost)]
            if len(known) == len(parts):
                seen = self._seen[item.fingerprint]
                ms = sum(
                    weight * milliseconds(answer.plan, self._facts, self._bytes(answer.used), seen.get(name))
                    for answer, name, weight in known
                )
                found[item.fingerprint] = Predicted(ms, NOTHING.union(*(answer.used for answer, _, _ in known)))
        return found

    def _bytes(self, used: Configuration) -> dict[CandidateIndex, int]:
        return {each: self._sizes[each] for each in used}

    async def without(self, slower: Slower, rest: Configuration) -> float:
        """Milliseconds of the model that the statement would take, planned the same way, out of the rest."""
        settings = _settings(slower.random_page_cost)
        found = (await self.predicted([slower.item], rest, settings)).get(slower.item.fingerprint)
        return math.inf if found is None else found.ms

    async def _judged(self, item: Item, was: Predicted, now: Predicted, lower: float | None) -> Slower:
        statement = item.statement
        measured = statement.mean_exec_time_ms if statement.total_exec_time_ms > 0 else was.ms
        loss = measured * (now.ms / was.ms - 1)
        material = loss >= MATERIAL_MS and loss * max(statement.calls, 1) >= MATERIAL * await self._whole()
        return Slower(
            item=item,
            factor=now.ms / was.ms,
            limit_ms=self._limit(item, was),
            loss_ms=loss,
            random_page_cost=lower,
            used=now.used,
            material=material,
        )

    def _limit(self, item: Item, was: Predicted) -> float:
        return was.ms * (SLOWER if self._seen[item.fingerprint] else SLOWER_UNSEEN)

    async def _whole(self) -> float:
        """Of the workload as it is: measured, or predicted where nothing was."""
        if self._whole_ms is None:
            measured = sum(item.statement.total_exec_time_ms for item in self._items)
            if not measured:
                alone = await self.predicted(self._items, NOTHING)
                measured = sum(
                    max(item.statement.calls, 1) * alone[item.fingerprint].ms
                    for item in self._items
                    if item.fingerprint in alone
                )
            self._whole_ms = measured
        return self._whole_ms

    def _lower(self) -> float | None:
        """A random page is never cheaper than one in a row."""
        own = self._facts.setting("random_page_cost", 4.0)
        lower = max(own * LOWER, self._facts.setting("seq_page_cost", 1.0))
        return lower if lower < own else None


def _settings(random_page_cost: float | None) -> Settings:
    return () if random_page_cost is None else (("random_page_cost", f"{random_page_cost:g}"),)


def _seen(item: Item) -> Mapping[str, SeenRows]:
    """By the name of the value set that was executed."""
    return {plan.parameters.name: SeenRows([plan.plan]) for plan in item.plans.plans if plan.executed}
