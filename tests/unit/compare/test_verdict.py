"""Which signals decide the verdict on a statement, and in which order they are told."""

from dataclasses import replace

import msgspec
import pytest
from support.check_runs import NEIGHBOURS, Ran, S, analysis_with, compared, judged, outcome, window

from pgtune_cli import gate
from pgtune_cli.compare.run import make_baseline
from pgtune_cli.compare.verdict import compare
from pgtune_cli.model.comparison import ComparisonVerdict, Outcome
from pgtune_cli.model.finding import Confidence, Finding, Severity


@pytest.mark.parametrize(
    ("before", "after", "fails"),
    [
        # the body of the function that it calls is another one, and most calls take longer
        ("return 1", Ran(ms=50, deviation=5), True),
        ("return 1", Ran(ms=122, deviation=2), True),
        # a stall in one call
        ("return 1", Ran(ms=50, deviation=300), False),
        # no more than a busy machine does
        ("return 1", Ran(ms=12, deviation=1), False),
        ("return 1", Ran(ms=50, deviation=5, calls=2), False),
        ("perform slow()", Ran(ms=122, deviation=2), False),
    ],
)
def test_time_decides_in_one_window_where_the_code_behind_the_text_changed(
    before: str, after: Ran, fails: bool
) -> None:
    after = replace(after, query="select price(id) from orders")
    sides = [
        make_baseline([window(x=ran, **NEIGHBOURS)], S, analysis_with(body))
        for ran, body in ((replace(after, ms=5.0, deviation=1), before), (after, "perform slow()"))
    ]
    comparison = next(one for one in compare(sides[1], sides[0], S).comparisons if one.fingerprint == "x")
    assert comparison.fails is fails, comparison.reasons
    assert ("function public.price(integer) was changed" in comparison.causes) is (before == "return 1")


def test_a_cold_cache_is_named_and_never_fails() -> None:
    warm = Ran(blocks=40, read=0)
    found = judged(warm, Ran(blocks=40, read=35, ms=130))
    assert not found.fails
    assert found.reasons == (
        "mean execution time 130 ms is over the threshold of 100 ms, 10 ms in the baseline: "
        "likely a cold cache: 35 of 40 blocks a call were read, 0 in the baseline",
    )
    measured = judged(warm, Ran(blocks=40, read=35, ms=50, reading=38))
    assert "35 of 40 blocks a call were read, which took 38 ms, 0 in the baseline" in measured.reasons[0]
    # what was read does not explain it
    for other in (Ran(blocks=40, read=35, ms=50, reading=2), Ran(blocks=40, read=2, ms=90)):
        assert "cannot decide" in judged(warm, other).reasons[0]
    # twice the blocks, all of them read: the time confirms nothing
    assert judged(Ran(blocks=400, read=0), Ran(blocks=700, read=700, ms=40)).verdict is ComparisonVerdict.UNDECIDED
    # twice the blocks, the new ones read
    assert judged(Ran(blocks=400, read=0), Ran(blocks=700, read=290, ms=40)).verdict is ComparisonVerdict.SLOWER


def test_evictions_make_numbers_of_calls_too_low() -> None:
    before = make_baseline([window(x=Ran(calls=10), y=Ran(query="select a from b"), z=Ran(calls=9), **NEIGHBOURS)], S)
    after = make_baseline([window(x=Ran(calls=200), z=Ran(calls=2), **NEIGHBOURS)], S, evicted=3)
    told = {one.fingerprint: one for one in compare(after, before, S).comparisons}
    assert outcome(told["x"]) == ("slower", True, ("calls 10 -> 200 (x20)",))
    assert outcome(told["z"]) == ("same", False, ())
    assert told["y"].reasons == ("in the baseline only, or evicted before it was read",)
    again = compare(msgspec.structs.replace(after, evicted=0), msgspec.structs.replace(before, evicted=3), S)
    assert outcome(next(one for one in again.comparisons if one.fingerprint == "x")) == ("same", False, ())
    assert "entries were evicted while the baseline was measured" in "\n".join(again.notes)


