"""Time over several windows: quiet on noise, and what it sees of a change."""

import random
from collections.abc import Mapping
from math import exp

from pgtune_cli.compare.direction import Direction
from pgtune_cli.compare.windows import SIDE_BY_SIDE, Effect, judge_times

STATEMENTS = 16


def samples(
    seed: int, windows: int = 5, factors: Mapping[int, float] | None = None, noise: float = 0.08, drift: float = 0.2
) -> dict[str, tuple[list[float], list[float]]]:
    """Windows of a machine whose speed drifts: means from 0.02 to 270 ms, lognormal noise, some factors planted."""
    chance = random.Random(seed)
    speeds = [[exp(chance.gauss(0, drift)) for _ in range(windows)] for _ in range(2)]
    found = {}
    for number in range(STATEMENTS):
        mean = 0.02 * 1.9**number
        sides = [
            [mean * speed * exp(chance.gauss(0, noise)) * (factor if side else 1.0) for speed in speeds[side]]
            for side, factor in ((0, 1.0), (1, (factors or {}).get(number, 1.0)))
        ]
        found[f"s{number}"] = (sides[0], sides[1])
    return found


def effects() -> dict[str, Effect]:
    return {f"s{number}": SIDE_BY_SIDE for number in range(STATEMENTS)}


def slower(seed: int, **how: object) -> set[str]:
    found, _ = judge_times(samples(seed, **how), effects())  # type: ignore[arg-type]
    return {key for key, one in found.items() if one.signal and one.signal.direction is Direction.SLOWER}


def test_a_hundred_unchanged_runs_raise_no_alarm() -> None:
    assert [slower(seed) for seed in range(100)] == [set()] * 100


def test_ten_times_slower_is_always_seen() -> None:
    assert [slower(seed, factors={3: 10.0}) for seed in range(30)] == [{"s3"}] * 30


def test_twice_as_slow_is_seen_with_ten_windows() -> None:
    seen = sum(slower(seed, factors={5: 2.0}, windows=10) == {"s5"} for seed in range(30))
    assert seen >= 28


def test_faster_is_told_too() -> None:
    found, _ = judge_times(samples(1, factors={3: 0.1}), effects())
    signal = found["s3"].signal
    assert signal is not None
    assert signal.direction is Direction.FASTER


def test_fewer_than_five_windows_judge_nothing() -> None:
    assert judge_times(samples(1, windows=4, factors={3: 10.0}), effects()) == ({}, None)


def test_another_machine_is_not_compared() -> None:
    doubled = {key: (before, [each * 3 for each in after]) for key, (before, after) in samples(1).items()}
    found, note = judge_times(doubled, effects())
    assert found == {}
    assert note is not None
    assert "times as slow" in note


def test_what_could_have_been_seen_is_said() -> None:
    quiet, _ = judge_times(samples(1, noise=0.01), effects())
    loud, _ = judge_times(samples(1, noise=0.3), effects())
    assert quiet["s4"].detectable == 1.25 < loud["s4"].detectable


def test_a_statement_that_missed_a_window_is_not_judged() -> None:
    found = samples(1)
    found["s3"] = (found["s3"][0], [None, *found["s3"][1][1:]])  # type: ignore[list-item]
    assert "s3" not in judge_times(found, effects())[0]
