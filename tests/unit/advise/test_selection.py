"""The choice of a set, over a table of costs."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.advise_fakes import Table, analysis, candidate, only, snapshot, statement, table

from pgtune_cli.advise.costs import NOTHING, CostTable, StatementCost
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.problem import Problem, best_of
from pgtune_cli.advise.program import Cut, Limits, Option, Program
from pgtune_cli.advise.search import Effort, Search
from pgtune_cli.advise.seeds import seeds
from pgtune_cli.advise.selection import Selected, select
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.value import values
from pgtune_cli.advise.workload import items
from pgtune_cli.advise.write_cost import Writes
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex

T = table("t", "a integer, b integer, c integer, d integer")
A, B, C = candidate("t", "a"), candidate("t", "b"), candidate("t", "c")
AB = candidate("t", "a", "b")
MB = 1 << 20
Rows = Mapping[str, Sequence[tuple[frozenset[CandidateIndex], float]]]


async def selected(
    whatif: Table,
    keys: Sequence[str],
    candidates: Sequence[CandidateIndex],
    limits: Limits | None = None,
    ms: Mapping[str, float] | None = None,
    writes: Writes | None = None,
    window: float | None = None,
    planner_calls: int = 10_000,
    allow_worse: bool = False,
) -> Selected:
    made = [statement(key, "select * from t where a = 1", ms=(ms or {}).get(key, 10.0)) for key in keys]
    snap = snapshot([T])
    facts = Facts(snap)
    found = items(analysis(snap, *made), facts)
    costs = CostTable(whatif)
    answers = await costs.ask([(item, NOTHING) for item in found])
    base = {i.fingerprint: a for i, a in zip(found, answers, strict=True) if isinstance(a, StatementCost)}
    limits = limits or Limits()
    shelf = Shelf(whatif, facts, {RelationName("public", "t"): writes or Writes()}, limits.bytes_)
    await shelf.add(candidates)
    bounds = await seeds(found, shelf, {key: frozenset(candidates) for key in keys}, base, costs)
    problem = Problem(
        items=found, base=base, shelf=shelf, values=values([(i, base[i.fingerprint].cost) for i in found]),
        best={i.fingerprint: best_of(i, base, costs) for i in found}, limits=limits,
        table_bytes={RelationName("public", "t"): 10_000 * 8192}, window_seconds=window,
        allow_worse=allow_worse,
    )  # fmt: skip
    return await select(
        problem,
        costs,
        Search(problem, costs, Effort(planner_calls=planner_calls, most_calls=4 * planner_calls), bounds),
    )


def chosen(
    rows: Rows,
    candidates: Sequence[CandidateIndex],
    budget: int | None = None,
    sizes: Mapping[CandidateIndex, int | str] | None = None,
    **more: Any,
) -> Selected:
    limits = more.pop("limits", None) or Limits(bytes_=budget)
    return asyncio.run(selected(Table(rows, sizes or {}), list(rows), candidates, limits, **more))


def test_an_index_that_helps_is_chosen() -> None:
    found = chosen({"s": [(only(), 1000), (only(A), 10)]}, [A])
    assert (found.chosen, found.costs["s"].cost) == (only(A), 10)


def test_nothing_is_chosen_when_nothing_helps() -> None:
    found = chosen({"s": [(only(), 1000), (only(A), 999)]}, [A, B])
    assert (found.chosen, found.rejected) == (NOTHING, {})


def test_a_saving_within_the_planners_error_is_none() -> None:
    found = chosen({"s": [(only(), 1000), (only(A), 850)]}, [A])
    assert found.chosen == NOTHING
    assert found.rejected == {A: "it makes no statement surely cheaper"}


def test_a_cheaper_look_up_is_no_reason_for_an_index() -> None:
    assert chosen({"s": [(only(), 8.4), (only(A), 4.4)]}, [A]).chosen == NOTHING


def test_of_two_that_do_the_same_one_is_chosen_the_smaller() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(A), 10), (only(B), 10)]}
    found = chosen(rows, [A, B], sizes={A: 5 * MB, B: MB})
    assert (found.chosen, set(found.rejected)) == (only(B), {A})


def test_one_index_for_two_statements_beats_one_for_each() -> None:
    rows: Rows = {
        "s": [(only(), 1000), (only(A), 10), (only(AB), 12)],
        "r": [(only(), 1000), (only(AB), 10)],
    }
    assert chosen(rows, [A, AB]).chosen == only(AB)


def test_the_first_keys_alone_replace_an_index_whose_rest_adds_nothing() -> None:
    found = chosen({"s": [(only(), 1000), (only(AB), 50), (only(A), 52)]}, [AB])
    assert (found.chosen, found.rejected) == (only(A), {AB: "its first keys alone do nearly as much"})


def test_the_rest_of_the_keys_stays_when_it_matters() -> None:
    assert chosen({"s": [(only(), 1000), (only(AB), 50), (only(A), 400)]}, [AB]).chosen == only(AB)


def test_a_partial_index_that_does_as_well_takes_the_place_of_a_whole_one() -> None:
    part = candidate("t", "b", predicate="a = 1")
    rows: Rows = {"s": [(only(), 1000), (only(AB), 10), (only(part), 11)]}
    assert chosen(rows, [AB, part], sizes={AB: 5 * MB, part: MB}).chosen == only(part)
    assert chosen(rows, [AB, part], sizes={AB: 5 * MB, part: 5 * MB}).chosen == only(AB)
    rows = {"s": [(only(), 1000), (only(AB), 10), (only(part), 60)]}
    assert chosen(rows, [AB, part], sizes={AB: 5 * MB, part: MB}).chosen == only(AB)


def test_two_that_help_only_together_are_found() -> None:
    assert chosen({"s": [(only(), 1000), (only(A), 990), (only(A, B), 20)]}, [A, B]).chosen == only(A, B)


def test_the_second_step_of_a_join_is_found_after_the_first() -> None:
    rows: Rows = {"s": [(only(), 6400), (only(A), 500), (only(B), 5900), (only(A, B), 60)]}
    assert chosen(rows, [A, B]).chosen == only(A, B)


def test_a_budget_is_kept_and_said_to_be_the_reason() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(A), 10)], "r": [(only(), 1000), (only(B), 400)]}
    found = chosen(rows, [A, B], budget=6 * MB, sizes={A: 5 * MB, B: 5 * MB})
    assert found.chosen == only(A)
    assert found.rejected == {B: "it does not fit into what is left of the budget"}


def test_one_that_is_larger_than_the_budget_costs_no_question_and_gives_way_to_its_first_keys() -> None:
    abc, abd = candidate("t", "a", "b", "c"), candidate("t", "a", "b", include=("d",))
    rows: Rows = {"s": [(only(), 1000), (only(AB), 100), (only(abc), 10), (only(abd), 20)], "r": [(only(), 1000)]}
    sizes: dict[CandidateIndex, int | str] = {abc: 30 * MB, abd: 20 * MB, AB: 5 * MB, A: 4 * MB}
    whatif = Table(rows, sizes)
    found = asyncio.run(selected(whatif, list(rows), [abc, abd], Limits(bytes_=6 * MB)))
    assert (found.chosen, found.gap) == (only(AB), 0)
    assert found.rejected == {abc: "it takes 30.0 MB, more than the whole budget"}
    assert whatif.planner_calls < 12


def test_small_ones_are_found_where_the_best_plan_of_each_statement_is_larger_than_the_budget() -> None:
    """However few questions may be asked."""
    big = [candidate("t", "d", name, include=("c",)) for name in "abc"]
    small = [candidate("t", name) for name in "abc"]
    pairs = zip(big, small, strict=True)
    rows: Rows = {
        str(n): [(only(), 1000), (only(large), 10), (only(less), 300)] for n, (large, less) in enumerate(pairs)
    }
    sizes: dict[CandidateIndex, int | str] = {**dict.fromkeys(big, 50 * MB), **dict.fromkeys(small, 3 * MB)}
    found = chosen(rows, [*big, *small], budget=9 * MB, sizes=sizes, planner_calls=0)
    assert (found.chosen, round(found.gap, 6)) == (frozenset(small), 0)


def test_what_one_index_does_for_several_statements_is_known_however_few_questions_may_be_asked() -> None:
    """Each statement for itself has a narrower one; there is room for one index."""
    narrow = [candidate("t", "a", include=(name,)) for name in "bc"]
    wide = candidate("t", "a", include=("b", "c"))
    rows: Rows = {
        name: [(only(), 5000), (only(each), 100), (only(wide), 120)] for name, each in zip("sr", narrow, strict=True)
    }
    sizes: dict[CandidateIndex, int | str] = {**dict.fromkeys(narrow, 5 * MB), wide: 6 * MB}
    found = chosen(rows, narrow, budget=6 * MB, sizes=sizes, planner_calls=0)
    assert found.chosen == only(wide)


def test_under_a_budget_small_ones_that_save_more_together_win() -> None:
    rows: Rows = {
        "big": [(only(), 1000), (only(A), 100)],
        "one": [(only(), 1000), (only(B), 300)],
        "two": [(only(), 1000), (only(C), 300)],
    }
    assert chosen(rows, [A, B, C], budget=10 * MB, sizes={A: 9 * MB, B: 5 * MB, C: 5 * MB}).chosen == only(B, C)


def test_a_budget_of_nothing_chooses_nothing() -> None:
    assert chosen({"s": [(only(), 1000), (only(A), 10)]}, [A], budget=0).chosen == NOTHING


def test_measured_time_decides_between_statements() -> None:
    """The planner calls r a hundred times dearer; s takes nearly all of the time."""
    rows: Rows = {"s": [(only(), 1000), (only(A), 10)], "r": [(only(), 100_000), (only(B), 10)]}
    assert chosen(rows, [A, B], ms={"s": 1000.0, "r": 0.02}).chosen == only(A)
    assert chosen(rows, [A, B], ms={"s": 1000.0, "r": 20.0}).chosen == only(A, B)


def test_an_index_that_costs_the_writes_more_than_it_saves_is_rejected() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(A), 10)]}
    found = chosen(rows, [A], writes=Writes(inserted=1_000_000))
    assert found.chosen == NOTHING
    assert found.rejected[A].startswith("its upkeep on writes (")


def test_an_index_that_cannot_be_built_is_left_out() -> None:
    assert chosen({"s": [(only(), 1000), (only(A), 10)]}, [A], sizes={A: "no operator class"}).chosen == NOTHING


def test_a_set_that_makes_a_statement_dearer_is_not_advised_unless_it_is_asked_for() -> None:
    async def main(allow_worse: bool) -> Selected:
        class Misled(Table):
            """With A the planner takes it for r, and is wrong about it."""

            def _cost(self, request):  # type: ignore[no-untyped-def]
                answer = super()._cost(request)
                if request.prepared.fingerprint == "r" and A in request.indexes:
                    return type(answer)(total_cost=900.0, plan=answer.plan, used=only(A))
                return answer

        whatif = Misled({"s": [(only(), 1000), (only(A), 10)], "r": [(only(), 500)]})
        return await selected(whatif, ["s", "r"], [A], allow_worse=allow_worse)

    found = asyncio.run(main(allow_worse=False))
    assert (found.chosen, found.rejected) == (NOTHING, {A: "it makes statement r dearer"})
    asked = asyncio.run(main(allow_worse=True))
    assert (asked.chosen, asked.costs["r"].cost) == (only(A), 900.0)


def test_one_index_for_a_whole_statement_is_preferred_to_two_that_the_planner_combines() -> None:
    """The pair is found first, is smaller, and a little cheaper."""
    abc = candidate("t", "a", "b", "c")
    rows: Rows = {"s": [(only(), 1000), (only(C), 600), (only(AB), 500), (only(abc), 12), (only(AB, C), 10)]}
    found = chosen(rows, [AB, C, abc], sizes={AB: MB, C: MB, abc: 3 * MB})
    assert found.chosen == only(abc)


def test_one_index_takes_the_place_of_two_that_were_chosen_one_by_one() -> None:
    """A helps most at first, B next; AB does for both statements what they do."""
    rows: Rows = {
        "s": [(only(), 1000), (only(A), 10), (only(AB), 14)],
        "r": [(only(), 900), (only(A), 500), (only(AB), 500), (only(B), 10), (only(A, B), 9)],
        "q": [(only(), 900), (only(B), 10), (only(AB), 15)],
    }
    rows = {**rows, "r": [*rows["r"], (only(AB), 12)]}
    assert chosen(rows, [A, B, AB], sizes={A: MB, B: MB, AB: 2 * MB}).chosen == only(AB)


def test_the_rest_of_the_keys_stays_when_a_statement_of_little_weight_would_be_much_dearer() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(C), 10)], "r": [(only(), 1000), (only(AB), 10), (only(A), 60)]}
    assert chosen(rows, [C, AB], ms={"s": 990.0, "r": 10.0}).chosen == only(C, AB)


def test_two_that_are_good_for_a_statement_each_take_the_place_of_one_that_is_half_as_good_for_both() -> None:
    """The second of them alone would add too little to the first choice."""
    rows: Rows = {
        "s": [(only(), 1000), (only(C), 60), (only(A), 5)],
        "r": [(only(), 1000), (only(C), 60), (only(B), 5)],
        "far more": [(only(), 1000), (only(candidate("t", "d")), 5)],
    }
    found = chosen(rows, [A, B, C, candidate("t", "d")], ms={"s": 4.0, "r": 4.0, "far more": 92.0})
    assert found.chosen == only(A, B, candidate("t", "d"))
    assert found.rejected == {C: "the chosen indexes on public.t (a) and public.t (b) do nearly all of what it would"}


def test_what_was_turned_down_is_told_in_the_order_of_what_it_would_save_and_what_serves_instead() -> None:
    rows: Rows = {
        "s": [(only(), 1000), (only(A), 500), (only(AB), 5)],
        "r": [(only(), 1000), (only(B), 300), (only(C), 5)],
    }
    found = chosen(rows, [A, B, C, AB])
    assert list(found.rejected.items()) == [
        (B, "the chosen index on public.t (c) does nearly all of what it would"),
        (A, "the chosen index on public.t (a, b) does nearly all of what it would"),
    ]


def test_an_index_gives_way_to_one_that_is_much_better_for_its_statement_however_little_that_weighs() -> None:
    """B is found first: it is smaller."""
    rows: Rows = {"s": [(only(), 100_000), (only(A), 5), (only(B), 40)]}
    assert chosen(rows, [A, B], sizes={A: 3 * MB, B: MB}).chosen == only(A)


def test_one_that_is_many_times_larger_does_not_take_the_place_of_two() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(A, B), 10), (only(AB), 10)]}
    assert chosen(rows, [A, B, AB], sizes={A: MB, B: MB, AB: 50 * MB}).chosen == only(A, B)


def test_what_saves_a_trifle_of_the_measured_time_is_turned_down_with_the_number() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(A), 10)], "r": [(only(), 1000), (only(B), 10)]}
    found = chosen(rows, [A, B], ms={"s": 1000.0, "r": 0.02})
    assert found.chosen == only(A)
    left = "what the chosen indexes leave of the workload"
    # of what it is predicted to leave a second run may measure less
    assert found.rejected == {B: f"it saves 0.20% of {left} (2 ms); an index must save 0.30% of that (3 ms)"}
    alone: Rows = {"s": [(only(), 1000)], "r": rows["r"]}
    found = chosen(alone, [A, B], ms={"s": 999.0, "r": 1.0})
    assert found.rejected == {B: "it saves 0.10% of the workload (99 ms); an index must save 0.50% of that (500 ms)"}


def test_on_a_busy_server_a_share_that_is_small_is_worth_an_index() -> None:
    """A hundred seconds in an hour is more than a hundredth of a core."""
    rows: Rows = {"s": [(only(), 1000), (only(A), 500)], "r": [(only(), 1000), (only(B), 10)]}
    times = {"s": 999_000.0, "r": 1000.0}
    assert chosen(rows, [A, B], ms=times, window=3600.0).chosen == only(A, B)
    assert chosen(rows, [A, B], ms=times, window=86_400.0).chosen == only(A)
    alone: Rows = {"s": [(only(), 1000)], "r": rows["r"]}
    assert chosen(alone, [A, B], ms=times, window=3600.0).chosen == only(B)
    assert chosen(alone, [A, B], ms=times, window=86_400.0).chosen == NOTHING


def test_a_window_that_is_a_moment_longer_changes_no_advice() -> None:
    """A file and its server are read one after the other."""
    rows: Rows = {"s": [(only(), 1000)], "r": [(only(), 1000), (only(A), 10)]}
    told = [
        chosen(rows, [A], ms={"s": 999.0, "r": ms}, window=window)
        for ms in [1.0 + 0.02 * step for step in range(100)]
        for window in (20.0, 22.0)
    ]
    assert told[::2] == told[1::2]
    assert {bool(each.chosen) for each in told} == {True, False}


POOL = [candidate("t", name) for name in "abcd"] + [candidate("t", "a", "b"), candidate("t", "c", "d")]


@st.composite
def cost_tables(draw: st.DrawFn) -> Rows:
    """Statements with a base cost and some configurations that are cheaper."""
    rows = {}
    for number in range(draw(st.integers(1, 4))):
        base = draw(st.floats(20, 5000))
        options = draw(
            st.lists(
                st.tuples(st.frozensets(st.sampled_from(POOL), min_size=1, max_size=2), st.floats(0.01, 1)), max_size=5
            )
        )
        rows[f"s{number}"] = [(only(), base), *((needed, base * factor) for needed, factor in options)]
    return rows


@settings(max_examples=60, deadline=None)
@given(cost_tables(), st.one_of(st.none(), st.integers(0, 30)), st.lists(st.integers(1, 12), min_size=6, max_size=6))
def test_whatever_the_costs_the_set_fits_is_used_and_harms_nothing(
    rows: Rows, budget: int | None, megabytes: list[int]
) -> None:
    sizes: dict[CandidateIndex, int | str] = {each: mb * MB for each, mb in zip(POOL, megabytes, strict=True)}
    found = chosen(rows, POOL, None if budget is None else budget * MB, sizes)
    total = sum(size for each, size in sizes.items() if each in found.chosen and isinstance(size, int))
    assert budget is None or total <= budget * MB
    assert found.chosen <= frozenset().union(*(cost.used for cost in found.costs.values()))
    assert all(found.costs[key].cost <= options[0][1] for key, options in rows.items())
    assert not found.chosen & found.rejected.keys()


@settings(max_examples=40, deadline=None)
@given(cost_tables(), st.booleans(), st.lists(st.floats(0.1, 100), min_size=4, max_size=4))
def test_a_second_run_with_the_indexes_in_place_asks_for_no_more(rows: Rows, timed: bool, ms: list[float]) -> None:
    """Times having fallen as the costs did."""
    times = dict(zip(rows, ms, strict=False)) if timed else dict.fromkeys(rows, 0.0)
    first = chosen(rows, POOL, ms=times)
    built = {key: [(needed - first.chosen, cost) for needed, cost in options] for key, options in rows.items()}
    left = {key: times[key] * first.costs[key].cost / rows[key][0][1] for key in rows}
    second = chosen(built, [each for each in POOL if each not in first.chosen], ms=left)
    assert second.chosen == NOTHING


def test_without_measured_time_one_monstrous_estimate_does_not_hide_the_others() -> None:
    rows: Rows = {
        "monster": [(only(), 10_000_000), (only(A), 5000)],
        "s": [(only(), 9000), (only(B), 100)],
        "r": [(only(), 8000)],
    }
    assert chosen(rows, [A, B], ms=dict.fromkeys(rows, 0.0)).chosen == only(A, B)


def least(rows: Rows, sizes: Mapping[CandidateIndex, int], budget: int) -> float:
    """The cheapest set that fits, by trying all."""
    costs = []
    for count in range(len(POOL) + 1):
        for some in combinations(POOL, count):
            if sum(sizes[each] for each in some) <= budget:
                held = frozenset(some)
                costs.append(sum(min(c for needed, c in options if needed <= held) for options in rows.values()))
    return min(costs)


@settings(max_examples=60, deadline=None)
@given(
    cost_tables(),
    st.integers(0, 30),
    st.lists(st.integers(1, 12), min_size=6, max_size=6),
    st.sampled_from([0, 10, 10_000]),
)
def test_no_set_within_the_budget_is_cheaper_than_the_gap_says(
    rows: Rows, budget: int, megabytes: list[int], planner_calls: int
) -> None:
    """However little was asked; and where nothing is turned down and enough was asked, the gap is what is left."""
    sizes = {each: mb * MB for each, mb in zip(POOL, megabytes, strict=True)}
    found = chosen(rows, POOL, budget * MB, sizes, ms=dict.fromkeys(rows, 0.0), planner_calls=planner_calls)
    statements = list(rows.values())
    before = 100 * sum(options[0][1] for options in statements)
    spent = 100 * sum(cost.cost for cost in found.costs.values())
    assert 100 * least(rows, sizes, budget * MB) >= spent - found.gap * before - 1e-3 * before
    assert 0 <= found.gap <= 1


def test_the_optimum_is_proven_where_the_planner_may_be_asked_enough() -> None:
    rows: Rows = {
        "s": [(only(), 1000), (only(A), 100), (only(AB), 20)],
        "r": [(only(), 1000), (only(B), 90), (only(A, B), 10)],
        "q": [(only(), 1000), (only(C), 50)],
    }
    found = chosen(rows, [A, B, C, AB], budget=3 * MB, sizes={A: MB, B: MB, C: MB, AB: 2 * MB})
    assert (found.chosen, round(found.gap, 6)) == (only(A, B, C), 0)


def test_the_user_may_allow_few_indexes() -> None:
    rows: Rows = {"s": [(only(), 1000), (only(A), 10)], "r": [(only(), 900), (only(B), 10)]}
    assert chosen(rows, [A, B], limits=Limits(indexes=1)).chosen == only(A)
    assert chosen(rows, [A, B], limits=Limits(per_table=1)).chosen == only(A)
    assert chosen(rows, [A, B], limits=Limits(per_table=2)).chosen == only(A, B)


def test_columns_are_not_held_along_for_the_few_rows_of_a_call() -> None:
    """The planner takes every row for a random page; they are in memory."""
    held = candidate("t", "a", include=("b",))
    assert chosen({"s": [(only(), 43), (only(held), 13)]}, [held]).chosen == NOTHING
    assert chosen({"s": [(only(), 4300), (only(held), 1300)]}, [held]).chosen == only(held)


def test_what_is_worth_it_but_for_its_price_is_told_the_price() -> None:
    held = candidate("t", "a", include=("b",))
    rows: Rows = {"s": [(only(), 1000), (only(held), 500)], "r": [(only(), 1000)]}
    found = chosen(rows, [held], ms={"s": 1.5, "r": 98.5})
    told = "for the columns that it holds along, its size and its upkeep it must save 2.10% of that"
    assert (found.chosen, found.rejected) == (NOTHING, {held: f"it saves 0.75% of the workload (75 ms); {told}"})


def test_a_gain_of_measured_time_that_is_small_in_every_way_is_none() -> None:
    """30 % of a statement that takes a tenth of the time; of one that takes half of it is another matter."""
    rows: Rows = {"s": [(only(), 1000), (only(A), 700)], "r": [(only(), 1000)]}
    found = chosen(rows, [A], ms={"s": 10.0, "r": 90.0})
    told = "where no statement's cost falls by 40% it must save 5% of that"
    assert found.rejected == {
        A: f"it takes 30% off a statement's cost, and saves 3.00% of the workload (300 ms); {told}"
    }
    assert found.chosen == NOTHING
    assert chosen(rows, [A], ms={"s": 50.0, "r": 50.0}).chosen == only(A)


@pytest.mark.parametrize(
    ("better", "expected"), [([], only()), ([Option(0.5, only(A, B))], only(A, B)), ([Option(5, only(B))], only(B))]
)
def test_a_plan_that_is_cut_is_not_had_unless_a_cheaper_one_takes_its_place(
    better: list[Option], expected: frozenset[CandidateIndex]
) -> None:
    options = [Option(10.0), Option(1.0, only(A)), *better]
    none = dict.fromkeys((A, B), 0.01)
    answer = Program([options], none, dict.fromkeys((A, B), 1), Limits(), cuts=[Cut(0, 1.0, only(A))]).solve()
    assert answer.chosen == expected
