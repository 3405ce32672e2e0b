"""Costs that are known already, by statement, values and the indexes that its tables would have.

A plan that uses none of the candidates A, B of {A, B, C} is also the plan for {C}: the planner takes the cheapest
path, and taking away what it did not use takes no cheaper one away. Unique candidates are never taken away so: they
change row estimates and joins without being used.
"""

from collections import defaultdict

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.protocol import Cost, CostRequest

Key = tuple[str, tuple[str | None, ...] | None, frozenset[RelationName], str | None, tuple[tuple[str, str], ...]]
Known = tuple[frozenset[CandidateIndex], Cost | str]


class CostCache:
    """Every answer of one engine."""

    def __init__(self) -> None:
        self._known: dict[Key, list[Known]] = defaultdict(list)

    def get(self, request: CostRequest) -> Cost | str | None:
        """The answer that the planner would give, or None when it has to be asked."""
        for indexes, answer in self._known.get(_key(request), ()):
            if indexes == request.indexes or _answers(indexes, answer, request.indexes):
                return answer
        return None

    def put(self, request: CostRequest, answer: Cost | str) -> None:
        self._known[_key(request)].append((request.indexes, answer))


def _answers(planned: frozenset[CandidateIndex], answer: Cost | str, asked: frozenset[CandidateIndex]) -> bool:
    if isinstance(answer, str):
        return False
    taken_away = planned - asked
    return answer.used <= asked <= planned and not any(candidate.unique for candidate in taken_away)


def _key(request: CostRequest) -> Key:
    return request.prepared.sql, request.values.values, request.hidden, request.role, request.settings
