"""Time, judged from several windows on each side: a window is one observation, its calls are not independent.

The log of each window's mean, less the speed that the five statements nearest in mean time had in that window; a
one-sided Welch test over windows, Benjamini-Hochberg over statements, a minimum effect, and separated samples. On
unchanged runs of a noisy machine this raised no false alarm.
"""

from collections.abc import Mapping, Sequence
from math import exp, inf, log, sqrt
from statistics import median, stdev

import msgspec

from pgtune_cli.compare.direction import Direction, Signal
from pgtune_cli.compare.measure import figure

ENOUGH = 5
"""windows on each side; at three a false alarm was seen."""
FALSE_DISCOVERIES = 0.01
NEIGHBOURS = 5
NOISE = "within the noise of this machine"
ANOTHER_TIME = "within what load at another time can do; --replay would decide"
SPEED = (0.5, 2.0)
"""outside of this the machine was another one."""


class Effect(msgspec.Struct, frozen=True):
    """Factors of the mean."""

    decides: float
    told: float
    """worth a word."""


SIDE_BY_SIDE = Effect(1.25, 1.25)
AT_ANOTHER_TIME = Effect(3.0, 1.5)
"""Load takes one statement by 7 % and a parallel one by 100 %: beside busy processes, unchanged statements took 1.3 to
2 times as long as their neighbours told."""

Samples = Mapping[str, tuple[Sequence[float | None], Sequence[float | None]]]
"""by fingerprint: mean execution time, ms, in each window of the baseline and of the candidate."""


class Normalised(msgspec.Struct, frozen=True):
    """Logs of the means in ms, as they would be at the speed that the machine had in the baseline."""

    before: tuple[float, ...]
    after: tuple[float, ...]


class TimeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    signal: Signal | None
    detectable: float
    """the factor from which a change could have been seen."""
    normalised: Normalised
    p_slower: float
    side_by_side: bool

    def crossed(self, threshold_ms: float) -> bool:
        """Whether it was below in every window of the baseline and is above in every one of now, and not by chance.

        Load at another time does that too, so that a threshold which was met side by side alone is crossed by this.
        """
        limit = log(threshold_ms) if threshold_ms > 0 else -inf
        apart = max(self.normalised.before) <= limit < min(self.normalised.after)
        return apart and self.p_slower <= FALSE_DISCOVERIES and self.side_by_side

    @property
    def doubt(self) -> str:
        """What a change that does not decide is put down to."""
        return _doubt(self.side_by_side)


def judge_times(
    samples: Samples, effects: Mapping[str, Effect], side_by_side: bool = True
) -> tuple[dict[str, TimeVerdict], str | None]:
    """A verdict for each statement that ran in five windows or more of both sides; and a note on the run as a whole.

    `effects`: by fingerprint; a statement without one is not judged.
    `side_by_side`: load met both sides.
    """
    complete = {key: _logs(*pair) for key, pair in samples.items()}
    usable = {key: pair for key, pair in complete.items() if pair is not None}
    if len(usable) < NEIGHBOURS + 1:
        return {}, None if not usable else f"time was not judged: it takes {NEIGHBOURS + 1} statements to tell speed by"
    speed = exp(median(median(after) - median(before) for before, after in usable.values()))
    if not SPEED[0] <= speed <= SPEED[1]:
        return {}, f"time was not judged: the machine was {figure(speed)} times as slow as in the baseline"
    normal = _normalised(usable)
    p_slower = _adjusted({key: _p_value(one.before, one.after) for key, one in normal.items()})
    p_faster = _adjusted({key: _p_value(one.after, one.before) for key, one in normal.items()})
    found = {
        key: _verdict(one, p_slower[key], p_faster[key], effects[key], side_by_side)
        for key, one in normal.items()
        if key in effects
    }
    return found, f"the machine was {figure(speed)} times as slow as in the baseline; times are compared without that"


def _logs(before: Sequence[float | None], after: Sequence[float | None]) -> tuple[list[float], list[float]] | None:
    """None unless it ran in every window: one that comes and goes is another workload."""
    sides = [[log(each) for each in side if each is not None and each > 0] for side in (before, after)]
    whole = all(len(logs) == len(side) >= ENOUGH for logs, side in zip(sides, (before, after), strict=True))
    return (sides[0], sides[1]) if whole else None


def _normalised(usable: Mapping[str, tuple[list[float], list[float]]]) -> dict[str, Normalised]:
    """Long and short statements suffer differently from a busy machine: the neighbours in mean time tell the speed."""
    base = {key: median(before) for key, (before, _) in usable.items()}
    found = {}
    for key, (before, after) in usable.items():
        near = sorted((other for other in base if other != key), key=lambda other: abs(base[other] - base[key]))
        near = near[:NEIGHBOURS]

        def less_speed(side: int, values: list[float], near: Sequence[str] = tuple(near)) -> tuple[float, ...]:
            return tuple(
                value - median(usable[other][side][at] - base[other] for other in near)
                for at, value in enumerate(values)
            )

        found[key] = Normalised(less_speed(0, before), less_speed(1, after))
    return found


def _verdict(one: Normalised, slower: float, faster: float, effect: Effect, side_by_side: bool) -> TimeVerdict:
    change = median(one.after) - median(one.before)
    said = f"mean execution time x{figure(exp(change))}, in {len(one.before)} and {len(one.after)} windows"
    signal = None
    if slower <= FALSE_DISCOVERIES and change > log(effect.decides) and min(one.after) > max(one.before):
        signal = Signal(Direction.SLOWER, said)
    elif faster <= FALSE_DISCOVERIES and change < -log(effect.decides) and max(one.after) < min(one.before):
        signal = Signal(Direction.FASTER, said)
    elif change > log(effect.told):
        signal = Signal(Direction.SUSPECT, said, time_only=True, doubt=_doubt(side_by_side))
    return TimeVerdict(
        signal=signal,
        detectable=max(_detectable(one), effect.decides),
        normalised=one,
        p_slower=slower,
        side_by_side=side_by_side,
    )


def _doubt(side_by_side: bool) -> str:
    return NOISE if side_by_side else ANOTHER_TIME


def _detectable(one: Normalised) -> float:
    noise = max(stdev(one.before), stdev(one.after))
    return exp(4.5 * noise * sqrt(2 / min(len(one.before), len(one.after))))


def _p_value(before: Sequence[float], after: Sequence[float]) -> float:
    """That `after` is not larger (Welch, 1947)."""
    if max(*before, *after) == min(*before, *after):
        return 1.0
    from scipy.stats import ttest_ind

    return float(ttest_ind(after, before, equal_var=False, alternative="greater").pvalue)


def _adjusted(values: Mapping[str, float]) -> dict[str, float]:
    """Benjamini and Hochberg, 1995."""
    from scipy.stats import false_discovery_control

    return dict(zip(values, map(float, false_discovery_control(list(values.values()))), strict=True))
