"""Limits of the configuration: who is over them, who was already, and what windows tell of it."""

import msgspec
import pytest
from support.check_runs import Ran, S, analysis_with, compared, five, judged, outcome, window

from pgtune_cli import gate
from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.run import make_baseline
from pgtune_cli.compare.sides import Context
from pgtune_cli.compare.table_state import table_states
from pgtune_cli.compare.verdict import compare
from pgtune_cli.model.catalog import Catalog, Relation, RelationKind
from pgtune_cli.model.check_policy import AbsolutePolicy, CheckPolicy, RelativePolicy
from pgtune_cli.model.comparison import ComparisonVerdict, Outcome
from pgtune_cli.settings import Milliseconds, Settings, StatementOverride


def test_a_statement_over_the_threshold_fails_with_both_numbers() -> None:
    (comparison,) = compared(window(x=Ran(ms=250.4, calls=12)), None, S)
    assert outcome(comparison) == (
        "new",
        True,
        ("mean execution time 250 ms is over the threshold of 100 ms (12 calls)",),
    )
    assert gate.check((comparison,)).outcome is Outcome.FAILED


def test_a_statement_at_the_threshold_passes() -> None:
    (comparison,) = compared(window(x=Ran(ms=100.0)), None, S)
    assert outcome(comparison) == ("new", False, ())
    assert gate.check((comparison,)).outcome is Outcome.PASSED


def test_too_few_calls_do_not_fail() -> None:
    (comparison,) = compared(window(x=Ran(ms=250, calls=2)), None, Settings(min_calls=3))
    assert outcome(comparison) == (
        "new",
        False,
        ("mean execution time 250 ms is over the threshold of 100 ms, in 2 of the 3 calls it takes to fail",),
    )


@pytest.mark.parametrize(
    ("override", "fails"),
    [
        (StatementOverride(fingerprint="x", slow_query_threshold_ms=Milliseconds(300)), False),
        (StatementOverride(fingerprint="X", slow_query_threshold_ms=Milliseconds(200)), True),
        (StatementOverride(fingerprint="y", slow_query_threshold_ms=Milliseconds(300)), True),
        (StatementOverride(match="FROM  orders\n where", slow_query_threshold_ms=Milliseconds(300)), False),
        (StatementOverride(match="/from (orders|items)/", slow_query_threshold_ms=Milliseconds(300)), False),
        (StatementOverride(match="from (orders|items)", slow_query_threshold_ms=Milliseconds(300)), True),
        (StatementOverride(match="orders", ignore=True), False),
        (StatementOverride(match="orders", min_calls=101), False),
        (StatementOverride(match="orders", slow_query_threshold_ms=Milliseconds(0)), True),
    ],
)
def test_an_override_holds_for_the_statements_it_names(override: StatementOverride, fails: bool) -> None:
    (comparison,) = compared(window(x=Ran(ms=250)), None, Settings(statements=(override,)))
    assert comparison.fails is fails


def test_the_first_override_that_matches_wins() -> None:
    strict = StatementOverride(match="orders", slow_query_threshold_ms=Milliseconds(1))
    lax = StatementOverride(fingerprint="x", slow_query_threshold_ms=Milliseconds(1000))
    (comparison,) = compared(window(x=Ran(ms=250)), None, Settings(statements=(strict, lax)))
    assert comparison.fails


def test_an_ignored_statement_says_why() -> None:
    override = StatementOverride(match="orders", ignore=True, reason="nightly")
    (comparison,) = compared(window(x=Ran(ms=250)), None, Settings(statements=(override,)))
    assert outcome(comparison) == (
        "new",
        False,
        (
            "mean execution time 250 ms is over the threshold of 100 ms (100 calls)",
            "ignored by the configuration: nightly",
        ),
    )


def test_a_statement_over_the_threshold_in_the_baseline_is_known() -> None:
    assert outcome(judged(Ran(ms=180), Ran(ms=190))) == (
        "same",
        False,
        ("mean execution time 190 ms is over the threshold of 100 ms, known: 180 ms in the baseline",),
    )


@pytest.mark.parametrize("after", [Ran(ms=110), Ran(ms=126, deviation=80), Ran(ms=900)])
def test_a_statement_that_crosses_the_threshold_by_time_alone_in_one_window_is_undecided(after: Ran) -> None:
    """A busy machine does that to an unchanged statement: 43 ms became 126 ms."""
    comparison = judged(Ran(ms=43), after)
    assert outcome(comparison) == (
        "undecided",
        False,
        (
            f"mean execution time {figure(after.ms)} ms is over the threshold of 100 ms, 43 ms in the baseline: "
            "time alone, from one window, cannot decide; --windows 5 on both sides, or --replay 5, would decide",
        ),
    )


