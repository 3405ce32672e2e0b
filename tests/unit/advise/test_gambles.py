"""Indexes that are read in their order until enough rows match: possible only, unless it is known that many do."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from support.advise_fakes import LITERAL, Table, analysis, candidate, only, snapshot, statement, table

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan
from pgtune_cli.model.statement import ValueSet
from pgtune_cli.whatif.protocol import Cost, CostRequest

T = table("t", "a integer, title text, at timestamptz", pages=1000)
AT = candidate("t", "at")
HIDDEN = ValueSet(name="typical", origin="default", values=("%x%",))
SQL = "select * from t where title ilike $1 order by at limit 10"


def scan(kind: str, cost: float, rows: float, condition: str | None, **more: object) -> PlanNode:
    return PlanNode(
        node_type=kind, startup_cost=0, total_cost=cost, plan_rows=rows, plan_width=8, relation="t", schema="public",
        alias="t", filter=condition, **more,
    )  # type: ignore[arg-type]  # fmt: skip


class Walked(Table):
    """With an index the plan reads it in order, all of it for `worst`."""

    condition: str = "(title ~~* '%x%'::text)"
    by: str = ""
    worst: float = 5000.0
    expected: float = 1000.0

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        return [self._walk(each) if isinstance(each, Cost) else each for each in await super().costs(requests)]

    def _walk(self, answer: Cost) -> Cost:
        if not answer.used:
            return msgspec.structs.replace(answer, plan=Plan(root=scan("Seq Scan", 2000.0, 1000.0, self.condition)))
        more = {"extra": {"Order By": self.by}} if self.by else {}
        below = scan("Index Scan", self.worst, self.expected, self.condition or None, index_name="new", **more)
        root = PlanNode(
            node_type="Limit", startup_cost=0, total_cost=answer.total_cost, plan_rows=10, plan_width=8,
            children=(below,),
        )  # fmt: skip
        return msgspec.structs.replace(answer, plan=Plan(root=root))


def found(values: ValueSet = HIDDEN, matching: float | None = None, **more: object) -> IndexAdvice:
    whatif = Walked({"s": [(only(), 2000.0), (only(AT), 20.0)]}, **more)  # type: ignore[arg-type]
    given = analysis(snapshot([T]), statement("s", SQL), sets=[values])
    if matching is not None:
        node = scan("Seq Scan", 2000.0, 1000.0, whatif.condition, actual_rows=matching, loops=1)
        ran = StatementPlan(
            source="server", parameters=PlanParameters(values.name, values.origin), executed=True, total_cost=2000.0,
            plan=Plan(root=node),
        )  # fmt: skip
        plans = {"s": msgspec.structs.replace(given.plans["s"], plans=(ran,))}
        given = msgspec.structs.replace(given, plans=plans)
    return asyncio.run(advise(given, whatif, AdviseOptions()))


def test_it_is_possible_only_and_told_why() -> None:
    advice = found()
    assert (advice.chosen, advice.rejected) == ((), ())
    told = {one.sql.partition(" ON ")[2]: one for one in advice.possible}["public.t (at)"]
    assert told.reason == (
        "it is read in its order until enough rows meet title ILIKE …, and the planner cannot know how many do: "
        "if few do, a call costs 5,000, and 2,000 without it"
    )
    assert told.evidence == {"channel": "text", "statement": "s"}


@pytest.mark.parametrize(
    "condition", ["(lower(title) = 'secret'::text)", "((a > 3) AND ((title || 'y'::text) > 'secret'::text))"]
)
def test_nobody_knows_what_comes_of_an_expression_and_constants_are_not_told(condition: str) -> None:
    advice = found(condition=condition)
    assert advice.chosen == ()
    assert "secret" not in str(advice)


def test_the_distance_of_texts_is_no_way_to_find_them_for_sure() -> None:
    advice = found(condition="", by="(title <-> 'abc'::text)")
    assert advice.chosen == ()
    assert "searched by the distance of texts" in str(advice.possible)


@pytest.mark.parametrize(
    "more",
    [
        {"condition": "", "by": "(a <-> 5)"},
        {"condition": "(a = 5)"},  # statistics tell of it
        {"worst": 1900.0},  # cheaper than without it though all is read
        {"values": LITERAL, "expected": 90_000.0},  # a known pattern that the histogram is full of
        {"matching": 50_000.0},  # it was counted
    ],
)
def test_it_is_chosen_where_many_rows_are_known_to_match_or_it_does_not_matter(more: dict[str, object]) -> None:
    assert [one.definition for one in found(**more).chosen] == [AT]  # type: ignore[arg-type]


@pytest.mark.parametrize("more", [{"values": LITERAL}, {"matching": 15.0}])
def test_a_known_pattern_that_few_rows_match_is_no_reason_for_it(more: dict[str, object]) -> None:
    assert found(**more).chosen == ()  # type: ignore[arg-type]
