"""The index advice: candidates of the whole workload, judged by the what-if planner, chosen under a budget."""

import time
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from pgtune_cli.advise.cached import cached_note
from pgtune_cli.advise.candidates import WIDTH
from pgtune_cli.advise.consolidate import Consolidating, Consolidation
from pgtune_cli.advise.costs import NOTHING, CostTable, StatementCost
from pgtune_cli.advise.coverage import covered, starts_with
from pgtune_cli.advise.credit import Benefit, credited
from pgtune_cli.advise.drops import droppable, verified
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.foreign_keys import foreign_key_items
from pgtune_cli.advise.handover import script
from pgtune_cli.advise.other_methods import Possible, needs_extension
from pgtune_cli.advise.plans_told import Plans, plans_told
from pgtune_cli.advise.problem import Problem, best_of
from pgtune_cli.advise.program import Limits
from pgtune_cli.advise.propose import Hidden, Proposals, evidence, propose
from pgtune_cli.advise.reasons import confidence, why
from pgtune_cli.advise.search import Effort, Search
from pgtune_cli.advise.seeds import seeds
from pgtune_cli.advise.selection import Selected, select
from pgtune_cli.advise.served import SMALL_PART, wholly_served
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.steps import Names, Script
from pgtune_cli.advise.times import Times
from pgtune_cli.advise.value import calls, values
from pgtune_cli.advise.workload import Item, items
from pgtune_cli.advise.worse import worse
from pgtune_cli.advise.write_cost import window_seconds, writes_of
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.finding import Confidence
from pgtune_cli.model.index import (
    CandidateIndex,
    ChosenIndex,
    ForeignKeyBenefit,
    IndexAdvice,
    PossibleIndex,
    RejectedIndex,
    StatementBenefit,
)
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.whatif.protocol import WhatIf

MOST_REJECTED = 30
CALLS_A_PLAN = 3
"""planner calls of the search, for each statement and set of values, after the first questions"""
MOST_CALLS_A_PLAN = 9
"""the same, with the sets that are tried in place of those that would make a statement slower"""
CHEAP = 50.0
"""cost units: a statement below it needs no partial index"""


class AdviseOptions(msgspec.Struct, frozen=True, kw_only=True):
    budget_bytes: int | None = None
    """of all new indexes together; None is no limit."""
    max_indexes: int | None = None
    max_per_table: int | None = None
    """new indexes."""
    max_keys: int = WIDTH
    allow_worse: bool = False
    """also a set that makes a statement dearer by more than 5 %, or slower: those are listed."""
    time_limit_s: float | None = None
    """the best set found by then; the statements as they are, and the sizes of candidates, are asked in any case."""


async def advise(analysis: Analysis, whatif: WhatIf, options: AdviseOptions) -> IndexAdvice:
    """What to create, what to drop, what might help, and what was turned down; each with its reason."""
    started = time.monotonic()
    calls_before = whatif.planner_calls
    facts = Facts(analysis.snapshot)
    costs = CostTable(whatif)
    found = items(analysis, facts)
    planned, base = await _base([*found, *foreign_key_items(found, facts)], costs)
    proposals = propose(planned, facts, options.max_keys)
    shelf = Shelf(whatif, facts, writes_of(planned, facts), options.budget_bytes)
    await shelf.add(proposals.candidates)
    wanting = [item for item in planned if not wholly_served(item, facts)]
    bounds = await seeds(wanting, shelf, proposals.sources, base, costs, options.max_keys)
    problem = Problem(
        items=wanting,
        base=base,
        best={item.fingerprint: best_of(item, base, costs) for item in wanting},
        shelf=shelf,
        values=values([(item, base[item.fingerprint].cost) for item in wanting]),
        limits=Limits(bytes_=options.budget_bytes, indexes=options.max_indexes, per_table=options.max_per_table),
        table_bytes={table: facts.pages(table) * facts.snapshot.server.block_size for table in facts.relations},
        allow_worse=options.allow_worse,
        window_seconds=window_seconds(facts),
    )
    deadline = None if options.time_limit_s is None else started + options.time_limit_s
    sets = sum(len(item.values) for item in wanting)
    effort = Effort(
        planner_calls=whatif.planner_calls + CALLS_A_PLAN * sets,
        most_calls=whatif.planner_calls + MOST_CALLS_A_PLAN * sets,
        deadline=deadline,
    )
    times = Times(whatif, costs, facts, wanting, shelf.sizes)
    selected = await select(problem, costs, Search(problem, costs, effort, bounds), times)
    drops = droppable(facts, selected.chosen)
    dropped = await verified(drops, planned, selected.chosen, costs)
    merged = await Consolidating(
        facts=facts, items=planned, chosen=selected.chosen, leaving={drop.index.index_name for drop in drops},
        gone=frozenset(dropped), shelf=shelf, costs=costs, limits=problem.limits,
        max_keys=options.max_keys,
    ).found()  # fmt: skip
    benefits = {each: credited(each, wanting, base, selected.costs) for each in selected.chosen}
    plans = await plans_told(chain.from_iterable(benefits.values()), selected.chosen, whatif)
    told = _Told(problem, selected, benefits, proposals, facts, whatif.engine, plans)
    chosen = told.chosen(merged)
    takes_over = {index.definition: index.name for index in chosen}
    replaced = [each for one in merged for each in one.dropped(takes_over[one.candidate])]
    return IndexAdvice(
        engine=whatif.engine,
        workload_cost_before=sum(calls(item) * base[item.fingerprint].cost for item in wanting),
        workload_cost_after=sum(calls(item) * selected.costs[item.fingerprint].cost for item in wanting),
        optimality_gap=selected.gap,
        planner_calls=whatif.planner_calls - calls_before,
        storage_bytes=problem.size_of([*selected.chosen, *(one.candidate for one in merged)]),
        chosen=chosen,
        possible=told.possible(),
        rejected=told.rejected(),
        dropped=(*dropped.values(), *replaced),
        first=cached_note(wanting, facts),
        worse=worse(wanting, base, selected),
    )


