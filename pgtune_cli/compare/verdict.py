"""`pgtune check`: every statement against its threshold and against the baseline."""

from pgtune_cli.compare.measure import figure, measure
from pgtune_cli.compare.policy import Policy, policy_of
from pgtune_cli.compare.signals import Direction, Signal, Windows, signals
from pgtune_cli.model.comparison import (
    Baseline,
    BaselineStatement,
    Comparison,
    ComparisonVerdict,
    Measurement,
)
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Settings
from pgtune_cli.sql.fingerprint import normalise

_ORDER = (
    ComparisonVerdict.SLOWER, ComparisonVerdict.UNDECIDED, ComparisonVerdict.NEW, ComparisonVerdict.FASTER,
    ComparisonVerdict.GONE, ComparisonVerdict.SAME,
)  # fmt: skip


def compare(statements: tuple[Statement, ...], baseline: Baseline | None, settings: Settings) -> tuple[Comparison, ...]:
    """Those that fail first; costliest first within a verdict. Without a baseline only the thresholds fail."""
    before = {entry.fingerprint: entry for entry in baseline.statements} if baseline else {}
    after = {statement.fingerprint: measure(statement) for statement in statements}
    windows = Windows({key: (before[key].measurement, after[key]) for key in before.keys() & after.keys()})
    speed = windows.speed()
    found = [
        _judge(each, after[each.fingerprint], before.get(each.fingerprint), baseline, windows, speed, settings)
        for each in statements
    ]
    found += [_gone(entry) for key, entry in before.items() if key not in after]
    return tuple(sorted(found, key=_rank))


def _judge(
    statement: Statement,
    now: Measurement,
    entry: BaselineStatement | None,
    baseline: Baseline | None,
    windows: Windows,
    speed: float,
    settings: Settings,
) -> Comparison:
    normalised = normalise(statement.query)
    policy = policy_of(statement.fingerprint, normalised, settings)
    verdict, reasons = ComparisonVerdict.NEW, ["not in the baseline"] if baseline else []
    known = False
    if entry is not None and baseline is not None:
        known = policy.known(entry.measurement, entry.over_threshold, baseline.slow_query_threshold_ms)
        replay = windows.replays(statement.fingerprint)
        verdict, reasons = _against(signals(normalised, entry.measurement, now, replay, speed))
    broken, said = _threshold(statement, policy, known, entry)
    fails = (broken or verdict is ComparisonVerdict.SLOWER) and policy.ignored is None
    if policy.ignored is not None:
        said.append(f"ignored by the configuration: {policy.ignored}")
    return Comparison(
        fingerprint=statement.fingerprint,
        query=statement.query,
        verdict=verdict,
        fails=fails,
        reasons=(*said, *reasons),
        baseline=entry.measurement if entry else None,
        candidate=now,
    )


def _against(found: list[Signal]) -> tuple[ComparisonVerdict, list[str]]:
    """The worst signal decides; doubt is a verdict of its own."""
    directions = {signal.direction for signal in found}
    reasons = [signal.reason for signal in sorted(found, key=lambda signal: -signal.direction)]
    if Direction.SLOWER in directions:
        return ComparisonVerdict.SLOWER, reasons
    if Direction.FASTER in directions:
        return ComparisonVerdict.FASTER, reasons
    if found:
        return ComparisonVerdict.UNDECIDED, reasons
    return ComparisonVerdict.SAME, []


def _threshold(
    statement: Statement, policy: Policy, known: bool, entry: BaselineStatement | None
) -> tuple[bool, list[str]]:
    """Whether the threshold is broken, and what there is to say of it, with both numbers."""
    mean, calls = statement.mean_exec_time_ms, statement.calls
    if mean <= policy.threshold_ms:
        return False, []
    said = f"mean execution time {figure(mean)} ms is over the threshold of {figure(policy.threshold_ms)} ms"
    if not policy.over(mean, calls):
        return False, [f"{said}, in {calls} of the {policy.min_calls} calls it takes to fail"]
    if known and entry is not None:
        return False, [f"{said}, known: {figure(entry.measurement.mean_exec_time_ms)} ms in the baseline"]
    return True, [f"{said} ({calls} {'call' if calls == 1 else 'calls'})"]


def _gone(entry: BaselineStatement) -> Comparison:
    return Comparison(
        fingerprint=entry.fingerprint,
        query=entry.query,
        verdict=ComparisonVerdict.GONE,
        fails=False,
        reasons=("in the baseline only",),
        baseline=entry.measurement,
    )


def _rank(comparison: Comparison) -> tuple[bool, int, float, str]:
    shown = comparison.candidate or comparison.baseline
    total = shown.calls * shown.mean_exec_time_ms if shown else 0.0
    return not comparison.fails, _ORDER.index(comparison.verdict), -total, comparison.fingerprint
