"""What a statement's cost is worth, so that costs of different statements can be added up.

Measured time decides: a statement that took a tenth of the time is a tenth of the workload, whatever the planner thinks
of it, and half the cost is taken for half the time. Without measured time (a folder of .sql files) it is calls x cost.
"""

import math
import statistics
from collections.abc import Iterable, Mapping

import msgspec

from pgtune_cli.advise.workload import Item

MONSTROUS = 10.0
"""times the median statement's worth"""


class Values(msgspec.Struct, frozen=True):
    """Weights of the statements. One unit is a millisecond of measured time, or a cost unit without any."""

    weights: Mapping[str, float]
    """fingerprint -> worth of one unit of planner cost, calls included."""
    total: float
    """worth of the whole workload as it is."""
    per_cost: float
    """worth of one unit of planner cost that no statement is known for (upkeep of an index)."""
    timed: bool = False
    """whether a unit is a millisecond."""

    def of(self, item: Item, cost: float) -> float:
        return self.weights[item.fingerprint] * cost

    def ordinary(self, costs: Iterable[tuple[Item, float]]) -> float:
        """The total that shares are taken of: without measured time no monstrous estimate dwarfs all others."""
        worths = [self.of(item, cost) for item, cost in costs]
        most = math.inf if self.timed or not worths else MONSTROUS * statistics.median(worths)
        return sum(min(worth, most) for worth in worths)


def values(costs: list[tuple[Item, float]]) -> Values:
    """From the costs as they are. Where only some statements were timed, all are weighed by calls x cost."""
    own = [(item, cost) for item, cost in costs if not item.derived]
    timed = bool(own) and all(item.statement.total_exec_time_ms > 0 for item, _ in own)
    weights = {
        item.fingerprint: item.statement.total_exec_time_ms / max(cost, 1e-9) if timed else calls(item)
        for item, cost in costs
    }
    if timed:  # what was never measured takes as long for its cost as the rest does
        a_unit = sum(item.statement.total_exec_time_ms for item, _ in own) / max(
            sum(calls(item) * cost for item, cost in own), 1e-9
        )
        weights |= {item.fingerprint: calls(item) * a_unit for item, _ in costs if item.derived}
    total = sum(weights[item.fingerprint] * cost for item, cost in costs)
    planned = sum(calls(item) * cost for item, cost in costs)
    return Values(weights, total, total / planned if planned else 1.0, timed)


def calls(item: Item) -> float:
    return float(max(item.statement.calls, 1))
