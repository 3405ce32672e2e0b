"""The rows of pg_stat_statements become statements: merged by fingerprint, costliest first."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from pgtune_cli.model.snapshot import SampledText, Snapshot, StatementRow
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.plannable import NO_PRIVILEGE, is_plannable

MAX_SAMPLES = 20
"""texts with literals that one statement keeps, most frequent first."""


def statements(snapshot: Snapshot) -> tuple[Statement, ...]:
    """One statement for each fingerprint of the workload, by total time, then calls. Utility statements are left out.

    A text that the login may not read is a statement of its own for each queryid: it costs time, and nothing else is
    known of it.
    """
    groups: dict[str, list[StatementRow]] = defaultdict(list)
    for row in snapshot.workload.rows:
        if is_plannable(row.query):
            groups[_key(row)].append(row)
    samples: dict[str, list[SampledText]] = defaultdict(list)
    for sample in snapshot.workload.samples:
        samples[fingerprint(sample.query)].append(sample)
    total = snapshot.workload.total_exec_time_ms
    if total is None:
        total = math.fsum(row.total_exec_time_ms for row in snapshot.workload.rows if row.toplevel)
    # a CALL is not counted without track_utility: what it runs then has no caller
    longest = max((math.fsum(row.total_exec_time_ms for row in rows) for rows in groups.values()), default=0.0)
    total = max(total, longest)
    merged = [_merge(key, rows, samples.get(key, []), total) for key, rows in groups.items()]
    return tuple(sorted(merged, key=lambda one: (-one.total_exec_time_ms, -one.calls, one.fingerprint)))


def called_samples(snapshot: Snapshot) -> tuple[SampledText, ...]:
    """The samples, with the calls that were counted of their statements: few of those are seen running."""
    seen: dict[str, float] = defaultdict(float)
    keys = [fingerprint(sample.query) for sample in snapshot.workload.samples]
    for key, sample in zip(keys, snapshot.workload.samples, strict=True):
        seen[key] += sample.calls
    counted = {one.fingerprint: one.calls for one in statements(snapshot)}
    return tuple(
        msgspec.structs.replace(sample, calls=sample.calls * max(counted.get(key, 0) / seen[key], 1.0))
        for key, sample in zip(keys, snapshot.workload.samples, strict=True)
    )


def _key(row: StatementRow) -> str:
    if row.query.strip() != NO_PRIVILEGE:
        return fingerprint(row.query)
    return fingerprint(f'"hidden {row.queryid}"')


def _merge(key: str, rows: list[StatementRow], samples: list[SampledText], total_ms: float) -> Statement:
    costliest = max(rows, key=lambda row: (row.total_exec_time_ms, row.calls, row.queryid))
    calls = sum(row.calls for row in rows)
    time_ms = math.fsum(row.total_exec_time_ms for row in rows)
    texts, channel = _samples(samples)
    return Statement(
        fingerprint=key,
        queryids=tuple(sorted({row.queryid for row in rows if row.queryid})),
        roles=tuple(sorted({row.role for row in rows if row.role})),
        query=costliest.query,
        calls=calls,
        total_exec_time_ms=time_ms,
        mean_exec_time_ms=time_ms / calls if calls else 0.0,
        stddev_exec_time_ms=pooled_stddev(rows),
        max_exec_time_ms=max((row.max_exec_time_ms for row in rows if row.max_exec_time_ms is not None), default=None),
        rows=_sum(rows, lambda row: row.rows),
        shared_blks_hit=_sum(rows, lambda row: row.shared_blks_hit),
        shared_blks_read=_sum(rows, lambda row: row.shared_blks_read),
        temp_blks_read=_sum(rows, lambda row: row.temp_blks_read),
        temp_blks_written=_sum(rows, lambda row: row.temp_blks_written),
        wal_records=_known_sum(row.wal_records for row in rows),
        blk_read_time_ms=_known_total(row.blk_read_time_ms for row in rows),
        plans=_known_sum(row.plans for row in rows),
        total_plan_time_ms=_known_total(row.total_plan_time_ms for row in rows),
        jit_time_ms=_known_total(row.jit_time_ms for row in rows),
        parallel_workers_to_launch=_known_sum(row.parallel_workers_to_launch for row in rows),
        parallel_workers_launched=_known_sum(row.parallel_workers_launched for row in rows),
        min_exec_time_ms=_known_least(row.min_exec_time_ms for row in rows),
        share_of_time=time_ms / total_ms if total_ms > 0 else 0.0,
        toplevel=any(row.toplevel for row in rows),
        nested_exec_time_ms=math.fsum(row.total_exec_time_ms for row in rows if not row.toplevel),
        samples=texts,
        sample_channel=channel,
    )


def pooled_stddev(rows: Iterable[StatementRow]) -> float | None:
    """Population standard deviation of all calls together, from each row's; None when one of them is not known."""
    counted = [row for row in rows if row.calls > 0]
    calls = sum(row.calls for row in counted)
    if not calls or any(row.stddev_exec_time_ms is None for row in counted):
        return None
    mean = math.fsum(row.calls * row.mean_exec_time_ms for row in counted) / calls
    squares = math.fsum(
        row.calls * ((row.stddev_exec_time_ms or 0.0) ** 2 + (row.mean_exec_time_ms - mean) ** 2) for row in counted
    )
    return math.sqrt(squares / calls)


def _sum(rows: list[StatementRow], value: Callable[[StatementRow], int]) -> int:
    return sum(value(row) for row in rows)


def _known_sum(values: Iterable[int | None]) -> int | None:
    """None when any of them is unknown."""
    known = list(values)
    return None if any(value is None for value in known) else sum(value or 0 for value in known)


def _known_total(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if any(value is None for value in known) else math.fsum(value or 0.0 for value in known)


def _known_least(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return min(known, default=None)


def _samples(samples: list[SampledText]) -> tuple[tuple[str, ...], str | None]:
    """The most frequent texts, and the channel of most of them."""
    if not samples:
        return (), None
    seen: dict[str, float] = defaultdict(float)
    channels: dict[str, float] = defaultdict(float)
    for sample in samples:
        seen[sample.query] += sample.calls
        channels[sample.channel] += sample.calls
    texts = sorted(seen, key=lambda text: (-seen[text], text))[:MAX_SAMPLES]
    return tuple(texts), min(channels, key=lambda channel: (-channels[channel], channel))
