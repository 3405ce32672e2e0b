"""What changed in a statement, from one window on each side.

Blocks, rows, calls, temp blocks and WAL records repeat from run to run, time does not: they decide, time never does.
The tolerances are those measured in facts/verdict.md §5 and §8, made wider where the two windows are not replays of the
same workload (counters of a live server): there data has grown and other parameters were used.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from math import exp, log
from statistics import median

import msgspec

from pgtune_cli.compare.measure import figure
from pgtune_cli.model.comparison import Measurement


class Direction(IntEnum):
    FASTER = -1
    SUSPECT = 0
    SLOWER = 1


class Signal(msgspec.Struct, frozen=True):
    direction: Direction
    reason: str
    time_only: bool = False


class Tolerance(msgspec.Struct, frozen=True, kw_only=True):
    """A change counts from factor and slack on; blocks only suspect until `blocks_fail`."""

    rows: tuple[float, float]
    blocks: tuple[float, float]
    blocks_fail: tuple[float, float]
    """together with a time that rose by `time`; without one `blocks_alone` is needed."""
    blocks_alone: tuple[float, float]
    temp: tuple[float, float] = (1.2, 2.0)
    wal: tuple[float, float]
    time: float = 1.25


REPLAY = Tolerance(
    rows=(1.05, 0.5), blocks=(1.10, 2.0), blocks_fail=(1.5, 2.0), blocks_alone=(4.0, 10.0), wal=(1.3, 0.5)
)
LIVE = Tolerance(rows=(3.0, 1.0), blocks=(1.5, 2.0), blocks_fail=(3.0, 10.0), blocks_alone=(5.0, 20.0), wal=(3.0, 1.0))
TIME_SEEN = 1.5
"""a change of the mean that is worth a word; whether it is one, one window each cannot tell."""
CALLS = (1.1, 2.0)
_WRITES = re.compile(r"\b(insert\s+into|delete\s+from|update\s+.+?\s+set|merge\s+into)\b", re.IGNORECASE | re.DOTALL)


class Windows(msgspec.Struct, frozen=True):
    """How the two windows compare as a whole: the speed of the machine, and whether one replays the other."""

    pairs: Mapping[str, tuple[Measurement, Measurement]]
    """statements of both windows, by fingerprint: before, after."""

    def speed(self) -> float:
        """How much slower the median statement got; 1 with fewer than five to tell by."""
        ratios = [
            log(after.mean_exec_time_ms / before.mean_exec_time_ms)
            for before, after in self.pairs.values()
            if before.mean_exec_time_ms > 0 and after.mean_exec_time_ms > 0
        ]
        return exp(median(ratios)) if len(ratios) >= 5 else 1.0

    def replays(self, fingerprint: str) -> bool:
        """Whether most calls of the *other* statements came again: then the number of calls means something."""
        others = [pair for key, pair in self.pairs.items() if key != fingerprint]
        same = sum(before.calls for before, after in others if _near(before.calls, after.calls, CALLS))
        total = sum(before.calls for before, _ in others)
        return total > 0 and same * 2 >= total


def signals(query: str, before: Measurement, after: Measurement, replay: bool, speed: float) -> list[Signal]:
    """What changed; empty when nothing did. `query` tells whether it writes."""
    tolerance = REPLAY if replay else LIVE
    slowdown = _ratio(before.mean_exec_time_ms, after.mean_exec_time_ms) / speed
    found = [
        _calls(before, after) if replay else None,
        _more("rows per call", before.rows_per_call, after.rows_per_call, tolerance.rows),
        _blocks(before.blocks_per_call, after.blocks_per_call, tolerance, slowdown),
        _temp(before.temp_blocks_per_call, after.temp_blocks_per_call, tolerance.temp),
        _wal(query, before.wal_records_per_call, after.wal_records_per_call, tolerance.wal),
        _time(before, after, slowdown),
    ]
    return [signal for signal in found if signal is not None]


def _calls(before: Measurement, after: Measurement) -> Signal | None:
    """The rest of the workload is the same: more calls are an N+1, fewer are one that went."""
    if _above(before.calls, after.calls, CALLS):
        return Signal(Direction.SLOWER, _said("calls", before.calls, after.calls))
    if _above(after.calls, before.calls, CALLS):
        return Signal(Direction.FASTER, _said("calls", before.calls, after.calls))
    return None


def _more(what: str, before: float, after: float, tolerance: tuple[float, float]) -> Signal | None:
    return Signal(Direction.SLOWER, _said(what, before, after)) if _above(before, after, tolerance) else None


def _blocks(before: float, after: float, tolerance: Tolerance, slowdown: float) -> Signal | None:
    """An index-only scan or a queue lets blocks wander by themselves: small changes need time to confirm them."""
    said = _said("blocks per call", before, after)
    confirmed = slowdown > tolerance.time
    if _above(before, after, tolerance.blocks_fail if confirmed else tolerance.blocks_alone):
        return Signal(Direction.SLOWER, said)
    if _above(after, before, tolerance.blocks_fail if slowdown < 1 / tolerance.time else tolerance.blocks_alone):
        return Signal(Direction.FASTER, said)
    if not _near(before, after, tolerance.blocks):
        return Signal(Direction.SUSPECT, f"{said}: within what visibility, vacuum and other values can do")
    return None


def _temp(before: float, after: float, tolerance: tuple[float, float]) -> Signal | None:
    if _above(before, after, tolerance):
        return Signal(Direction.SLOWER, _said("temp blocks per call", before, after))
    if _above(after, before, tolerance):
        return Signal(Direction.FASTER, _said("temp blocks per call", before, after))
    return None


def _wal(query: str, before: float | None, after: float | None, tolerance: tuple[float, float]) -> Signal | None:
    """Of writing statements only: a SELECT that prunes a page writes WAL too, now and then."""
    if before is None or after is None or not _WRITES.search(query):
        return None
    return _more("WAL records per call", before, after, tolerance)


def _time(before: Measurement, after: Measurement, slowdown: float) -> Signal | None:
    if 1 / TIME_SEEN <= slowdown <= TIME_SEEN:
        return None
    said = _said("mean execution time in ms", before.mean_exec_time_ms, after.mean_exec_time_ms)
    return Signal(Direction.SUSPECT, f"{said}: one window on each side cannot decide on time", time_only=True)


def _above(before: float, after: float, tolerance: tuple[float, float]) -> bool:
    return after > before * tolerance[0] + tolerance[1]


def _near(before: float, after: float, tolerance: tuple[float, float]) -> bool:
    return not _above(before, after, tolerance) and not _above(after, before, tolerance)


def _ratio(before: float, after: float) -> float:
    return after / before if before > 0 and after > 0 else 1.0


def _said(what: str, before: float, after: float) -> str:
    factor = f" (x{figure(after / before)})" if before > 0 else ""
    return f"{what} {figure(before)} -> {figure(after)}{factor}"
