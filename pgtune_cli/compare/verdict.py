"""`pgtune check`: every statement against its limits and against the baseline."""

from collections.abc import Mapping

import msgspec

from pgtune_cli.compare.causes import causes, plan_changes, plan_worse, unseen
from pgtune_cli.compare.code_changes import code_changes
from pgtune_cli.compare.cold import cold_cache
from pgtune_cli.compare.direction import Direction, Signal
from pgtune_cli.compare.limits import (
    absolute_reasons,
    cost_reasons,
    plan_reasons,
    spill_reasons,
    statistics_reasons,
)
from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.pairing import changed
from pgtune_cli.compare.policy import Policy, policy_of
from pgtune_cli.compare.runs import Runs, growth, pairs_of
from pgtune_cli.compare.signals import Circumstances, signals
from pgtune_cli.compare.threshold import ONE_WINDOW, Behind, Crossing, Threshold, threshold
from pgtune_cli.compare.tolerance import Likeness, tolerance_of
from pgtune_cli.compare.windows import AT_ANOTHER_TIME, ENOUGH, SIDE_BY_SIDE, Effect, TimeVerdict, judge_times
from pgtune_cli.model.comparison import (
    Baseline,
    BaselineStatement,
    Comparison,
    ComparisonVerdict,
    PlanSummary,
)
from pgtune_cli.settings import Settings

_ORDER = (
    ComparisonVerdict.SLOWER, ComparisonVerdict.UNDECIDED, ComparisonVerdict.NEW, ComparisonVerdict.FASTER,
    ComparisonVerdict.GONE, ComparisonVerdict.SAME,
)  # fmt: skip
DOUBTFUL = (ComparisonVerdict.SAME, ComparisonVerdict.UNDECIDED)

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


class Compared(msgspec.Struct, frozen=True):
    comparisons: tuple[Comparison, ...]
    """those that fail first; costliest first within a verdict."""
    notes: tuple[str, ...]


def compare(
    candidate: Baseline, baseline: Baseline | None, settings: Settings, context: Context | None = None
) -> Compared:
    """Without a baseline only the limits fail."""
    return _Judge(candidate, baseline, settings, context or Context()).all()


