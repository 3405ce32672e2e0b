"""The index advice: candidates of the whole workload, judged by the what-if planner, chosen under a budget."""

import time
from collections.abc import Sequence
from itertools import chain

import msgspec

from pgtune_cli.advise.believed import believed
from pgtune_cli.advise.cached import cached_note
from pgtune_cli.advise.candidates import WIDTH
from pgtune_cli.advise.consolidate import Consolidating
from pgtune_cli.advise.costs import NOTHING, CostTable, StatementCost
from pgtune_cli.advise.credit import credited
from pgtune_cli.advise.drops import droppable, verified
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.foreign_keys import foreign_key_items
from pgtune_cli.advise.plans_told import plans_told
from pgtune_cli.advise.problem import Problem, best_of
from pgtune_cli.advise.program import Limits
from pgtune_cli.advise.propose import propose
from pgtune_cli.advise.search import Effort, Search
from pgtune_cli.advise.seeds import seeds
from pgtune_cli.advise.selection import select
from pgtune_cli.advise.served import wholly_served
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.times import Times
from pgtune_cli.advise.told import Told
from pgtune_cli.advise.unique import Count, uniqueness
from pgtune_cli.advise.value import calls, values
from pgtune_cli.advise.workload import Item, items
from pgtune_cli.advise.worse import worse
from pgtune_cli.advise.write_cost import window_seconds, writes_of
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.whatif.protocol import WhatIf

CALLS_A_PLAN = 2
"""planner calls of the search, for each statement and set of values, after the first questions"""
MOST_CALLS_A_PLAN = 6
"""the same, with the sets that are tried in place of those that would make a statement slower"""


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


async def advise(analysis: Analysis, whatif: WhatIf, options: AdviseOptions, count: Count | None = None) -> IndexAdvice:
    """What to create, what to drop, what might help, and what was turned down; each with its reason.

    `count` proves keys to be unique, where UNIQUE indexes are asked for.
    """
    started = time.monotonic()
    calls_before = whatif.planner_calls
    facts = Facts(analysis.snapshot)
    costs = CostTable(whatif)
    found = items(analysis, facts)
    planned, base = await _base([*found, *foreign_key_items(found, facts)], costs)
    costs = CostTable(whatif)  # the plans are the same, and their means are not
    planned, base = await _base(believed(planned, base), costs)
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
    unique = await uniqueness(selected.chosen, facts, count)
    told = Told(problem, selected, benefits, proposals, facts, whatif.engine, plans, unique)
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
