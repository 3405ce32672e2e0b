"""Statistics for the planner where a misestimate was seen: extended ones, a target, a count of distinct values.

Each is tried first: made of a sample of the table, planted in the clone, and the statement planned again. What brings
the estimate no nearer to the rows that came is not advised.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.misestimates import FILTER, GROUP, Misestimate, misestimates, rows_planned
from pgtune_cli.advise.remedies import Remedy, alternatives, fresh, override, unverified
from pgtune_cli.advise.statistics_told import USELESS, Judged, merged, rejected, told
from pgtune_cli.explain.derive import q_error_of, shape_of
from pgtune_cli.explain.table_sample import TableSample
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Relation, RelationName
from pgtune_cli.model.index import RejectedIndex, StatisticsAdvice
from pgtune_cli.whatif.protocol import Cost, CostRequest, NewStatistics, WhatIf

NEARER = 3.0
"""by what factor an estimate must get nearer to the rows that came"""
GOOD = 4.0
"""within it an estimate needs no more"""
MOST, MOST_STATEMENTS = 20, 5
EXPRESSIONS_SINCE = 140_000
COMPARABLE = (("enable_nestloop", "off"), ("max_parallel_workers_per_gather", "0"))
"""so that a scan's rows are the relation's"""

Sampler = Callable[[Relation, Sequence[str], Sequence[str]], Awaitable[TableSample | str]]


class Planner(WhatIf, Protocol):
    async def costs_with(self, new: NewStatistics, requests: Sequence[CostRequest]) -> list[Cost | str]:
        """As costs(), with these statistics."""
        ...


async def advise_statistics(
    analysis: Analysis, planner: Planner | None, sample: Sampler
) -> tuple[tuple[StatisticsAdvice, ...], tuple[RejectedIndex, ...]]:
    """Those that change a plan first, then the worst misestimate; none where none was seen. And what did not help."""
    facts = Facts(analysis.snapshot)
    together: dict[tuple[RelationName, str, frozenset[str]], list[Misestimate]] = {}
    for each in misestimates(analysis, facts):
        together.setdefault((each.table, each.purpose, frozenset(each.keys)), []).append(each)
    judged = [
        await _Judge(facts, planner, sample, seen[:MOST_STATEMENTS]).judged()
        for seen in list(together.values())[:MOST]
    ]  # fmt: skip
    known = [each for each in judged if each is not None]
    found = told(merged([each for each in known if each.status != USELESS]), facts)
    ordered = sorted(found, key=lambda each: (not each.plan_changes, -_worst_of(each), each.sql))
    return tuple(ordered), tuple(rejected(each, facts) for each in known if each.status == USELESS)


def _worst_of(advice: StatisticsAdvice) -> float:
    return max(q_error_of(each.rows_planned, each.rows_actual) for each in advice.statements)


class _Judge(msgspec.Struct):
    """One set of columns of one table, and where it was misjudged."""

    facts: Facts
    planner: Planner | None
    sample: Sampler
    seen: list[Misestimate]

    async def judged(self) -> Judged | None:
        first = self.seen[0]
        relation = self.facts.relations.get(first.table)
        if relation is None or self._covered():
            return None
        if first.purpose == GROUP and len(first.columns) == 1 and not first.expressions:
            return await self._counted(relation)
        if first.expressions and self.facts.snapshot.server.version_num < EXPRESSIONS_SINCE:
            return None
        if self.planner is None:
            return await self._unverified(relation, "there is no what-if planner")
        sample = await self.sample(relation, first.columns, first.expressions)
        if isinstance(sample, str):
            return await self._unverified(relation, f"no sample was read: {sample}")
        before = await self._estimates(None)
        if before is None:
            return await self._unverified(relation, "the clone does not plan it with a scan of its own")
        current = fresh(relation, first, sample, self.facts)
        if current is not None and await self._mends(current, before):
            return await self._verified(relation, current, before, sample)
        best: tuple[float, Remedy] | None = None
        untried = False
        for remedy in alternatives(relation, first, sample, self.facts):
            after = await self._estimates(remedy.new)
            error = None if after is None else self._worst(after)
            untried = untried or error is None
            if error is not None and (best is None or error < best[0]):
                best = (error, remedy)
            if error is not None and error <= GOOD:
                break
        if best is None:
            return None
        found = await self._verified(relation, best[1], before, sample)
        if found is None and untried:
            return await self._unverified(relation, "the clone does not take all that would have to be tried")
        return found or Judged(
            relation=relation, remedy=best[1], seen=tuple(self.seen), status=USELESS, sample_rows=sample.rows
        )  # fmt: skip

    async def _counted(self, relation: Relation) -> Judged | None:
        """The executed plan counted what ANALYZE can only guess."""
        self.seen = [each for each in self.seen if each.whole]
        remedy = override(relation, self.seen[0], self.facts) if self.seen else None
        if remedy is None:
            return None
        before = await self._estimates(None)
        if before is None:
            return Judged(relation=relation, remedy=remedy, seen=tuple(self.seen), status="counted")
        return await self._verified(relation, remedy, before, None)

    def _covered(self) -> bool:
        """By statistics of the source: the estimate is wrong although they are there."""
        first = self.seen[0]
        kinds = {"f", "m"} if first.purpose == FILTER else {"d"}
        return len(first.keys) > 1 and any(
            each.table == first.table and set(first.columns) <= set(each.columns) and kinds & set(each.kinds)
            and len(each.expressions) >= len(first.expressions)
            for each in self.facts.snapshot.catalog.extended_statistics
        )  # fmt: skip

    async def _mends(self, remedy: Remedy, before: Sequence[float]) -> bool:
        after = await self._estimates(remedy.new)
        return after is not None and self._worst(after) * NEARER <= self._worst(before) and self._worst(after) <= GOOD

    def _worst(self, rows: Sequence[float]) -> float:
        return max(q_error_of(planned, each.actual) for planned, each in zip(rows, self.seen, strict=True))

    async def _plans(self, new: NewStatistics | None, settings: tuple[tuple[str, str], ...]) -> list[Cost | str]:
        if self.planner is None:
            return []
        requests = [CostRequest(prepared=each.prepared, values=each.values, settings=settings) for each in self.seen]
        return await (self.planner.costs(requests) if new is None else self.planner.costs_with(new, requests))

    async def _estimates(self, new: NewStatistics | None) -> list[float] | None:
        """Of each place that was seen; None where one cannot be told."""
        answers = await self._plans(new, COMPARABLE)
        rows = [
            None if isinstance(answer, str) else rows_planned(answer.plan, each, self.facts)
            for answer, each in zip(answers, self.seen, strict=False)
        ]
        known = [each for each in rows if each is not None]
        return known if known and len(known) == len(self.seen) else None

    async def _verified(
        self, relation: Relation, remedy: Remedy, before: Sequence[float], sample: TableSample | None
    ) -> Judged | None:
        """None where it brings the estimate no nearer."""
        after = await self._estimates(remedy.new)
        if after is None or self._worst(after) * NEARER > self._worst(before):
            return None
        old, new = await self._plans(None, ()), await self._plans(remedy.new, ())
        changes = any(
            isinstance(one, Cost) and isinstance(other, Cost) and shape_of(one.plan) != shape_of(other.plan)
            for one, other in zip(old, new, strict=True)
        )
        return Judged(
            relation=relation,
            remedy=remedy,
            seen=tuple(self.seen),
            after=tuple(after),
            status="counted" if sample is None else "sampled",
            sample_rows=None if sample is None else sample.rows,
            plan_changes=changes,
        )

    async def _accepts(self, new: NewStatistics) -> bool:
        return any(isinstance(each, Cost) for each in await self._plans(new, ()))

    async def _unverified(self, relation: Relation, reason: str) -> Judged | None:
        remedy = unverified(relation, self.seen[0], self.facts)
        if remedy is None:
            return None
        if remedy.new.objects and self.planner is not None and not await self._accepts(remedy.new):
            return None  # no such statistics can be made, of these types for one
        return Judged(relation=relation, remedy=remedy, seen=tuple(self.seen), status="unverified", reason=reason)
