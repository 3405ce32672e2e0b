"""`pgtune check`: thresholds, what is known, and which signals decide."""

from dataclasses import dataclass, replace

import msgspec
import pytest

from pgtune_cli import gate
from pgtune_cli.compare.measure import figure, significant
from pgtune_cli.compare.run import make_baseline
from pgtune_cli.compare.sides import Context
from pgtune_cli.compare.table_state import table_states
from pgtune_cli.compare.verdict import compare
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, Function, Relation, RelationKind
from pgtune_cli.model.check_policy import AbsolutePolicy, CheckPolicy, RelativePolicy
from pgtune_cli.model.comparison import Baseline, Comparison, ComparisonVerdict, Outcome
from pgtune_cli.model.finding import Confidence, Finding, Severity
from pgtune_cli.model.snapshot import Server, Snapshot, Usage, Workload
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Milliseconds, Settings, StatementOverride

S = Settings()


@dataclass
class Ran:
    """One statement of a window, per call."""

    query: str = "select * from orders where id = $1"
    calls: int = 100
    ms: float = 10.0
    rows: float = 1
    blocks: float = 40
    temp: float = 0
    wal: float = 0
    deviation: float | None = None
    read: float = 0
    reading: float | None = None

    def statement(self, fingerprint: str) -> Statement:
        return Statement(
            fingerprint=fingerprint,
            query=self.query,
            calls=self.calls,
            mean_exec_time_ms=self.ms,
            total_exec_time_ms=self.ms * self.calls,
            rows=round(self.rows * self.calls),
            stddev_exec_time_ms=self.deviation,
            shared_blks_hit=round((self.blocks - self.read) * self.calls),
            shared_blks_read=round(self.read * self.calls),
            blk_read_time_ms=None if self.reading is None else self.reading * self.calls,
            temp_blks_written=round(self.temp * self.calls),
            wal_records=round(self.wal * self.calls),
        )


def analysis_with(body: str) -> Analysis:
    """Of a database whose one function has this body."""
    function = Function(
        schema="public", name="price", arguments="integer", result="integer", language="plpgsql", kind="f",
        volatility="v", definition=f"CREATE FUNCTION public.price(integer) AS $$begin {body}; end$$",
    )  # fmt: skip
    server = Server(version_num=180000, version="18.0", database="shop", user="me")
    snapshot = Snapshot(
        pgtune_version="1", server=server, workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(functions=(function,), triggers=()), statistics=(), usage=Usage(), skipped=(),
    )  # fmt: skip
    return Analysis(snapshot=snapshot, statements=(), plans={})


def window(**ran: Ran) -> tuple[Statement, ...]:
    return tuple(each.statement(fingerprint) for fingerprint, each in ran.items())


NEIGHBOURS = {f"n{n}": Ran(query=f"select {n} from t{n}", calls=50, ms=5.0) for n in range(6)}


def compared(after: tuple[Statement, ...], baseline: Baseline | None, settings: Settings) -> tuple[Comparison, ...]:
    return compare(make_baseline([after], settings), baseline, settings).comparisons


def judged(before: Ran, after: Ran, neighbours_after: dict[str, Ran] | None = None) -> Comparison:
    """The verdict on one statement among neighbours that did not change."""
    baseline = make_baseline([window(x=before, **NEIGHBOURS)], S)
    found = compared(window(x=after, **(neighbours_after or NEIGHBOURS)), baseline, S)
    return next(comparison for comparison in found if comparison.fingerprint == "x")


def outcome(comparison: Comparison) -> tuple[str, bool, tuple[str, ...]]:
    return comparison.verdict.value, comparison.fails, comparison.reasons


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


def five(times: list[float], others: int = 6) -> Baseline:
    """Windows of one statement and of its neighbours."""
    wander = (1.0, 1.01, 0.99, 1.02, 0.98)
    near = [{key: replace(NEIGHBOURS[key], ms=5.0 * by) for key in list(NEIGHBOURS)[:others]} for by in wander]
    return make_baseline([window(x=Ran(ms=ms), **each) for ms, each in zip(times, near, strict=True)], S)


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123456, "0.0123"),
        (1.5, "1.5"),
        (12, "12"),
        (123.4, "123"),
        (98765, "98,800"),
        (0.000012, "0.00001"),
    ],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert figure(value) == text


def test_significant_digits() -> None:
    assert [significant(value, 3) for value in (0, 123456, 0.00123456, 9.999)] == [0.0, 123000, 0.00123, 10.0]


def test_a_baseline_that_says_nothing_about_the_run_is_told() -> None:
    run = make_baseline([window(x=Ran())], S)
    empty = compare(run, make_baseline([], S), S)
    assert empty.notes[0] == "the baseline is empty: nothing was compared"
    other = compare(run, make_baseline([window(y=Ran(query="select 1"))], S), S)
    assert other.notes[0].startswith("none of the baseline's 1 statements ran")
