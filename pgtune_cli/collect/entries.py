"""The entries of pg_stat_statements: read, taken from each other, ranked, and given their texts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pgtune_cli.collect.counters import Counters, counters_of, difference
from pgtune_cli.collect.kind import Kind, kind_of, query_of
from pgtune_cli.collect.reader import Reader, text_of
from pgtune_cli.model.snapshot import StatementRow

Key = tuple[int, int, bool]
"""userid, queryid, toplevel; the database is always the current one."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    userid: int
    queryid: int | None
    """None where the entry is hidden from this role."""
    toplevel: bool
    role: str
    head: str
    """the beginning of the text."""
    family: str | None
    """equal for texts that differ in the length of an IN list only."""
    kind: Kind
    counters: Counters


async def read_baseline(reader: Reader) -> dict[Key, Counters]:
    """The first reading of a window."""
    rows = await reader.attempt("statement_baseline")
    found: dict[Key, Counters] = {}
    for row in rows:
        numbers = _decoded(row["counters"])
        found[row["userid"], row["queryid"], numbers.get("toplevel", True)] = counters_of(numbers)
    return found


async def read_entries(reader: Reader, baseline: Mapping[Key, Counters] | None = None) -> list[Entry]:
    """All entries of this database; since the baseline, where there is one.

    Raises:
        PostgresError: pg_stat_statements cannot be read.
    """
    found = []
    for row in await reader.attempt("statement_counters"):
        numbers = _decoded(row["counters"])
        toplevel = numbers.get("toplevel", True)
        counters: Counters | None = counters_of(numbers)
        if baseline is not None and counters is not None:
            counters = difference(baseline.get((row["userid"], row["queryid"], toplevel)), counters)
        if counters is None or counters.calls == 0:
            continue
        head = text_of(row["head"])
        kind = Kind.OWN if row["own"] else kind_of(head if row["queryid"] is not None else None)
        found.append(
            Entry(
                userid=row["userid"],
                queryid=row["queryid"],
                toplevel=toplevel,
                role=row["role"],
                head=head or "",
                family=row["family"],
                kind=kind,
                counters=counters,
            )
        )
    return found


def _decoded(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


def costliest(entries: Sequence[Entry], top: int, order_by: str) -> list[Entry]:
    """The entries of the `top` families that cost most, costliest first. The order does not depend on how they came."""
    families: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        families[entry.family or f"{entry.queryid}"].append(entry)
    ranked = sorted(families.items(), key=lambda item: (*(-cost for cost in _costs(item[1], order_by)), item[0]))
    return [
        entry
        for _, members in ranked[:top]
        for entry in sorted(members, key=lambda e: (-e.counters.total_ms, e.queryid or 0, e.role, not e.toplevel))
    ]


def _costs(entries: Sequence[Entry], order_by: str) -> tuple[float, ...]:
    """What to rank by, and the total time among equals."""
    calls = sum(entry.counters.calls for entry in entries)
    total = sum(entry.counters.total_ms for entry in entries)
    by = {
        "total": total,
        "mean": total / max(calls, 1),
        "calls": calls,
        "io": sum(_io(entry.counters) for entry in entries),
        "rows": sum(entry.counters.rows for entry in entries),
    }
    return by[order_by], total


def _io(counters: Counters) -> int:
    """Blocks that came from, or went to, the operating system."""
    shared = counters.shared_blks_read + counters.shared_blks_written
    return shared + counters.local_blks + counters.temp_blks_read + counters.temp_blks_written


async def with_texts(reader: Reader, entries: Sequence[Entry]) -> list[StatementRow]:
    """The entries with their whole texts; one that was dropped meanwhile keeps its beginning if that is all of it."""
    # as text: the driver would look up the type of a bigint[], with statements of its own
    queryids = sorted({str(entry.queryid) for entry in entries})
    rows = await reader.rows_of("statement_texts", queryids, lambda queryid: f"queryid {queryid}")
    texts = {(row["userid"], row["queryid"]): text_of(row["query"]) for row in rows}
    found = []
    for entry in entries:
        text = texts.get((entry.userid, entry.queryid)) or (entry.head if len(entry.head) < 2000 else None)
        if text is None:
            reader.skip(f"statement {entry.queryid}", "pg_stat_statements dropped it while it was read")
        else:
            found.append(_row(entry, query_of(text)))
    return found


def _row(entry: Entry, text: str) -> StatementRow:
    counters = entry.counters
    return StatementRow(
        queryid=str(entry.queryid),
        role=entry.role,
        toplevel=entry.toplevel,
        query=text,
        calls=counters.calls,
        total_exec_time_ms=counters.total_ms,
        min_exec_time_ms=counters.min_ms,
        max_exec_time_ms=counters.max_ms,
        mean_exec_time_ms=counters.mean_ms,
        stddev_exec_time_ms=counters.stddev_ms,
        rows=counters.rows,
        shared_blks_hit=counters.shared_blks_hit,
        shared_blks_read=counters.shared_blks_read,
        shared_blks_dirtied=counters.shared_blks_dirtied,
        shared_blks_written=counters.shared_blks_written,
        temp_blks_read=counters.temp_blks_read,
        temp_blks_written=counters.temp_blks_written,
        blk_read_time_ms=counters.read_ms,
        wal_records=counters.wal_records,
        wal_bytes=counters.wal_bytes,
        plans=counters.plans,
        total_plan_time_ms=counters.plan_ms,
        jit_time_ms=counters.jit_ms,
        parallel_workers_to_launch=counters.workers_to_launch,
        parallel_workers_launched=counters.workers_launched,
        stats_since=counters.stats_since,
    )
