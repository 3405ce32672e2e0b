"""What a what-if planner answers: the size of an index that does not exist, and the cost of a statement with it."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from pgtune_cli.model.catalog import ExtendedStatistics, RelationName
from pgtune_cli.model.extended import ExtendedData
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.model.statement import Prepared, ValueSet


class CostRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One statement with one set of values, planned as if `indexes` existed and the `hidden` ones did not."""

    prepared: Prepared
    values: ValueSet
    indexes: frozenset[CandidateIndex] = frozenset()
    """candidates; each must have been created first."""
    hidden: frozenset[RelationName] = frozenset()
    """names of existing indexes, constraint indexes included."""
    role: str | None = None
    """who runs it: row security and a role's settings are planned for it; None is who ran it most."""
    settings: tuple[tuple[str, str], ...] = ()
    """planner settings to plan with, in place of the source's; the clone alone takes them."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The planner's answer, in the engine's own cost units; compare it with costs of the same engine only."""

    total_cost: float
    plan: Plan
    used: frozenset[CandidateIndex] = frozenset()
    """the candidates whose index occurs in the plan."""


class NewStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics to plan with beside, or in place of, those that were read."""

    columns: tuple[ColumnStatistics, ...] = ()
    objects: tuple[tuple[ExtendedStatistics, ExtendedData], ...] = ()
    """`definition` is the CREATE STATISTICS."""


class WhatIf(Protocol):
    engine: str
    """clone or hypopg."""
    planner_calls: int
    """EXPLAINs sent so far; answers from the cost cache are not counted."""

    async def create(self, candidates: Iterable[CandidateIndex]) -> dict[CandidateIndex, int | str]:
        """The estimated size in bytes of each candidate, or why it cannot be built. Repeating is free."""
        ...

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        """One answer per request, in their order: a cost, or why the statement could not be planned."""
        ...
