"""Counters of all versions of the extension, and the difference of two readings."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.collect.counters import Counters, counters_of, difference

COMMON = {
    "calls": 2,
    "rows": 3,
    "shared_blks_hit": 4,
    "shared_blks_read": 5,
    "local_blks_read": 1,
    "local_blks_written": 2,
}


def test_before_1_8_times_had_other_names() -> None:
    found = counters_of(
        {**COMMON, "total_time": 10, "min_time": 4, "max_time": 6, "mean_time": 5, "stddev_time": 1, "blk_read_time": 2}
    )
    assert found == Counters(
        calls=2, total_ms=10, min_ms=4, max_ms=6, mean_ms=5, stddev_ms=1, rows=3, shared_blks_hit=4, shared_blks_read=5,
        local_blks=3, read_ms=2,
    )  # fmt: skip


def test_from_1_11_shared_reads_have_their_own_time() -> None:
    found = counters_of(
        {
            **COMMON,
            "total_exec_time": 10,
            "mean_exec_time": 5,
            "shared_blk_read_time": 2,
            "wal_bytes": 7,
            "stats_since": "x",
        }
    )
    assert found == Counters(
        calls=2, total_ms=10, mean_ms=5, rows=3, shared_blks_hit=4, shared_blks_read=5, local_blks=3, read_ms=2,
        wal_bytes=7, stats_since="x",
    )  # fmt: skip


TIMES = st.lists(st.floats(0.01, 1000), min_size=1, max_size=20)


def of(times: list[float], **others: int) -> Counters:
    return Counters(
        calls=len(times),
        total_ms=sum(times),
        mean_ms=statistics.fmean(times),
        stddev_ms=statistics.pstdev(times),
        **others,
    )


@given(before=TIMES, between=TIMES)
def test_mean_and_deviation_are_those_of_the_calls_between(before: list[float], between: list[float]) -> None:
    found = difference(of(before), of(before + between))
    assert found is not None
    assert found.stddev_ms is not None
    assert found.calls == len(between)
    assert math.isclose(found.mean_ms, statistics.fmean(between), rel_tol=1e-6)
    assert math.isclose(found.stddev_ms, statistics.pstdev(between), rel_tol=1e-3, abs_tol=0.01)


def test_totals_are_subtracted_and_extremes_are_unknown() -> None:
    before = Counters(calls=1, total_ms=5, mean_ms=5, min_ms=5, max_ms=5, rows=1, wal_records=2)
    after = Counters(calls=3, total_ms=9, mean_ms=3, min_ms=1, max_ms=5, rows=4, wal_records=9)
    assert difference(before, after) == Counters(calls=2, total_ms=4, mean_ms=2, rows=3, wal_records=7)


def test_what_was_not_called_is_not_in_the_window() -> None:
    same = Counters(calls=1, total_ms=5, mean_ms=5)
    assert difference(same, same) is None
    assert difference(None, Counters(calls=0, total_ms=0, mean_ms=0)) is None


@pytest.mark.parametrize(
    "before",
    [
        None,
        Counters(calls=9, total_ms=1, mean_ms=1),
        Counters(calls=1, total_ms=99, mean_ms=99),
        Counters(calls=1, total_ms=1, mean_ms=1, stats_since="earlier"),
    ],
)
def test_an_entry_that_is_new_or_was_reset_counts_whole(before: Counters | None) -> None:
    after = Counters(calls=2, total_ms=4, mean_ms=2, min_ms=1, max_ms=3)
    assert difference(before, after) == after