async def _base(found: Sequence[Item], costs: CostTable) -> tuple[list[Item], dict[str, StatementCost]]:
    """The statements that can be planned, and their cost as things are."""
    answers = await costs.ask([(item, NOTHING) for item in found])
    base = {
        item.fingerprint: answer
        for item, answer in zip(found, answers, strict=True)
        if isinstance(answer, StatementCost)
    }
    return [item for item in found if item.fingerprint in base], base


class _Told(msgspec.Struct, frozen=True):
    """The outcome in the words of the report."""

    problem: Problem
    selected: Selected
    benefits: Mapping[CandidateIndex, Sequence[Benefit]]
    """of each that was chosen."""
    proposals: Proposals
    facts: Facts
    engine: str
    plans: Plans

    def chosen(self, merged: Sequence[Consolidation]) -> tuple[ChosenIndex, ...]:
        """Most beneficial first; then what only takes the place of others."""
        names = Names(self.facts)
        benefits = self.benefits
        ordered = sorted(benefits, key=lambda each: (-sum(b.saved for b in benefits[each]), str(each)))
        scripts = {candidate: script(candidate, names, self.facts) for candidate in ordered}
        named = {candidate: made.name for candidate, made in scripts.items()}
        found = [self._chosen(candidate, scripts[candidate], named) for candidate in ordered]
        found += [self._merged(one, script(one.candidate, names, self.facts)) for one in merged]
        return tuple(found)

    def _merged(self, one: Consolidation, made: Script) -> ChosenIndex:
        return _index(
            one.candidate, made, self.problem.shelf, evidence=evidence("catalog", engine=self.engine), benefit=0.0,
            statements=(), confidence=Confidence.MEDIUM.value, why=one.why(), near_misses=(),
        )  # fmt: skip

    def _chosen(self, candidate: CandidateIndex, made: Script, named: Mapping[CandidateIndex, str]) -> ChosenIndex:
        benefits, cost = self.benefits[candidate], self.problem.shelf.upkeep[candidate]
        told = [self.plans.put(each, named, self.facts) for each in benefits]
        return _index(
            candidate, made, self.problem.shelf,
            benefit=sum(benefit.saved for benefit in benefits),
            evidence=evidence(self._channel(candidate), engine=self.engine),
            statements=tuple(each for each in told if isinstance(each, StatementBenefit)),
            foreign_keys=tuple(each for each in told if isinstance(each, ForeignKeyBenefit)),
            confidence=confidence(benefits, self.engine).value,
            why=why(
                candidate, benefits, cost, needs_extension(candidate, self.facts),
                partitioned=self.facts.snapshot.catalog.is_partitioned(candidate.table),
            ),
            near_misses=self.rejected(candidate),
        )  # fmt: skip

    def _channel(self, candidate: CandidateIndex) -> str:
        """Where it was seen; a narrower one has that of the candidate that it comes from."""
        channels = self.proposals.candidates
        wider = (
            channels[each]
            for each in channels
            if each.table == candidate.table and starts_with(each.keys, candidate.keys)
        )
        return channels.get(candidate) or next(wider, "text")

    def possible(self) -> tuple[PossibleIndex, ...]:
        names = Names(self.facts)
        found: dict[str, PossibleIndex] = {}
        for hidden in self.proposals.hidden:
            if self._would_help(hidden):
                made = self._partial(hidden, names)
                found.setdefault(made.sql, made)
        for pattern, fingerprint in self.proposals.patterns:
            cost = self.selected.costs.get(fingerprint)
            dear = cost is not None and (cost.cost >= CHEAP or not pattern.believed)
            if dear and not self._exists(pattern.candidate) and not self._is_judged(pattern, fingerprint):
                sql = _bare(pattern.candidate, names, self.facts)
                evidence_ = {"channel": "text", "statement": fingerprint}
                found.setdefault(sql, PossibleIndex(sql=sql, reason=pattern.reason, evidence=evidence_))
        for candidate, problem in self.problem.shelf.refused.items():
            if candidate.method != "btree":
                sql = _bare(candidate, names, self.facts)
                reason = f"the what-if planner ({self.engine}) cannot cost it: {problem}"
                channel = self.proposals.candidates[candidate]
                found.setdefault(sql, PossibleIndex(sql=sql, reason=reason, evidence={"channel": channel}))
        return tuple(found[sql] for sql in sorted(found))

    def _exists(self, candidate: CandidateIndex) -> bool:
        return covered(candidate, self.facts.indexes.get(candidate.table, ())) is not None

    def _is_judged(self, pattern: Possible, fingerprint: str) -> bool:
        """Chosen or turned down by name, or its statement was seen to read little of the table."""
        if pattern.believed:
            return False
        candidate, known = pattern.candidate, self.selected
        begins = any(each.table == candidate.table and each.keys[0] == candidate.keys[0] for each in known.chosen)
        statement = next(item.statement for item in self.problem.items if item.fingerprint == fingerprint)
        blocks = (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)
        return begins or candidate in known.rejected or 0 < blocks <= SMALL_PART * self.facts.pages(candidate.table)

    def _would_help(self, hidden: Hidden) -> bool:
        """The statement is dear still, or a chosen index would shrink to the rows that are looked for."""
        cost = self.selected.costs.get(hidden.fingerprint)
        if cost is None:
            return False
        used = [each for each in cost.used if each.table == hidden.candidate.table]
        return cost.cost >= CHEAP or any(key.column == hidden.skew.column for each in used for key in each.keys)

    def _partial(self, hidden: Hidden, names: Names) -> PossibleIndex:
        """The value is not known, and is a customer's: it stays a gap to fill in."""
        skew, column = hidden.skew, quote_identifier(hidden.skew.column)
        sample = msgspec.structs.replace(hidden.candidate, predicate=f"{column} = '<value>'")
        return PossibleIndex(
            sql=_bare(sample, names, self.facts),
            reason=(
                f"{skew.column} has {skew.values} values, one of them in {skew.largest:.0%} of the rows: if the "
                "statement always asks for the same rare one, an index of those rows alone is a fraction of the size "
                "(sample the literal with --window to know)"
            ),
            evidence={"channel": "statistics", "statement": hidden.fingerprint},
        )

    def rejected(self, beside: CandidateIndex | None = None) -> tuple[RejectedIndex, ...]:
        """Those that some plan used, near misses first; all, or those that could have taken the place of `beside`."""
        names = Names(self.facts)
        found = [
            RejectedIndex(_bare(candidate, names, self.facts), reason, str(candidate.table))
            for candidate, reason in self.selected.rejected.items()
            if beside is None or (candidate.table == beside.table and candidate.keys[0] in beside.keys)
        ]
        return tuple(sorted(found, key=_tier)[:MOST_REJECTED])


def _bare(candidate: CandidateIndex, names: Names, facts: Facts) -> str:
    """Its CREATE INDEX, as it may be run."""
    concurrently = not facts.snapshot.catalog.is_partitioned(candidate.table)
    return create_index_sql(candidate, names.peek(candidate), concurrently=concurrently)


def _index(candidate: CandidateIndex, made: Script, shelf: Shelf, **told: Any) -> ChosenIndex:
    """With its script, size and upkeep."""
    return ChosenIndex(
        sql=made.sql,
        steps=tuple(step.sql for step in made.steps),
        rollback_steps=tuple(step.rollback_sql for step in made.steps),
        leaves=made.leaves,
        definition=candidate,
        rollback_sql=made.rollback_sql,
        name=made.name,
        relation=str(candidate.table),
        columns=tuple(key.column or key.expression or "" for key in candidate.keys),
        size_bytes=shelf.sizes[candidate],
        write_cost=shelf.upkeep[candidate],
        **told,
    )


def _tier(rejected: RejectedIndex) -> int:
    """Those that would do harm before the near misses, and what saves too little last."""
    harms, misses = rejected.reason.startswith("it makes statement "), rejected.reason.startswith("it saves")
    return 0 if harms else 2 if misses else 1
