"""What changed in a statement, from one run on each side.

Blocks, rows, calls, temp blocks and WAL records repeat from run to run, time does not: they decide. Time decides only
where the code that runs is known to be another.
"""

import re

import msgspec

from pgtune_cli.compare.cold import cold_cache
from pgtune_cli.compare.direction import Direction, Signal
from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.tolerance import Bound, Tolerance, above, near
from pgtune_cli.model.comparison import Measurement

TIME_SEEN = 1.5
"""a change of the mean that is worth a word; whether it is one, one window each cannot tell."""
TIME_FELL = 3.0
"""the first run of a fresh database is slower by itself, so that what follows is often faster"""
WORTH_A_WORD_MS = 1.0
SLOW_CODE: Bound = (3.0, 1.0)
"""factor and ms: half of the calls over this, and code that changed, are no chance; one busy window trebles a mean."""
FEWEST_CALLS = 3
_WRITES = re.compile(r"\b(insert\s+into|delete\s+from|update\s+.+?\s+set|merge\s+into)\b", re.IGNORECASE | re.DOTALL)


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What else is known of both runs."""

    tolerance: Tolerance
    speed: float = 1.0
    """how much slower the machine was the second time."""
    growth: float = 1.0
    """the largest growth of a table of the statement, by rows counted."""
    grown: str = ""
    """which table that is."""
    plan_changed: bool = False
    plan_worse: bool = False
    """it reads a table sequentially, or more tables, where it did not."""
    calls_missed: bool = False
    """the second run may have had more calls than were counted."""
    windows_judged: bool = False
    """time is judged from several windows elsewhere."""
    code_changed: bool = False
    """its text, or code that it runs: more time is then no chance."""
    same_text: bool = True


def signals(query: str, before: Measurement, after: Measurement, around: Circumstances) -> list[Signal]:
    """What changed; empty when nothing did. `query` tells whether it writes."""
    tolerance = around.tolerance
    found = [
        _calls(before, after, tolerance.calls, around.calls_missed),
        _more("rows per call", before.rows_per_call, after.rows_per_call, tolerance.rows, around, 1.1),
        _blocks(before, after, around),
        _temp(before.temp_blocks_per_call, after.temp_blocks_per_call, tolerance.temp),
        _wal(query, before.wal_records_per_call, after.wal_records_per_call, around),
        None if around.windows_judged else _time(before, after, around),
    ]
    return [signal for signal in found if signal is not None]


def _calls(before: Measurement, after: Measurement, bound: Bound | None, missed: bool) -> Signal | None:
    """The rest of the workload is the same: more calls are an N+1, fewer are one that went."""
    if bound is None:
        return None
    if above(before.calls, after.calls, bound):
        return Signal(Direction.SLOWER, said("calls", before.calls, after.calls), calls=True)
    if above(after.calls, before.calls, bound) and not missed:
        return Signal(Direction.FASTER, said("calls", before.calls, after.calls))
    return None


def _more(
    what: str, before: float, after: float, bound: Bound | None, around: Circumstances, room: float
) -> Signal | None:
    if bound is None or not above(before, after, bound):
        return None
    if _is_growth(before, after, around, room):
        return Signal(Direction.SUSPECT, f"{said(what, before, after)}: {_grew(around)}")
    return Signal(Direction.SLOWER, said(what, before, after))


def _blocks(earlier: Measurement, later: Measurement, around: Circumstances) -> Signal | None:
    """An index-only scan or a queue lets blocks wander by themselves: small changes need time to confirm them."""
    tolerance = around.tolerance
    before, after = earlier.blocks_per_call, later.blocks_per_call
    slowdown = ratio(earlier.mean_exec_time_ms, later.mean_exec_time_ms) / around.speed
    if tolerance.blocks is None:
        return None
    text = said("blocks per call", before, after)
    if above(before, after, tolerance.blocks) and not around.plan_changed and _is_growth(before, after, around, 1.15):
        return Signal(Direction.SUSPECT, f"{text}: {_grew(around)}")
    # a scan that was not there before is a reason, so that blocks need not be confirmed by time
    slower = slowdown > tolerance.time and cold_cache(earlier, later, around.speed) is None
    confirmed = slower or around.plan_worse
    if above(before, after, tolerance.blocks_fail if confirmed else tolerance.blocks_alone):
        return Signal(Direction.SLOWER, text)
    if above(after, before, tolerance.blocks_fail if slowdown < 1 / tolerance.time else tolerance.blocks_alone):
        return Signal(Direction.FASTER, text)
    if not near(before, after, tolerance.blocks):
        return Signal(Direction.SUSPECT, text, doubt="within what visibility, vacuum and other values can do")
    return None


def _temp(before: float, after: float, bound: Bound | None) -> Signal | None:
    if bound is None:
        return None
    if above(before, after, bound):
        return Signal(Direction.SLOWER, said("temp blocks per call", before, after))
    if above(after, before, bound):
        return Signal(Direction.FASTER, said("temp blocks per call", before, after))
    return None


def _wal(query: str, before: float | None, after: float | None, around: Circumstances) -> Signal | None:
    """Of writing statements only: a SELECT that prunes a page writes WAL too, now and then."""
    if before is None or after is None or not _WRITES.search(query):
        return None
    return _more("WAL records per call", before, after, around.tolerance.wal, around, 1.15)


def _time(before: Measurement, after: Measurement, around: Circumstances) -> Signal | None:
    slowdown = ratio(before.mean_exec_time_ms, after.mean_exec_time_ms) / around.speed
    added_ms = after.mean_exec_time_ms / around.speed - before.mean_exec_time_ms
    if 1 / TIME_FELL <= slowdown <= TIME_SEEN or abs(added_ms) < WORTH_A_WORD_MS:
        return None
    text = said("mean execution time in ms", before.mean_exec_time_ms, after.mean_exec_time_ms)
    cold = cold_cache(before, after, around.speed)
    if cold is not None:
        return Signal(Direction.SUSPECT, text, time_only=True, doubt=cold)
    if around.code_changed and _most_calls_slower(before, after, around.speed):
        which = "the code that it runs" if around.same_text else "its text"
        return Signal(Direction.SLOWER, f"{text}, in most calls, and {which} changed")
    return Signal(Direction.SUSPECT, text, time_only=True, doubt="one window on each side cannot decide on time")


def _most_calls_slower(before: Measurement, after: Measurement, speed: float) -> bool:
    """At least half of the calls took so much longer (Cantelli's inequality), so that no single stall explains it."""
    if after.stddev_exec_time_ms is None or after.calls < FEWEST_CALLS:
        return False
    half = (after.mean_exec_time_ms - after.stddev_exec_time_ms) / speed
    return half > SLOW_CODE[0] * before.mean_exec_time_ms + SLOW_CODE[1]


def _is_growth(before: float, after: float, around: Circumstances, room: float) -> bool:
    return around.growth > 1.02 and ratio(before, after) <= room * around.growth


def _grew(around: Circumstances) -> str:
    return f"{around.grown} grew by {around.growth - 1:.0%}"


def ratio(before: float, after: float) -> float:
    return after / before if before > 0 and after > 0 else 1.0


def said(what: str, before: float, after: float) -> str:
    factor = f" (x{figure(after / before)})" if before > 0 else ""
    return f"{what} {figure(before)} -> {figure(after)}{factor}"
