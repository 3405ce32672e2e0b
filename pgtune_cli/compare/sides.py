"""The two runs that are compared, beside each other: which statements are the same ones, how alike the runs were."""

from collections.abc import Mapping

import msgspec

from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.pairing import changed
from pgtune_cli.compare.policy import Policy, policy_of
from pgtune_cli.compare.runs import Runs, pairs_of
from pgtune_cli.compare.tolerance import Likeness
from pgtune_cli.compare.windows import AT_ANOTHER_TIME, ENOUGH, SIDE_BY_SIDE, Effect, TimeVerdict, judge_times
from pgtune_cli.model.comparison import Baseline, PlanSummary
from pgtune_cli.settings import Settings

SAID = {
    Likeness.REPLAY: (),
    Likeness.PROBABLE: (),
    Likeness.OTHER_PARAMETERS: (
        "the run had other parameters or data than the baseline's: small changes are let pass",
    ),
    Likeness.LIVE: ("the run is no replay of the baseline's: numbers of calls are not compared",),
}


BASELINE_EVICTED = "entries were evicted while the baseline was measured: numbers of calls are not compared"


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside the statements' figures. `schema.name` -> bytes."""

    side_by_side: bool = False
    """both ran in turns on the same machine, so that load met both."""
    texts: Mapping[str, str] = {}
    """verbatim texts, by fingerprint."""
    places: Mapping[str, str] = {}
    """`file:line` of texts, by fingerprint."""
    bytes_of: Mapping[str, int] = {}
    production_bytes_of: Mapping[str, int] = {}
    production_plans: Mapping[str, PlanSummary] = {}
    """plans of these statements on production's own schema."""
    production_known: frozenset[str] = frozenset()
    """fingerprints of the statements that production runs."""
    production_gone: frozenset[str] = frozenset()
    """indexes that production has and this schema has not."""


class Sides:
    """What a statement is judged by beside its own figures. `baseline` is None where there are only limits."""

    def __init__(self, candidate: Baseline, baseline: Baseline | None, settings: Settings, context: Context) -> None:
        self.candidate, self.baseline = candidate, baseline
        self.settings, self.context = settings, context
        before = {entry.fingerprint: entry for entry in baseline.statements} if baseline else {}
        now = {entry.fingerprint for entry in candidate.statements}
        self.gone = {key: entry for key, entry in before.items() if key not in now}
        """statements of the baseline alone."""
        new = [entry for entry in candidate.statements if entry.fingerprint not in before]
        self.replaces = changed(new, self.gone.values()) if baseline else {}
        """what a statement was in the baseline whose text changed since, by its fingerprint now."""
        self.before = before | self.replaces
        for old in self.replaces.values():
            del self.gone[old.fingerprint]
        self.runs = Runs(pairs_of(baseline, candidate) if baseline else {})
        self.speed = self.runs.speed()
        self.policies = {
            entry.fingerprint: policy_of(entry.fingerprint, entry.query, settings) for entry in candidate.statements
        }
        self.times, self.time_notes = self._judge_times()
        self.evicted = candidate.evicted > 0 or (baseline is not None and baseline.evicted > 0)
        self.gone_indexes = _gone_indexes(baseline, candidate)

    def notes(self) -> tuple[str, ...]:
        """What holds for the comparison as a whole."""
        return *self._likeness(), *self.time_notes

    def _likeness(self) -> tuple[str, ...]:
        if self.baseline is None:
            return ()
        if not self.baseline.statements:
            return ("the baseline is empty: nothing was compared",)
        if not self.runs.pairs:
            count = len(self.baseline.statements)
            return (f"none of the baseline's {count} statements ran: is it the baseline of another workload?",)
        evicted = (BASELINE_EVICTED,) if self.baseline.evicted else ()
        return *SAID[self.runs.likeness("")], *evicted

    def _judge_times(self) -> tuple[dict[str, TimeVerdict], tuple[str, ...]]:
        if self.baseline is None:
            return {}, ()
        samples = {
            entry.fingerprint: (self.before[entry.fingerprint].windows, entry.windows)
            for entry in self.candidate.statements
            if entry.fingerprint in self.before
        }
        fewest = min((min(len(then), len(now)) for then, now in samples.values()), default=0)
        if fewest < ENOUGH:
            one = max(fewest, 1)
            windows = "one window" if one == 1 else f"{one} windows"
            return {}, (f"time was not judged: {windows} on a side, it takes {ENOUGH} on both",) if samples else ()
        usual = SIDE_BY_SIDE if self.context.side_by_side else AT_ANOTHER_TIME
        wanted = {key: _effect(policy, usual) for key, policy in self.policies.items()}
        effects = {key: effect for key, effect in wanted.items() if effect is not None}
        times, note = judge_times(samples, effects, self.context.side_by_side)
        notes = [note] if note else []
        if times:
            seen = sorted(time.detectable for time in times.values())
            notes.append(f"time: for half of the statements a change below x{figure(seen[len(seen) // 2])} is not seen")
        return times, tuple(notes)


def _effect(policy: Policy, usual: Effect) -> Effect | None:
    if isinstance(policy.relative.time, bool):
        return usual if policy.relative.time else None
    return Effect(policy.relative.time, policy.relative.time)


def _gone_indexes(before: Baseline | None, after: Baseline) -> frozenset[str]:
    """Indexes of the baseline that the tables, where they still are, do not have any more."""
    if before is None:
        return frozenset()
    return frozenset(
        index
        for name, then in before.tables.items()
        if (now := after.tables.get(name)) is not None
        for index in then.indexes.keys() - now.indexes.keys()
    )