class _Judge:
    """One comparison of two runs."""

    def __init__(self, candidate: Baseline, baseline: Baseline | None, settings: Settings, context: Context) -> None:
        self._candidate, self._baseline = candidate, baseline
        self._settings, self._context = settings, context
        before = {entry.fingerprint: entry for entry in baseline.statements} if baseline else {}
        now = {entry.fingerprint for entry in candidate.statements}
        self._gone = {key: entry for key, entry in before.items() if key not in now}
        new = [entry for entry in candidate.statements if entry.fingerprint not in before]
        self._replaces = changed(new, self._gone.values()) if baseline else {}
        self._before = before | self._replaces
        for old in self._replaces.values():
            del self._gone[old.fingerprint]
        self._runs = Runs(pairs_of(baseline, candidate) if baseline else {})
        self._speed = self._runs.speed()
        self._policies = {
            entry.fingerprint: policy_of(entry.fingerprint, entry.query, settings) for entry in candidate.statements
        }
        self._times, self._notes = self._judge_times()
        self._evicted = candidate.evicted > 0 or (baseline is not None and baseline.evicted > 0)
        self._gone_indexes = _gone_indexes(baseline, candidate)

    def all(self) -> Compared:
        found = [self._judge(entry) for entry in self._candidate.statements]
        found += [_gone(entry, self._evicted) for entry in self._gone.values()]
        return Compared(tuple(sorted(found, key=_rank)), (*self._likeness(), *self._notes))

    def _likeness(self) -> tuple[str, ...]:
        if self._baseline is None:
            return ()
        if not self._baseline.statements:
            return ("the baseline is empty: nothing was compared",)
        if not self._runs.pairs:
            count = len(self._baseline.statements)
            return (f"none of the baseline's {count} statements ran: is it the baseline of another workload?",)
        evicted = (BASELINE_EVICTED,) if self._baseline.evicted else ()
        return *SAID[self._runs.likeness("")], *evicted

    def _judge_times(self) -> tuple[dict[str, TimeVerdict], tuple[str, ...]]:
        if self._baseline is None:
            return {}, ()
        samples = {
            entry.fingerprint: (self._before[entry.fingerprint].windows, entry.windows)
            for entry in self._candidate.statements
            if entry.fingerprint in self._before
        }
        fewest = min((min(len(then), len(now)) for then, now in samples.values()), default=0)
        if fewest < ENOUGH:
            one = max(fewest, 1)
            windows = "one window" if one == 1 else f"{one} windows"
            return {}, (f"time was not judged: {windows} on a side, it takes {ENOUGH} on both",) if samples else ()
        usual = SIDE_BY_SIDE if self._context.side_by_side else AT_ANOTHER_TIME
        wanted = {key: _effect(policy, usual) for key, policy in self._policies.items()}
        effects = {key: effect for key, effect in wanted.items() if effect is not None}
        times, note = judge_times(samples, effects, self._context.side_by_side)
        notes = [note] if note else []
        if times:
            seen = sorted(time.detectable for time in times.values())
            notes.append(f"time: for half of the statements a change below x{figure(seen[len(seen) // 2])} is not seen")
        return times, tuple(notes)

    def _judge(self, entry: BaselineStatement) -> Comparison:
        key, policy = entry.fingerprint, self._policies[entry.fingerprint]
        old = self._before.get(key)
        verdict, reasons = ComparisonVerdict.NEW, ["not in the baseline"] if self._baseline else []
        found = self._signals(entry, old, policy) if old is not None else []
        if old is not None:
            verdict, reasons = _against(found)
        worse = self._worse(entry, old, policy)
        over = self._threshold(entry, old, policy, bool(worse) or verdict is ComparisonVerdict.SLOWER)
        broken = [over.reason] if over and over.crossing is Crossing.FAILS else []
        told = [over.reason] if over and over.crossing is not Crossing.FAILS else []
        broken += dict.fromkeys((*absolute_reasons(entry, policy, old), *worse))
        if over and over.crossing is Crossing.UNDECIDED and verdict in DOUBTFUL:
            verdict, reasons = ComparisonVerdict.UNDECIDED, [_doubted(one) for one in found if not one.time_only]
        if broken and old is not None and verdict in DOUBTFUL:
            verdict = ComparisonVerdict.SLOWER
        if policy.ignored is not None:
            told.append(f"ignored by the configuration: {policy.ignored}")
        if key in self._replaces:
            reasons = [f"its text changed: it was {self._replaces[key].fingerprint} in the baseline", *reasons]
        then, now = self._plans(entry, old)
        return Comparison(
            fingerprint=key,
            query=self._context.texts.get(key, entry.query),
            verdict=verdict,
            fails=(bool(broken) or verdict is ComparisonVerdict.SLOWER) and policy.ignored is None,
            reasons=(*broken, *told, *reasons),
            causes=self._causes(entry, old, verdict, bool(broken), sent_more=any(one.calls for one in found)),
            previous=self._replaces[key].fingerprint if key in self._replaces else None,
            baseline=old.measurement if old else None,
            candidate=entry.measurement,
            baseline_plan=then,
            candidate_plan=now,
            place=self._context.places.get(key),
        )

    def _signals(self, entry: BaselineStatement, old: BaselineStatement, policy: Policy) -> list[Signal]:
        assert self._baseline is not None
        factor, table = growth(entry, self._baseline, self._candidate)
        time = self._times.get(entry.fingerprint)
        tolerance = tolerance_of(policy.relative, self._runs.likeness(entry.fingerprint), entry.measurement.calls)
        around = Circumstances(
            tolerance=msgspec.structs.replace(tolerance, calls=None) if self._baseline.evicted else tolerance,
            calls_missed=self._candidate.evicted > 0,
            speed=self._speed,
            growth=factor,
            grown=table,
            plan_changed=bool(old.plan and entry.plan and old.plan.shape != entry.plan.shape),
            plan_worse=plan_worse(old.plan, entry.plan),
            windows_judged=time is not None or policy.relative.time is False,
            code_changed=entry.fingerprint in self._replaces
            or any(True for _ in code_changes(old, entry, self._baseline, self._candidate)),
            same_text=entry.fingerprint not in self._replaces,
        )
        found = signals(entry.query, old.measurement, entry.measurement, around)
        if time is not None and time.signal is not None:
            found.append(_unless_cold(time.signal, old, entry, self._speed))
        return found

    def _threshold(
        self, entry: BaselineStatement, old: BaselineStatement | None, policy: Policy, worse: bool
    ) -> Threshold | None:
        known = (
            old is not None
            and self._baseline is not None
            and policy.known(old.measurement, old.over_threshold, self._baseline.slow_query_threshold_ms)
        )
        behind = Behind(
            same_text=old is not None and entry.fingerprint not in self._replaces,
            known=known,
            worse=worse,
            time=self._times.get(entry.fingerprint),
            unjudged=self._unjudged(entry, policy),
            cold=None if old is None else cold_cache(old.measurement, entry.measurement, self._speed),
        )
        return threshold(entry, old, policy, behind)

    def _unjudged(self, entry: BaselineStatement, policy: Policy) -> str:
        """Why its time is not, if it is not."""
        if policy.relative.time is False:
            return "check.relative.time is off, so time alone does not decide"
        if len(entry.windows) < ENOUGH or not self._notes:
            return ONE_WINDOW
        return "it did not run in every window of both sides" if self._times else self._notes[0]

    def _worse(self, entry: BaselineStatement, old: BaselineStatement | None, policy: Policy) -> list[str]:
        """What its plan does that it did not do, as far as the policies forbid it."""
        context, statistics = self._context, self._settings.check.statistics
        cost = tolerance_of(policy.relative, Likeness.REPLAY).cost
        now, then = entry.production_plan, self._production_plan_before(entry, old)
        known_there = old is not None or entry.fingerprint in context.production_known
        found = (
            *plan_reasons(entry.plan, old.plan if old else None, policy.plan, self._gone_indexes, context.bytes_of),
            *spill_reasons(entry, old, policy.plan),
            *cost_reasons(entry.plan, old.plan if old else None, cost),
            *statistics_reasons(now, then, known_there, statistics, context.production_bytes_of),
            *plan_reasons(now, then, policy.plan, context.production_gone, context.production_bytes_of),
        )
        return list(dict.fromkeys(found))

    def _production_plan_before(self, entry: BaselineStatement, old: BaselineStatement | None) -> PlanSummary | None:
        """The baseline's, if it was made with production's statistics; else that on production's own schema."""
        if old is not None and old.production_plan is not None:
            return old.production_plan
        return self._context.production_plans.get(entry.fingerprint)

    def _plans(
        self, entry: BaselineStatement, old: BaselineStatement | None
    ) -> tuple[PlanSummary | None, PlanSummary | None]:
        if entry.production_plan is not None:
            return self._production_plan_before(entry, old), entry.production_plan
        return old.plan if old else None, entry.plan

    def _causes(
        self,
        entry: BaselineStatement,
        old: BaselineStatement | None,
        verdict: ComparisonVerdict,
        broken: bool,
        sent_more: bool,
    ) -> tuple[str, ...]:
        if verdict is ComparisonVerdict.SAME and not broken:
            return ()
        slower = verdict is ComparisonVerdict.SLOWER
        found: list[str] = []
        if entry.production_plan is not None:
            found += plan_changes(self._production_plan_before(entry, old), entry.production_plan)
        if old is not None and self._baseline is not None:
            found += causes(old, entry, self._baseline, self._candidate)
            if not found and slower:
                found += unseen(old, entry, sent_more)
        return tuple(dict.fromkeys(found))


