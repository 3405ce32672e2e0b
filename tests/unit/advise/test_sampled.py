"""Statistics made of a sample are what ANALYZE makes of one."""

from itertools import product

import pytest

from pgtune_cli.advise.sampled import column_statistics, distinct, extended_data
from pgtune_cli.explain.table_sample import TableSample
from pgtune_cli.model.extended import CommonRow, Dependency, DistinctCount
from pgtune_cli.model.snapshot import ColumnStatistics

KNOWN = ColumnStatistics(schema="s", table="t", column="a", null_frac=0.0, avg_width=4, n_distinct=-1.0)


def sample(rows: dict[tuple[str | None, ...], int], of: float) -> TableSample:
    return TableSample(rows=sum(rows.values()), table_rows=of, combinations=tuple(rows.items()))


def test_distinct_values_are_estimated_as_the_server_does() -> None:
    assert distinct([5, 5, 5], 15) == 3
    assert distinct([2] * 100, 1e6) == 100  # nothing was seen once: all were seen
    assert distinct([1] * 100, 1e6) == 1e6  # all were seen once: all are different
    # n d / (n - f1 + f1 n / N) = 30 * 20 / (30 - 10 + 10 * 30 / 3000)
    assert distinct([2] * 10 + [1] * 10, 3000) == 30


def test_dependencies_count_the_rows_that_agree() -> None:
    found = sample({("a", "1"): 6, ("a", "2"): 2, ("b", "3"): 2}, of=1000)
    data = extended_data("s", "n", found, ("x", "y"), (), ("dependencies", "ndistinct"), 100, inherited=False)
    assert data.dependencies == (Dependency(("x", "y"), 0.2), Dependency(("y", "x"), 1.0))
    assert data.distinct == (DistinctCount(("x", "y"), 3.0),)


def test_common_rows_leave_out_what_was_seen_too_seldom() -> None:
    found = sample({("a", "1"): 500, ("b", "2"): 498, ("c", None): 2}, of=1_000_000)
    data = extended_data("s", "n", found, ("x", "y"), (), ("mcv",), 100, inherited=False)
    assert data.common == (CommonRow(("a", "1"), 0.5, 0.25), CommonRow(("b", "2"), 0.498, pytest.approx(0.498**2)))


def test_three_columns_have_every_subset() -> None:
    rows = {(str(a), str(b), str(a + b)): 3 for a, b in product(range(5), range(5))}
    data = extended_data("s", "n", sample(rows, of=75), ("x", "y", "z"), (), ("ndistinct", "dependencies"), 100,
                         inherited=False)  # fmt: skip
    assert {one.attributes: one.count for one in data.distinct} == {
        ("x", "y"): 25, ("x", "z"): 25, ("y", "z"): 25, ("x", "y", "z"): 25,
    }  # fmt: skip
    whole = {one.attributes for one in data.dependencies if one.degree == 1.0}
    assert whole == {("x", "y", "z"), ("x", "z", "y"), ("y", "z", "x")}


def test_a_longer_list_holds_what_a_shorter_one_left_out() -> None:
    rows: dict[tuple[str | None, ...], int] = {(f"c{n}",): 100 for n in range(150)}
    rows |= {(f"r{n}",): 1 for n in range(5000)}
    found = sample(rows | {(None,): 10}, of=200_000)
    short = column_statistics(KNOWN, found, 0, 100)
    long_ = column_statistics(KNOWN, found, 0, 200)
    assert (len(short.most_common_freqs or ()), len(long_.most_common_freqs or ())) == (100, 150)
    assert long_.null_frac == 10 / found.rows
