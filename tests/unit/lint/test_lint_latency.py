"""The share of fast calls, estimated from mean and deviation."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.lint.latency import fast_share
from pgtune_cli.model.statement import Statement


def of(mean: float, deviation: float | None, **more: float) -> Statement:
    return Statement(
        fingerprint="a", query="", calls=100, total_exec_time_ms=100 * mean, mean_exec_time_ms=mean,
        stddev_exec_time_ms=deviation, **more,
    )  # fmt: skip


def test_of_log_normal_times_it_is_near_the_truth() -> None:
    chance = random.Random(7)
    times = [chance.lognormvariate(3.0, 1.0) for _ in range(50_000)]
    share = fast_share(of(statistics.fmean(times), statistics.pstdev(times)), 100.0)
    assert share == pytest.approx(sum(time < 100.0 for time in times) / len(times), abs=0.02)


def test_the_least_and_the_greatest_time_are_certain() -> None:
    assert fast_share(of(90.0, 50.0, max_exec_time_ms=99.0), 100.0) == 1.0
    assert fast_share(of(120.0, 5.0, min_exec_time_ms=100.0), 100.0) == 0.0


def test_calls_that_all_took_the_same_time() -> None:
    assert (fast_share(of(99.0, 0.0), 100.0), fast_share(of(100.0, 0.0), 100.0)) == (1.0, 0.0)


def test_without_a_deviation_nothing_is_said() -> None:
    assert fast_share(of(99.0, None), 100.0) is None


@given(st.floats(0.01, 1e5), st.floats(0.01, 1e5), st.floats(0.1, 1e4))
def test_it_is_a_share_and_grows_with_the_limit(mean: float, deviation: float, limit: float) -> None:
    low, high = fast_share(of(mean, deviation), limit), fast_share(of(mean, deviation), limit * 2)
    assert low is not None
    assert high is not None
    assert 0 <= low <= high <= 1
