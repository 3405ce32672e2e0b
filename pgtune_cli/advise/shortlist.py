"""From many candidates to the few that some plan uses: every statement is planned with all of them at once, in rounds.

What the planner takes is set aside and it is asked again, so that the second best of one statement, which may be the
best for several, is found too. A candidate that no round of a statement uses is taken to do nothing for it.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import Configuration, CostTable, StatementCost
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex

ROUNDS = 3
WORTHWHILE = 0.98
"""a round that leaves more than this of the cost ends the search for a statement"""


class Shortlist(msgspec.Struct, frozen=True):
    useful: Mapping[CandidateIndex, frozenset[str]]
    """candidate -> fingerprints of the statements that used it in some round."""
    bundles: frozenset[Configuration]
    """candidates that one plan used together; at least two."""


async def shortlist(
    items: Sequence[Item], candidates: Iterable[CandidateIndex], base: Mapping[str, StatementCost], costs: CostTable
) -> Shortlist:
    """Asks at most ROUNDS times for each statement."""
    everything = frozenset(candidates)
    left = {item.fingerprint: costs.relevant(item, everything) for item in items}
    active = [item for item in items if left[item.fingerprint]]
    useful: dict[CandidateIndex, set[str]] = {}
    bundles: set[Configuration] = set()
    for _ in range(ROUNDS):
        answers = await costs.ask([(item, left[item.fingerprint]) for item in active])
        still = []
        for item, answer in zip(active, answers, strict=True):
            key = item.fingerprint
            if isinstance(answer, str) or not answer.used or answer.cost > base[key].cost * WORTHWHILE:
                continue
            for candidate in answer.used:
                useful.setdefault(candidate, set()).add(key)
            if len(answer.used) > 1:
                bundles.add(answer.used)
            left[key] -= answer.used
            still.append(item)
        active = [item for item in still if left[item.fingerprint]]
    return Shortlist({each: frozenset(keys) for each, keys in useful.items()}, frozenset(bundles))