def test_a_known_statement_still_fails_when_it_does_more_work() -> None:
    comparison = judged(Ran(ms=180, blocks=1000), Ran(ms=900, blocks=9000))
    assert outcome(comparison) == (
        "slower",
        True,
        (
            "mean execution time 900 ms is over the threshold of 100 ms, known: 180 ms in the baseline",
            "blocks per call 1,000 -> 9,000 (x9)",
            "mean execution time in ms 180 -> 900 (x5)",
        ),
    )


def test_new_and_gone_are_listed_and_do_not_fail() -> None:
    baseline = make_baseline([window(old=Ran(query="select a from b"), **NEIGHBOURS)], S)
    found = compared(window(fresh=Ran(), **NEIGHBOURS), baseline, S)
    told = {comparison.fingerprint: outcome(comparison) for comparison in found if comparison.reasons}
    assert told == {
        "fresh": ("new", False, ("not in the baseline",)),
        "old": ("gone", False, ("in the baseline only",)),
    }
    assert gate.check(found).outcome is Outcome.PASSED


def test_a_new_statement_over_the_threshold_fails() -> None:
    found = compared(window(x=Ran(ms=300), **NEIGHBOURS), make_baseline([window(**NEIGHBOURS)], S), S)
    assert (found[0].fingerprint, found[0].verdict, found[0].fails) == ("x", ComparisonVerdict.NEW, True)


def test_an_unchanged_run_is_the_same() -> None:
    baseline = make_baseline([window(x=Ran(), **NEIGHBOURS)], S)
    found = compared(window(x=Ran(), **NEIGHBOURS), baseline, S)
    assert {outcome(comparison) for comparison in found} == {("same", False, ())}


@pytest.mark.parametrize(
    ("before", "after", "verdict", "reasons"),
    [
        # a lost index
        (Ran(blocks=4), Ran(blocks=800, ms=14), "slower", ("blocks per call 4 -> 800 (x200)",)),
        # a smaller rise of blocks, confirmed by time
        (Ran(blocks=400), Ran(blocks=700, ms=13), "slower", ("blocks per call 400 -> 700 (x1.75)",)),
        # an index-only scan whose pages are no longer all visible
        (Ran(blocks=12), Ran(blocks=36), "undecided",
         ("blocks per call 12 -> 36 (x3): within what visibility, vacuum and other values can do",)),
        (Ran(blocks=40), Ran(blocks=44), "same", ()),
        (Ran(blocks=800), Ran(blocks=4, ms=9), "faster", ("blocks per call 800 -> 4 (x0.005)",)),
        # a lost predicate
        (Ran(rows=20), Ran(rows=23), "slower", ("rows per call 20 -> 23 (x1.15)",)),
        (Ran(rows=0.2), Ran(rows=0.6), "same", ()),
        (Ran(rows=0), Ran(rows=4), "slower", ("rows per call 0 -> 4",)),
        # N+1
        (Ran(calls=10), Ran(calls=200), "slower", ("calls 10 -> 200 (x20)",)),
        (Ran(calls=10), Ran(calls=13), "same", ()),
        (Ran(calls=200), Ran(calls=10), "faster", ("calls 200 -> 10 (x0.05)",)),
        # a sort that spills
        (Ran(temp=0), Ran(temp=30), "slower", ("temp blocks per call 0 -> 30",)),
        (Ran(temp=30), Ran(temp=0), "faster", ("temp blocks per call 30 -> 0 (x0)",)),
        # an index more on a table that is written
        (Ran(query="update t set a = $1 where b = $2", wal=2), Ran(query="update t set a = $1 where b = $2", wal=4),
         "slower", ("WAL records per call 2 -> 4 (x2)",)),
        (Ran(query="with w as (insert into t values ($1) returning a) select * from w", wal=2),
         Ran(query="with w as (insert into t values ($1) returning a) select * from w", wal=4),
         "slower", ("WAL records per call 2 -> 4 (x2)",)),
        # a SELECT that prunes
        (Ran(query="select a from b for update", wal=0), Ran(query="select a from b for update", wal=4), "same", ()),
        # time alone
        (Ran(ms=5), Ran(ms=50), "undecided",
         ("mean execution time in ms 5 -> 50 (x10): one window on each side cannot decide on time",)),
        (Ran(ms=5), Ran(ms=6.5), "same", ()),
        (Ran(ms=50), Ran(ms=10), "undecided",
         ("mean execution time in ms 50 -> 10 (x0.2): one window on each side cannot decide on time",)),
        # nobody wants to hear of these
        (Ran(ms=0.03), Ran(ms=0.2), "same", ()),
        (Ran(ms=17), Ran(ms=8), "same", ()),
    ],
)  # fmt: skip
def test_the_work_decides(before: Ran, after: Ran, verdict: str, reasons: tuple[str, ...]) -> None:
    comparison = judged(before, after)
    assert outcome(comparison) == (verdict, verdict == "slower", reasons)


