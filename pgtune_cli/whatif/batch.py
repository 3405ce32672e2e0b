"""Many cost requests at once: what is known is looked up, the rest is planned, one configuration after the other."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import msgspec

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.cost_cache import CostCache
from pgtune_cli.whatif.planning import is_generic
from pgtune_cli.whatif.protocol import Cost, CostRequest


class Configuration(msgspec.Struct, frozen=True):
    """The state of a server for one or more EXPLAINs."""

    indexes: frozenset[CandidateIndex]
    hidden: frozenset[RelationName]
    generic: bool
    role: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


class Engine(Protocol):
    """What a back end adds to the cache and the grouping."""

    def narrowed(self, request: CostRequest) -> CostRequest:
        """The request without candidates and hidden indexes that cannot matter to its statement."""
        ...

    async def plan(self, configuration: Configuration, requests: Sequence[CostRequest]) -> list[Cost | str]:
        """EXPLAIN each in that state of the server, which is left as it was found."""
        ...


async def answer(engine: Engine, cache: CostCache, requests: Sequence[CostRequest]) -> list[Cost | str]:
    """One answer a request, in order. Equal questions are asked once."""
    narrowed = [engine.narrowed(request) for request in requests]
    groups: dict[Configuration, dict[CostRequest, None]] = defaultdict(dict)
    for asked, request in zip(requests, narrowed, strict=True):
        if cache.get(request) is None:
            generic = is_generic(request.prepared, request.values)
            # by what was asked, not by what matters: candidates that cannot matter to a statement do no harm to it
            groups[Configuration(asked.indexes, asked.hidden, generic, request.role, asked.settings)][request] = None
    # larger ones first: what a plan leaves unused answers for the smaller ones too
    for configuration, members in sorted(groups.items(), key=lambda group: -len(group[0].indexes)):
        waiting = [request for request in members if cache.get(request) is None]
        answers = await engine.plan(configuration, waiting) if waiting else []
        for request, found in zip(waiting, answers, strict=True):
            cache.put(request, found)
    return [_known(cache, request) for request in narrowed]


def _known(cache: CostCache, request: CostRequest) -> Cost | str:
    found = cache.get(request)
    assert found is not None
    return found