@pytest.mark.parametrize(
    ("after", "side_by_side", "fails", "said"),
    [
        # x1.2 is below the effect that counts, and every window is over
        ([108, 110, 109, 111, 112], True, True, "and so it is in every window, whatever the speed of the machine"),
        ([96, 104, 118, 99, 121], True, False, "within the noise of this machine"),
        # a parallel sort took twice as long beside busy processes, when its neighbours took a quarter longer
        ([180, 182, 179, 181, 183], False, False, "within what load at another time can do; --replay would decide"),
        ([408, 410, 409, 411, 412], False, True, "is over the threshold of 100 ms (100 calls)"),
    ],
)
def test_windows_tell_whether_a_threshold_was_crossed(
    after: list[float], side_by_side: bool, fails: bool, said: str
) -> None:
    context = Context(side_by_side=side_by_side)
    found = compare(five(after), five([90, 91, 89, 92, 90]), S, context).comparisons
    comparison = next(one for one in found if one.fingerprint == "x")
    assert comparison.fails is fails
    assert comparison.reasons[0].endswith(said), comparison.reasons


def test_why_windows_did_not_decide_is_said_as_it_is() -> None:
    fast, slow = [20.0, 21, 19, 22, 20], [300.0, 310, 305, 302, 299]
    replay = Context(side_by_side=True)
    (few,) = (one for one in compare(five(slow, 3), five(fast, 3), S, replay).comparisons if one.fingerprint == "x")
    assert few.reasons[0].endswith("time was not judged: it takes 6 statements to tell speed by")
    unasked = Settings(check=CheckPolicy(relative=RelativePolicy(time=False)))
    (off,) = (one for one in compare(five(slow), five(fast), unasked).comparisons if one.fingerprint == "x")
    assert off.reasons[0].endswith("check.relative.time is off, so time alone does not decide")


@pytest.mark.parametrize(("factor", "verdict"), [(2.5, "same"), (1.5, "slower")])
def test_a_factor_of_the_configuration_is_the_one_that_counts(factor: float, verdict: str) -> None:
    settings = Settings(check=CheckPolicy(relative=RelativePolicy(time=factor)))
    runs = five([36.0, 37, 35, 36, 36.5]), five([20.0, 20.5, 19.5, 20, 20.2])
    (found,) = (one for one in compare(*runs, settings).comparisons if one.fingerprint == "x")
    assert found.verdict.value == verdict


def test_definitions_without_their_constants_are_compared_with_nothing() -> None:
    whole = analysis_with("return 1")
    without = msgspec.structs.replace(whole, snapshot=msgspec.structs.replace(whole.snapshot, values=False))
    catalog = Catalog(relations=(Relation(oid=1, schema="public", name="visit", kind=RelationKind.TABLE),), triggers=())
    assert table_states(catalog, ["public.visit"], values=True)["public.visit"].code is not None
    assert table_states(catalog, ["public.visit"], values=False)["public.visit"].code is None
    assert make_baseline([window(x=Ran())], S, without).functions is None


def test_a_statement_that_crosses_the_threshold_and_does_more_work_fails() -> None:
    assert outcome(judged(Ran(ms=90), Ran(ms=110, blocks=900))) == (
        "slower",
        True,
        ("mean execution time 110 ms is over the threshold of 100 ms (100 calls)", "blocks per call 40 -> 900 (x22.5)"),
    )


def test_a_limit_of_the_configuration_holds_for_time_from_one_window() -> None:
    limited = Settings(check=CheckPolicy(absolute=AbsolutePolicy(mean_exec_time_ms=Milliseconds(100))))
    baseline = make_baseline([window(x=Ran(ms=90))], S)
    (comparison,) = compared(window(x=Ran(ms=110)), baseline, limited)
    assert comparison.fails
    assert comparison.reasons[0] == "110 ms of mean execution time are over the limit of 100"


def test_known_is_judged_by_todays_threshold() -> None:
    """Flagged at 100 ms then; today's threshold is 500 ms, which it kept then and breaks now."""
    baseline = make_baseline([window(x=Ran(ms=200))], S)
    today = Settings(slow_query_threshold_ms=Milliseconds(500))
    (comparison,) = compared(window(x=Ran(ms=600)), baseline, today)
    assert (comparison.verdict, "known" in comparison.reasons[0]) == (ComparisonVerdict.UNDECIDED, False)
    (comparison,) = compared(window(x=Ran(ms=600, rows=9)), baseline, today)
    assert comparison.fails
