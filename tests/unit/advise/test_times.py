"""Sets that are cheaper by cost and slower by the work of their plans."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from support.advise_fakes import Table, analysis, candidate, only, snapshot, statement, statistics, table

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.advise.cached import cached_note
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import items
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.whatif.protocol import Cost, CostRequest

T = table("t", "a integer, b integer", pages=10_000)
A, B = candidate("t", "a"), candidate("t", "b")
SQL = "select * from t where a = $1 and b = $2"


class Planned(Table):
    """The table of costs with a plan: a scan of the table, or as many look-ups by an index as told."""

    lookups: Mapping[Any, float] = {}
    lower: Mapping[Any, float] = {}
    """at a lower random_page_cost."""
    asked_lower: int = 0

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        self.asked_lower += sum(bool(request.settings) for request in requests)
        found = await super().costs(requests)
        return [self._with_plan(request, each) for request, each in zip(requests, found, strict=True)]

    def _with_plan(self, request: CostRequest, answer: Cost | str) -> Cost | str:
        if isinstance(answer, str):
            return answer
        rows = (self.lower if request.settings else self.lookups).get(answer.used, 1.0)
        kind = "Index Scan" if answer.used else "Seq Scan"
        scan = PlanNode(
            node_type=kind, startup_cost=0, total_cost=answer.total_cost, plan_rows=rows, plan_width=8, relation="t",
            schema="public", alias="t", index_name="i" if answer.used else None,
        )  # fmt: skip
        return msgspec.structs.replace(answer, plan=Plan(root=scan))


def advice(
    engine: str = "table", ms: float = 100.0, options: AdviseOptions | None = None, **plans: Any
) -> tuple[IndexAdvice, Planned]:
    rows = {"s": [(only(), 10_000.0), (only(A), 4_000.0), (only(B), 5_000.0)]}
    whatif = Planned(rows, engine=engine, **plans)
    made = analysis(snapshot([T], stats=[statistics("t", "a"), statistics("t", "b")]), statement("s", SQL, ms=ms))
    return asyncio.run(advise(made, whatif, options or AdviseOptions())), whatif


def test_an_index_of_a_few_look_ups_stays() -> None:
    found, _ = advice()
    assert [each.columns for each in found.chosen] == [("a",)]
    assert found.worse == ()


def test_an_index_that_makes_it_slower_is_exchanged_for_one_that_does_not() -> None:
    found, _ = advice(lookups={only(A): 900_000.0})
    assert [each.columns for each in found.chosen] == [("b",)]
    (vetoed,) = [each for each in found.rejected if "(a)" in each.sql]
    assert vetoed.reason.startswith("it makes statement s ")
    assert vetoed.reason.endswith("times slower, by the loops and tuples of its plan, though the cost falls")


def test_a_slower_set_is_advised_where_that_is_asked_for_and_listed() -> None:
    found, _ = advice(lookups={only(A): 900_000.0}, options=AdviseOptions(allow_worse=True))
    assert [each.columns for each in found.chosen] == [("a",)]
    assert [(each.fingerprint, each.reason.startswith("cost and time disagree")) for each in found.worse] == [
        ("s", True)
    ]


def test_after_the_time_limit_no_further_set_is_tried_and_none_is_advised_unvetoed() -> None:
    """B would be tried next."""
    found, _ = advice(lookups={only(A): 900_000.0}, options=AdviseOptions(time_limit_s=0))
    assert found.chosen == ()
    assert "times slower" in next(each.reason for each in found.rejected if "(a)" in each.sql)


def test_a_plan_that_waits_at_a_lower_random_page_cost_counts_too() -> None:
    found, whatif = advice(engine="clone", lower={only(A): 900_000.0, only(B): 1.0})
    assert [each.columns for each in found.chosen] == [("b",)]
    assert "once random_page_cost is 3" in next(each.reason for each in found.rejected if "(a)" in each.sql)
    assert 0 < whatif.asked_lower <= 10


def test_an_engine_without_settings_is_not_asked_about_them() -> None:
    assert advice(engine="hypopg")[1].asked_lower == 0


def test_a_loss_of_less_than_a_millisecond_is_told_and_vetoes_nothing() -> None:
    found, _ = advice(ms=0.5, lookups={only(A): 150_000.0})
    assert [each.columns for each in found.chosen] == [("a",)]
    (told,) = found.worse
    assert (told.fingerprint, told.cost_before, told.cost_after) == ("s", 10_000.0, 4_000.0)
    assert told.time_factor == pytest.approx(2, rel=0.5)
    assert told.reason.startswith("cost and time disagree")


def test_a_statement_that_gets_a_little_dearer_is_listed() -> None:
    rows = {"s": [(only(), 10_000.0), (only(A), 100.0)], "r": [(only(), 1000.0)]}

    class Dearer(Table):
        def _cost(self, request: CostRequest) -> Cost | str:
            found = super()._cost(request)
            dear = request.prepared.fingerprint == "r" and request.indexes and isinstance(found, Cost)
            return msgspec.structs.replace(found, total_cost=1030.0) if dear else found  # type: ignore[type-var]

    made = analysis(snapshot([T]), statement("s", SQL), statement("r", "select count(*) from t"))
    found = asyncio.run(advise(made, Dearer(rows), AdviseOptions()))
    assert [(each.fingerprint, each.reason) for each in found.worse] == [("r", "its cost rises by 3.0%")]
    assert found.chosen


@pytest.mark.parametrize(
    ("hit", "read", "random", "said"),
    [(99_900, 100, "4", True), (90_000, 10_000, "4", False), (99_900, 100, "1.1", False), (50, 0, "4", False)],
)
def test_what_is_all_cached_is_said_first(hit: int, read: int, random: str, said: bool) -> None:
    snap = snapshot([T])
    settings = {**snap.server.settings, "random_page_cost": random}
    snap = msgspec.structs.replace(snap, server=msgspec.structs.replace(snap.server, settings=settings))
    facts = Facts(snap)
    made = statement("s", SQL, shared_blks_hit=hit, shared_blks_read=read)
    note = cached_note(items(analysis(snap, made), facts), facts)
    assert (note is not None) == said
    assert note is None or note.startswith(
        "99.9% of the blocks were found in shared_buffers, and random_page_cost is 4"
    )
