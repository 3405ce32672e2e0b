"""The counters of one entry of pg_stat_statements, whatever its version calls them."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

JIT_PHASES = ("generation", "inlining", "optimization", "emission", "deform")
_RENAMED = {
    # 1.8 (server 13) split planning from execution
    "total_exec_time": "total_time",
    "min_exec_time": "min_time",
    "max_exec_time": "max_time",
    "mean_exec_time": "mean_time",
    "stddev_exec_time": "stddev_time",
    # 1.11 (server 17) told shared from local
    "shared_blk_read_time": "blk_read_time",
}


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of one entry. Times in milliseconds; None is a counter that this version does not have."""

    calls: int
    total_ms: float
    mean_ms: float
    stddev_ms: float | None = None
    min_ms: float | None = None
    max_ms: float | None = None
    rows: int = 0
    shared_blks_hit: int = 0
    shared_blks_read: int = 0
    shared_blks_dirtied: int = 0
    shared_blks_written: int = 0
    local_blks: int = 0
    temp_blks_read: int = 0
    temp_blks_written: int = 0
    read_ms: float | None = None
    wal_records: int | None = None
    wal_bytes: int | None = None
    plans: int | None = None
    plan_ms: float | None = None
    jit_ms: float | None = None
    workers_to_launch: int | None = None
    workers_launched: int | None = None
    stats_since: str | None = None
    """when the entry began, 1.11 and later; another value is another entry of the same key."""


def counters_of(found: Mapping[str, Any]) -> Counters:
    """The counters of a row as the extension has them."""

    def value(name: str) -> Any:
        return found.get(name, found.get(_RENAMED.get(name, name)))

    return Counters(
        calls=int(value("calls")),
        total_ms=float(value("total_exec_time")),
        mean_ms=float(value("mean_exec_time") or 0.0),
        stddev_ms=_float(value("stddev_exec_time")),
        min_ms=_float(value("min_exec_time")),
        max_ms=_float(value("max_exec_time")),
        rows=_int(value("rows")) or 0,
        shared_blks_hit=_int(value("shared_blks_hit")) or 0,
        shared_blks_read=_int(value("shared_blks_read")) or 0,
        shared_blks_dirtied=_int(value("shared_blks_dirtied")) or 0,
        shared_blks_written=_int(value("shared_blks_written")) or 0,
        local_blks=(_int(value("local_blks_read")) or 0) + (_int(value("local_blks_written")) or 0),
        temp_blks_read=_int(value("temp_blks_read")) or 0,
        temp_blks_written=_int(value("temp_blks_written")) or 0,
        read_ms=_float(value("shared_blk_read_time")),
        wal_records=_int(value("wal_records")),
        wal_bytes=_int(value("wal_bytes")),
        plans=_int(value("plans")),
        plan_ms=_float(value("total_plan_time")),
        jit_ms=_jit_ms(found),
        workers_to_launch=_int(value("parallel_workers_to_launch")),
        workers_launched=_int(value("parallel_workers_launched")),
        stats_since=value("stats_since"),
    )


def _jit_ms(found: Mapping[str, Any]) -> float | None:
    """All phases of compiling; they came with 1.10, deforming with 1.11."""
    phases = [_float(found.get(f"jit_{phase}_time")) for phase in JIT_PHASES]
    known = [phase for phase in phases if phase is not None]
    return math.fsum(known) if known else None


def _int(value: Any) -> int | None:
    return None if value is None else int(value)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def difference(before: Counters | None, after: Counters) -> Counters | None:
    """What was counted between two readings of one key; None when it was not called.

    An entry that was reset, or dropped and made anew, counts from its own beginning: that lies inside the window.
    """
    if before is None or _is_another(before, after):
        return after if after.calls > 0 else None
    calls = after.calls - before.calls
    if calls == 0:
        return None
    total = max(after.total_ms - before.total_ms, 0.0)

    def since(name: str) -> Any:
        new, old = getattr(after, name), getattr(before, name)
        return None if new is None else max(new - (old or 0), 0)

    return Counters(
        calls=calls,
        total_ms=total,
        mean_ms=total / calls,
        stddev_ms=_stddev_between(before, after, total / calls),
        **{name: since(name) for name in _TOTALS},
        stats_since=after.stats_since,
    )


_TOTALS = (
    "rows", "shared_blks_hit", "shared_blks_read", "shared_blks_dirtied", "shared_blks_written", "local_blks",
    "temp_blks_read", "temp_blks_written", "read_ms", "wal_records", "wal_bytes",
    "plans", "plan_ms", "jit_ms", "workers_to_launch", "workers_launched",
)  # fmt: skip


def _is_another(before: Counters, after: Counters) -> bool:
    return before.stats_since != after.stats_since or after.calls < before.calls or after.total_ms < before.total_ms


def _stddev_between(before: Counters, after: Counters, mean: float) -> float | None:
    """The population deviation of the calls between, from the sums of squares of both readings (Chan et al., 1979)."""
    if before.stddev_ms is None or after.stddev_ms is None:
        return None
    calls = after.calls - before.calls
    apart = (mean - before.mean_ms) ** 2 * before.calls * calls / after.calls
    squares = after.stddev_ms**2 * after.calls - before.stddev_ms**2 * before.calls - apart
    return math.sqrt(max(squares, 0.0) / calls)