def _unless_cold(signal: Signal, old: BaselineStatement, entry: BaselineStatement, speed: float) -> Signal:
    cold = cold_cache(old.measurement, entry.measurement, speed)
    if cold is None or signal.direction is not Direction.SLOWER:
        return signal
    return Signal(Direction.SUSPECT, signal.reason, time_only=True, doubt=cold)


def _effect(policy: Policy, usual: Effect) -> Effect | None:
    if isinstance(policy.relative.time, bool):
        return usual if policy.relative.time else None
    return Effect(policy.relative.time, policy.relative.time)


def _against(found: list[Signal]) -> tuple[ComparisonVerdict, list[str]]:
    """The worst signal decides; doubt is a verdict of its own."""
    directions = {signal.direction for signal in found}
    ordered = sorted(found, key=lambda signal: -signal.direction)
    if Direction.SLOWER in directions:
        return ComparisonVerdict.SLOWER, [signal.reason for signal in ordered]
    if Direction.FASTER in directions:
        return ComparisonVerdict.FASTER, [signal.reason for signal in ordered]
    if found:
        return ComparisonVerdict.UNDECIDED, [_doubted(signal) for signal in ordered]
    return ComparisonVerdict.SAME, []


def _doubted(signal: Signal) -> str:
    return f"{signal.reason}: {signal.doubt}" if signal.doubt else signal.reason


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


def _gone(entry: BaselineStatement, evicted: bool) -> Comparison:
    return Comparison(
        fingerprint=entry.fingerprint,
        query=entry.query,
        verdict=ComparisonVerdict.GONE,
        fails=False,
        reasons=("in the baseline only, or evicted before it was read" if evicted else "in the baseline only",),
        baseline=entry.measurement,
        baseline_plan=entry.plan,
    )


def _rank(comparison: Comparison) -> tuple[bool, int, float, str]:
    shown = comparison.candidate or comparison.baseline
    total = shown.calls * shown.mean_exec_time_ms if shown else 0.0
    return not comparison.fails, _ORDER.index(comparison.verdict), -total, comparison.fingerprint
