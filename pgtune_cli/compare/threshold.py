"""The threshold of the mean execution time: who breaks it, who is known to, and what one window cannot tell."""

from enum import Enum

import msgspec

from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.policy import Policy
from pgtune_cli.compare.windows import ENOUGH, TimeVerdict
from pgtune_cli.model.comparison import BaselineStatement

ONE_WINDOW = (
    f"time alone, from one window, cannot decide; --windows {ENOUGH} on both sides, or --replay {ENOUGH}, would decide"
)


class Crossing(Enum):
    FAILS = "fails"
    UNDECIDED = "undecided"
    TOLD = "told"
    """known, or too few calls"""


class Threshold(msgspec.Struct, frozen=True):
    crossing: Crossing
    reason: str
    """with both numbers."""


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a statement that is over its threshold, beside its mean."""

    same_text: bool
    """the baseline has this very statement; another text is held to the threshold as a new one is."""
    known: bool
    """it was over the threshold in the baseline."""
    worse: bool
    """something else says that it is slower, or does more than it did."""
    time: TimeVerdict | None = None
    """of several windows, where they were judged."""
    unjudged: str = ONE_WINDOW
    """why they were not."""
    cold: str | None = None
    """what says that it met a cold cache."""


def threshold(
    entry: BaselineStatement, old: BaselineStatement | None, policy: Policy, behind: Behind
) -> Threshold | None:
    """None below it. A known text that crosses by its time alone fails when windows confirm it, never from one.

    A busy machine trebles the mean of an unchanged statement, and a threshold lies somewhere.
    """
    mean, calls = entry.measurement.mean_exec_time_ms, entry.measurement.calls
    if mean <= policy.threshold_ms:
        return None
    said = f"mean execution time {figure(mean)} ms is over the threshold of {figure(policy.threshold_ms)} ms"
    if not policy.over(mean, calls):
        return Threshold(Crossing.TOLD, f"{said}, in {calls} of the {policy.min_calls} calls it takes to fail")
    before = None if old is None else figure(old.measurement.mean_exec_time_ms)
    if behind.known:
        return Threshold(Crossing.TOLD, f"{said}, known: {before} ms in the baseline")
    if before is None or not behind.same_text or behind.worse:
        return Threshold(Crossing.FAILS, f"{said} ({calls} {'call' if calls == 1 else 'calls'})")
    return _by_time_alone(f"{said}, {before} ms in the baseline", policy, behind)


def _by_time_alone(said: str, policy: Policy, behind: Behind) -> Threshold:
    if behind.cold is not None:
        return Threshold(Crossing.UNDECIDED, f"{said}: {behind.cold}")
    if behind.time is None:
        return Threshold(Crossing.UNDECIDED, f"{said}: {behind.unjudged}")
    if behind.time.crossed(policy.threshold_ms):
        return Threshold(Crossing.FAILS, f"{said}, and so it is in every window, whatever the speed of the machine")
    return Threshold(Crossing.UNDECIDED, f"{said}: {behind.time.doubt}")
