"""What happened between two snapshots of one server whose counters go on counting."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from pgtune_cli.model.snapshot import Snapshot, StatementRow, Window

Key = tuple[str, str, bool]
_TOTALS = (
    "calls", "total_exec_time_ms", "rows", "shared_blks_hit", "shared_blks_read", "shared_blks_dirtied",
    "shared_blks_written", "temp_blks_read", "temp_blks_written", "blk_read_time_ms", "wal_records", "wal_bytes",
)  # fmt: skip


class Between(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    """the later one, with the counters of the time between."""
    restarted: int
    """entries that began anew in between: what they counted before that is missing."""
    evicted: int
    untold: int
    """statements that the earlier snapshot left out (--top), so that nothing is known of the time between."""


def is_whole(snapshot: Snapshot) -> bool:
    """Whether it holds all statements that there were, not only the costliest."""
    total = snapshot.workload.total_statements
    return total is None or len(snapshot.workload.rows) >= total


def goes_on(before: Snapshot, after: Snapshot) -> bool:
    """Whether `after` counts on from where `before` stood: one database, no reset, no window of its own."""
    first, second = before.workload, after.workload
    same_database = (before.server.database, before.server.version_num) == (
        after.server.database,
        after.server.version_num,
    )
    if not same_database or first.source != second.source or second.source != "pg_stat_statements":
        return False
    if first.window.seconds is not None or second.window.seconds is not None:
        return False
    if first.window.since != second.window.since:
        return False
    earlier = _by_key(first.rows)
    common = [(earlier[key], row) for key, row in _by_key(second.rows).items() if key in earlier]
    grown = sum(row.calls >= old.calls and row.total_exec_time_ms >= old.total_exec_time_ms for old, row in common)
    # without the time of the reset (before 14) the counters themselves must tell
    return bool(common) and grown * 2 >= len(common) * (1 if first.window.since is not None else 2)


def between(before: Snapshot, after: Snapshot) -> Between:
    """Statements that were not called in between are left out."""
    earlier = _by_key(before.workload.rows)
    rows, restarted, untold = [], 0, 0
    whole = is_whole(before)
    for key, row in _by_key(after.workload.rows).items():
        old = earlier.get(key)
        if old is None and not whole:
            untold += 1
        elif old is None:
            rows.append(row)
        elif _is_another(old, row):
            restarted += 1
            rows.append(row)
        elif row.calls > old.calls:
            rows.append(_difference(old, row))
    first, second = before.workload.window.evicted, after.workload.window.evicted
    evicted = second - first if first is not None and second is not None else 0
    workload = msgspec.structs.replace(
        after.workload,
        rows=tuple(rows),
        window=Window(since=after.workload.window.since, evicted=evicted),
        total_exec_time_ms=math.fsum(row.total_exec_time_ms for row in rows),
    )
    return Between(msgspec.structs.replace(after, workload=workload), restarted, evicted, untold)


def windows_of(snapshots: Sequence[Snapshot], since: Snapshot | None = None) -> tuple[list[Snapshot], list[str]]:
    """Each snapshot as a window of its own, and what is to be said: those that count on are taken from each other.

    `since` is no window itself: the first one begins there.
    """
    found: list[Snapshot] = list(snapshots[:1]) if since is None else []
    notes: list[str] = []
    for before, after in pairwise(snapshots if since is None else (since, *snapshots)):
        if not goes_on(before, after):
            found.append(after)
            continue
        part = between(before, after)
        found.append(part.snapshot)
        if part.restarted or part.evicted:
            notes.append(
                f"between two snapshots {part.evicted} entries were evicted and {part.restarted} began anew: "
                "a part of what ran is not counted"
            )
        if part.untold:
            notes.append(
                f"{part.untold} statements are not in the earlier snapshot, which holds the costliest only: "
                "nothing is known of the time between (take snapshots with --top 5000)"
            )
    return found, notes


def _by_key(rows: Sequence[StatementRow]) -> Mapping[Key, StatementRow]:
    return {(row.role, row.queryid, row.toplevel): row for row in rows}


def _is_another(old: StatementRow, row: StatementRow) -> bool:
    since = old.stats_since is not None and row.stats_since is not None and old.stats_since != row.stats_since
    return since or row.calls < old.calls or row.total_exec_time_ms < old.total_exec_time_ms


def _difference(old: StatementRow, row: StatementRow) -> StatementRow:
    figures: dict[str, Any] = {}
    for name in _TOTALS:
        now, then = getattr(row, name), getattr(old, name)
        figures[name] = None if now is None else max(now - (then or 0), 0)
    mean = figures["total_exec_time_ms"] / figures["calls"]
    return msgspec.structs.replace(
        row, **figures, mean_exec_time_ms=mean, min_exec_time_ms=None, max_exec_time_ms=None, stddev_exec_time_ms=None
    )