def test_a_slower_machine_is_not_a_slower_statement() -> None:
    slow = {key: Ran(query=ran.query, calls=ran.calls, ms=ran.ms * 2) for key, ran in NEIGHBOURS.items()}
    assert outcome(judged(Ran(blocks=400), Ran(blocks=700, ms=20), slow))[0] == "undecided"
    assert outcome(judged(Ran(), Ran(ms=20), slow)) == ("same", False, ())


def test_more_calls_mean_nothing_when_all_statements_ran_more_often() -> None:
    longer = {key: Ran(query=ran.query, calls=ran.calls * 7, ms=ran.ms) for key, ran in NEIGHBOURS.items()}
    assert outcome(judged(Ran(calls=10), Ran(calls=200), longer)) == ("same", False, ())


def test_one_statement_alone_cannot_tell_what_more_calls_mean() -> None:
    (comparison,) = compared(window(x=Ran(calls=200)), make_baseline([window(x=Ran(calls=10))], S), S)
    assert outcome(comparison) == ("same", False, ())


def test_growth_on_a_live_server_does_not_fail() -> None:
    """Other calls and twice the rows and blocks: the same workload a few weeks later."""
    longer = {key: Ran(query=ran.query, calls=ran.calls * 7, ms=ran.ms) for key, ran in NEIGHBOURS.items()}
    comparison = judged(Ran(rows=50, blocks=900), Ran(rows=100, blocks=1800, ms=20), longer)
    assert (comparison.verdict, comparison.fails) == (ComparisonVerdict.UNDECIDED, False)


def test_a_lost_index_fails_on_a_live_server_too() -> None:
    longer = {key: Ran(query=ran.query, calls=ran.calls * 7, ms=ran.ms) for key, ran in NEIGHBOURS.items()}
    comparison = judged(Ran(blocks=4), Ran(blocks=900, ms=20), longer)
    assert (comparison.verdict, comparison.fails) == (ComparisonVerdict.SLOWER, True)


def test_those_that_fail_come_first() -> None:
    baseline = make_baseline([window(a=Ran(), b=Ran(blocks=4), **NEIGHBOURS)], S)
    found = compared(window(a=Ran(), b=Ran(blocks=900), c=Ran(), **NEIGHBOURS), baseline, S)
    assert [comparison.fingerprint for comparison in found][:3] == ["b", "c", "a"]


def finding(severity: Severity) -> Finding:
    return Finding(
        id="1", rule="R1", severity=severity, confidence=Confidence.HIGH, title="t", detail="d", evidence={}
    )  # fmt: skip


def test_the_gate_is_reached_by_a_finding_as_severe() -> None:
    assert gate.reached([finding(Severity.WARNING)], Severity.WARNING)
    assert gate.reached([finding(Severity.ERROR)], Severity.WARNING)
    assert not gate.reached([finding(Severity.INFO)], Severity.WARNING)
    assert not gate.reached([], Severity.INFO)


def test_a_baseline_that_says_nothing_about_the_run_is_told() -> None:
    run = make_baseline([window(x=Ran())], S)
    empty = compare(run, make_baseline([], S), S)
    assert empty.notes[0] == "the baseline is empty: nothing was compared"
    other = compare(run, make_baseline([window(y=Ran(query="select 1"))], S), S)
    assert other.notes[0].startswith("none of the baseline's 1 statements ran")
