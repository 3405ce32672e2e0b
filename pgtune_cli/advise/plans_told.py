"""The plans of the statements that gain, before and after, in lines that name no value."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import Configuration
from pgtune_cli.advise.credit import Benefit
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import known_name
from pgtune_cli.explain.derive import index_scans, walk
from pgtune_cli.explain.node_name import titled_lines
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex, ForeignKeyBenefit, StatementBenefit
from pgtune_cli.whatif.protocol import Cost, CostRequest, WhatIf

_Key = tuple[str, int]
Told = StatementBenefit | ForeignKeyBenefit


class Plans(msgspec.Struct, frozen=True):
    """By fingerprint and the place of the values."""

    before: Mapping[_Key, Cost]
    after: Mapping[_Key, Cost]

    def put(self, benefit: Benefit, named: Mapping[CandidateIndex, str], facts: Facts) -> Told:
        """The benefit with its plans, new indexes by the names that they will have."""
        before, after = self.before.get(_key(benefit)), self.after.get(_key(benefit))
        return msgspec.structs.replace(
            benefit.told(),
            plan_before=() if before is None else _lines(before, named, facts),
            plan_after=() if after is None else _lines(after, named, facts),
        )


async def plans_told(benefits: Iterable[Benefit], chosen: Configuration, whatif: WhatIf) -> Plans:
    """Of the first values that show each; they were asked for before, and cost no planner call."""
    asked = {_key(each): each.item for each in benefits}
    requests = []
    for (_, place), item in asked.items():
        mine, values = frozenset(each for each in chosen if each.table in item.relations), item.values[place][0]
        requests += [CostRequest(prepared=item.prepared, values=values)]
        requests += [CostRequest(prepared=item.prepared, values=values, indexes=mine)]
    answers = await whatif.costs(requests) if requests else []
    return Plans(_known(asked, answers[::2]), _known(asked, answers[1::2]))


def _key(benefit: Benefit) -> _Key:
    return benefit.item.fingerprint, benefit.places[0]


def _known(keys: Iterable[_Key], answers: Sequence[Cost | str]) -> dict[_Key, Cost]:
    return {key: cost for key, cost in zip(keys, answers, strict=True) if isinstance(cost, Cost)}


def _lines(cost: Cost, named: Mapping[CandidateIndex, str], facts: Facts) -> tuple[str, ...]:
    """The engine gives its indexes names of its own."""
    existing = {index.name for index in facts.snapshot.catalog.indexes}
    lines = dict(zip((placed.path for placed in walk(cost.plan)), titled_lines(cost.plan), strict=True))
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
