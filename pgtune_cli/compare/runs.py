"""How two runs compare as a whole: the speed of the machine, and whether one replays the other."""

from collections.abc import Mapping, Sequence
from math import exp, log
from statistics import median

import msgspec

from pgtune_cli.compare.tolerance import Likeness, near
from pgtune_cli.model.comparison import Baseline, BaselineStatement, Measurement, TableState

CALLS = (1.1, 2.0)
SETTLED = 100.0
"""a table of fewer rows says nothing by its growth"""


class Runs(msgspec.Struct, frozen=True):
    pairs: Mapping[str, tuple[Measurement, Measurement]]
    """statements of both runs, by fingerprint: before, after."""

    def speed(self) -> float:
        """How much slower the median statement got; 1 with fewer than five to tell by."""
        ratios = [
            log(after.mean_exec_time_ms / before.mean_exec_time_ms)
            for before, after in self.pairs.values()
            if before.mean_exec_time_ms > 0 and after.mean_exec_time_ms > 0
        ]
        return exp(median(ratios)) if len(ratios) >= 5 else 1.0

    def likeness(self, fingerprint: str) -> Likeness:
        """What the *other* statements say of the two runs: then one's own calls and rows mean something."""
        others = [pair for key, pair in self.pairs.items() if key != fingerprint]
        same = sum(before.calls for before, after in others if near(before.calls, after.calls, CALLS))
        total = sum(before.calls for before, _ in others)
        if total == 0 or same * 2 < total:
            return Likeness.LIVE
        return _by_results(others)


def _by_results(pairs: Sequence[tuple[Measurement, Measurement]]) -> Likeness:
    """Whether most statements whose results vary gave as many rows; by their blocks where no result varies."""
    varying = [pair for pair in pairs if pair[0].rows_per_call % 1 or pair[1].rows_per_call % 1]
    if varying:
        same = sum(_equal(before.rows_per_call, after.rows_per_call) for before, after in varying)
        return Likeness.REPLAY if same * 2 > len(varying) else Likeness.OTHER_PARAMETERS
    same = sum(near(before.blocks_per_call, after.blocks_per_call, (1.02, 0.5)) for before, after in pairs)
    return Likeness.PROBABLE if same * 2 > len(pairs) else Likeness.OTHER_PARAMETERS


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-3 * max(one, other)


def pairs_of(before: Baseline, after: Baseline) -> dict[str, tuple[Measurement, Measurement]]:
    then = {entry.fingerprint: entry.measurement for entry in before.statements}
    return {
        entry.fingerprint: (then[entry.fingerprint], entry.measurement)
        for entry in after.statements
        if entry.fingerprint in then
    }


def growth(entry: BaselineStatement, before: Baseline, after: Baseline) -> tuple[float, str]:
    """The largest growth among the tables of a statement, and which one it is; 1 where nothing is known."""
    found = [(1.0, "")]
    for name in entry.tables:
        then, now = (side.tables.get(name, TableState()).rows for side in (before, after))
        if then and now and now >= SETTLED:
            found.append((now / then, name))
    return max(found)
