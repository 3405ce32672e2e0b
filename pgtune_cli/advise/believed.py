"""How often each guessed set of values is sent, as far as the measured times tell.

A set whose plan costs far more than a call took can be no large part of the calls. Counted as one it would dwarf the
others: an index for it would be credited with time that is spent on them, and one for them would seem not to matter.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import StatementCost
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.statement import SEEN_ORIGINS

ALIKE = 2.0
"""costs of a statement's sets that differ by no more: what a call costs is known, whichever was sent"""
LEAST_KNOWN = 8
"""such statements; of fewer the time of a cost unit is not known"""
LOW = 0.25
"""the quantile of their times that is taken for it: most cost units take longer"""
ROOM = 2.0
"""times the cost that a call's time buys: what a mean over the sets may be"""
LEAST = 0.002
"""of the weights: no set is ruled out"""
STEPS = 60


def believed(items: Sequence[Item], base: Mapping[str, StatementCost]) -> list[Item]:
    """With lower weights for the dear sets of those statements that are measured to be much cheaper."""
    unit = _ms_of_a_unit(items, base)
    return [item if unit is None else _weighed(item, base[item.fingerprint], unit) for item in items]


def _ms_of_a_unit(items: Iterable[Item], base: Mapping[str, StatementCost]) -> float | None:
    """By the statements whose cost does not depend on the values."""
    known = []
    for item in items:
        costs = [each.cost for each in base[item.fingerprint].sets if each is not None]
        ms = item.statement.mean_exec_time_ms
        if not item.derived and ms > 0 and 0 < max(costs) <= ALIKE * min(costs):
            known.append(ms / base[item.fingerprint].cost)
    return sorted(known)[math.floor(LOW * len(known))] if len(known) >= LEAST_KNOWN else None


def _weighed(item: Item, cost: StatementCost, unit: float) -> Item:
    most = ROOM * item.statement.mean_exec_time_ms / unit
    guessed = all(values.origin not in SEEN_ORIGINS for values, _ in item.values)
    if item.derived or not guessed or not 0 < most < cost.cost or None in cost.sets:
        return item
    costs = [each.cost for each in cost.sets if each is not None]
    weights = _tilted([weight for _, weight in item.values], costs, most)
    values = tuple((values, weight) for (values, _), weight in zip(item.values, weights, strict=True))
    return msgspec.structs.replace(item, values=values)


def _tilted(weights: Sequence[float], costs: Sequence[float], mean: float) -> list[float]:
    """The weights nearest to these whose mean cost is no more, as far as LEAST lets it: each falls with its cost."""
    low, high = 0.0, 1.0
    while _mean(_falling(weights, costs, high), costs) > mean and high < 2.0**STEPS:
        high *= 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _mean(_falling(weights, costs, middle), costs) > mean else (low, middle)
    kept = [max(weight, LEAST) for weight in _falling(weights, costs, high)]
    return [weight / sum(kept) for weight in kept]


def _falling(weights: Sequence[float], costs: Sequence[float], slope: float) -> list[float]:
    least, span = min(costs), max(costs) - min(costs)
    found = [w * math.exp(-slope * (c - least) / span) if span else w for w, c in zip(weights, costs, strict=True)]
    return [weight / sum(found) for weight in found]


def _mean(weights: Sequence[float], costs: Sequence[float]) -> float:
    return sum(weight * cost for weight, cost in zip(weights, costs, strict=True))
