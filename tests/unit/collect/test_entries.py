"""Which entries are read whole: --top and --order-by."""

import pytest

from pgtune_cli.collect.counters import Counters
from pgtune_cli.collect.entries import Entry, costliest
from pgtune_cli.collect.kind import Kind


def entry(queryid: int, total: float, calls: int = 1, rows: int = 0, io: int = 0, family: str | None = None) -> Entry:
    counters = Counters(calls=calls, total_ms=total, mean_ms=total / calls, rows=rows, temp_blks_read=io)
    return Entry(
        userid=10,
        queryid=queryid,
        toplevel=True,
        role="r",
        head="",
        family=family or str(queryid),
        kind=Kind.QUERY,
        counters=counters,
    )


def ids(entries: list[Entry], top: int = 10, order_by: str = "total") -> list[int | None]:
    return [each.queryid for each in costliest(entries, top, order_by)]


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ("total", [1, 2, 3, 4]),
        ("mean", [2, 1, 4, 3]),
        ("calls", [3, 1, 2, 4]),
        ("rows", [4, 1, 2, 3]),
        ("io", [3, 1, 2, 4]),
    ],
)
def test_each_order_ranks_by_its_counter(order_by: str, expected: list[int]) -> None:
    entries = [entry(4, 1, rows=9), entry(3, 10, calls=50, io=7), entry(2, 30), entry(1, 40, calls=2)]
    assert ids(entries, order_by=order_by) == expected


def test_top_counts_families_not_entries() -> None:
    split = [entry(n, 3, family="in list") for n in (5, 6, 7)]
    assert ids([entry(1, 8), *split, entry(2, 1)], top=2) == [5, 6, 7, 1]


def test_the_order_does_not_depend_on_how_the_entries_came() -> None:
    entries = [entry(n, 5) for n in (3, 1, 2)]
    assert ids(entries) == ids(entries[::-1]) == [1, 2, 3]
