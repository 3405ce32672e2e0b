"""What a statement cost per call, as a baseline keeps it: rounded, so that a diff shows changes and not noise."""

from collections.abc import Sequence
from math import floor, fsum, log10

import msgspec

from pgtune_cli.model.comparison import Measurement
from pgtune_cli.model.statement import Statement


def measure(statement: Statement) -> Measurement:
    """Times in milliseconds, blocks (hit + read) of 8 kB, temp blocks written; each per call."""
    calls = max(statement.calls, 1)
    blocks = statement.shared_blks_hit + statement.shared_blks_read
    deviation, wal, reading = statement.stddev_exec_time_ms, statement.wal_records, statement.blk_read_time_ms
    return Measurement(
        calls=statement.calls,
        mean_exec_time_ms=significant(statement.mean_exec_time_ms, 3),
        stddev_exec_time_ms=None if deviation is None else significant(deviation, 2),
        rows_per_call=significant(statement.rows / calls, 4),
        blocks_per_call=significant(blocks / calls, 4),
        blocks_read_per_call=significant(statement.shared_blks_read / calls, 4),
        blk_read_time_ms_per_call=significant(reading / calls, 2) if reading else None,
        temp_blocks_per_call=significant(statement.temp_blks_written / calls, 4),
        wal_records_per_call=None if wal is None else significant(wal / calls, 4),
    )


def merged(windows: Sequence[Statement], of: int) -> Statement:
    """The statement of a typical window: sums over the windows it ran in, divided by `of`, the number taken."""
    if of == 1:
        return windows[0]
    calls = sum(one.calls for one in windows)
    time = fsum(one.total_exec_time_ms for one in windows)
    wal = [one.wal_records for one in windows]
    reading = [one.blk_read_time_ms for one in windows]
    return msgspec.structs.replace(
        windows[-1],
        calls=max(round(calls / of), 1),
        total_exec_time_ms=time / of,
        mean_exec_time_ms=time / max(calls, 1),
        stddev_exec_time_ms=None,
        rows=round(sum(one.rows for one in windows) / of),
        shared_blks_hit=round(sum(one.shared_blks_hit for one in windows) / of),
        shared_blks_read=round(sum(one.shared_blks_read for one in windows) / of),
        blk_read_time_ms=None if None in reading else fsum(each or 0.0 for each in reading) / of,
        temp_blks_written=round(sum(one.temp_blks_written for one in windows) / of),
        wal_records=None if None in wal else round(sum(each or 0 for each in wal) / of),
    )


def significant(value: float, digits: int) -> float:
    """`value` to so many significant digits."""
    return round(value, digits - 1 - floor(log10(abs(value)))) if value else 0.0


def figure(value: float) -> str:
    """A number as a person reads it: three significant digits, no exponent."""
    rounded = significant(value, 3)
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:.5f}".rstrip("0").rstrip(".")
