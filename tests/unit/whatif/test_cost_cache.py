"""What need not be asked again, and what must; and how the rest is asked."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.whatif.batch import Configuration, answer
from pgtune_cli.whatif.cost_cache import CostCache
from pgtune_cli.whatif.protocol import Cost, CostRequest

TABLE = RelationName("public", "t")
A, B, C = (CandidateIndex(table=TABLE, keys=(IndexKey(column=name),)) for name in "abc")
UNIQUE = msgspec.structs.replace(C, unique=True)
PLAN = Plan(root=PlanNode(node_type="Result", startup_cost=0, total_cost=1, plan_rows=1, plan_width=1))


def ask(
    *indexes: CandidateIndex, sql: str = "SELECT 1", values: tuple[str, ...] | None = None, **more: object
) -> CostRequest:
    return CostRequest(
        prepared=Prepared(fingerprint="f", sql=sql),
        values=ValueSet(name="v", origin="o", values=values),
        indexes=frozenset(indexes),
        **more,  # type: ignore[arg-type]
    )


def cost(*used: CandidateIndex, total: float = 1) -> Cost:
    return Cost(total_cost=total, plan=PLAN, used=frozenset(used))


def test_taking_away_what_a_plan_does_not_use_changes_nothing() -> None:
    cache = CostCache()
    cache.put(ask(A, B, C), cost(A))
    assert [cache.get(ask(*some)) for some in ((A,), (A, B), (A, B, C))] == [cost(A)] * 3


@pytest.mark.parametrize(
    "other",
    [
        ask(B),
        ask(),
        ask(A, sql="SELECT 2"),
        ask(A, values=("1",)),
        ask(A, hidden=frozenset({RelationName("public", "i")})),
        ask(A, UNIQUE),
    ],
)
def test_anything_else_has_to_be_asked(other: CostRequest) -> None:
    cache = CostCache()
    cache.put(ask(A, B), cost(A))
    assert cache.get(other) is None


def test_a_unique_candidate_matters_without_being_used() -> None:
    cache = CostCache()
    cache.put(ask(A, UNIQUE), cost(A))
    assert cache.get(ask(A)) is None


def test_a_failure_is_remembered_for_its_own_question_alone() -> None:
    cache = CostCache()
    cache.put(ask(A, B), "no such table")
    assert (cache.get(ask(A, B)), cache.get(ask(A))) == ("no such table", None)


class Table:
    """Costs by the number of indexes; everything is used; candidates named c cannot matter."""

    def __init__(self) -> None:
        self.asked: list[tuple[frozenset[CandidateIndex], int]] = []

    def narrowed(self, request: CostRequest) -> CostRequest:
        return msgspec.structs.replace(request, indexes=request.indexes - {C})

    async def plan(self, configuration: Configuration, requests: Sequence[CostRequest]) -> list[Cost | str]:
        self.asked.append((configuration.indexes, len(requests)))
        return [cost(*request.indexes, total=10 - len(request.indexes)) for request in requests]


def test_equal_questions_are_asked_once_larger_configurations_first() -> None:
    table, cache = Table(), CostCache()
    requests = [ask(), ask(A), ask(A, C), ask(A, B), ask(A), ask(A, sql="SELECT 2")]
    answers = asyncio.run(answer(table, cache, requests))
    assert [found.total_cost for found in answers if isinstance(found, Cost)] == [10, 9, 9, 8, 9, 9]
    assert [(len(indexes), count) for indexes, count in table.asked] == [(2, 1), (2, 1), (1, 1), (0, 1)]
    assert asyncio.run(answer(table, cache, requests)) == answers
    assert len(table.asked) == 4
