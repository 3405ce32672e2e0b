"""The plans of the statements that gain, before and after, in lines that name no value."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.problem import Problem
from pgtune_cli.advise.selection import Selected
from pgtune_cli.advise.workload import known_name
from pgtune_cli.explain.derive import index_scans, shape_of, walk
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex, ForeignKeyBenefit, StatementBenefit
from pgtune_cli.whatif.protocol import Cost, CostRequest, WhatIf

_Told = TypeVar("_Told", bound=StatementBenefit | ForeignKeyBenefit)


class Plans(msgspec.Struct, frozen=True):
    """By fingerprint."""

    before: Mapping[str, Cost]
    after: Mapping[str, Cost]

    def put(self, fingerprint: str, benefit: _Told, named: Mapping[CandidateIndex, str], facts: Facts) -> _Told:
        """The benefit with its plans, new indexes by the names that they will have."""
        before, after = self.before.get(fingerprint), self.after.get(fingerprint)
        return msgspec.structs.replace(
            benefit,
            plan_before=() if before is None else _lines(before, named, facts),
            plan_after=() if after is None else _lines(after, named, facts),
        )


async def plans_told(selected: Selected, problem: Problem, whatif: WhatIf) -> Plans:
    """Of the first values; they were asked for before, and cost no planner call."""
    gaining = [
        item
        for item in problem.items
        if selected.costs[item.fingerprint].used
        and selected.costs[item.fingerprint].cost < problem.base[item.fingerprint].cost
    ]
    requests = []
    for item in gaining:
        mine = frozenset(each for each in selected.chosen if each.table in item.relations)
        first = item.values[0][0]
        requests += [CostRequest(prepared=item.prepared, values=first)]
        requests += [CostRequest(prepared=item.prepared, values=first, indexes=mine)]
    answers = await whatif.costs(requests) if requests else []
    names = [item.fingerprint for item in gaining]
    return Plans(_known(names, answers[::2]), _known(names, answers[1::2]))


def _known(names: list[str], answers: list[Cost | str]) -> dict[str, Cost]:
    return {name: cost for name, cost in zip(names, answers, strict=True) if isinstance(cost, Cost)}


def _lines(cost: Cost, named: Mapping[CandidateIndex, str], facts: Facts) -> tuple[str, ...]:
    """The engine gives its indexes names of its own."""
    existing = {index.name for index in facts.snapshot.catalog.indexes}
    lines = dict(zip((placed.path for placed in walk(cost.plan)), shape_of(cost.plan), strict=True))
    for scan in index_scans(cost.plan):
        if scan.index.name not in existing:
            told = _name(scan.table, cost, named, facts)
            lines[scan.path] = lines[scan.path].replace(f"using {scan.index.name}", f"using {told}")
    return tuple(lines.values())


def _name(table: RelationName | None, cost: Cost, named: Mapping[CandidateIndex, str], facts: Facts) -> str:
    known = None if table is None else known_name(table, facts)
    roots = {known, facts.root(known)} if known is not None else set()
    fitting = sorted(named[each] for each in cost.used if each in named and each.table in roots)
    return " or ".join(fitting) or "a new index"
