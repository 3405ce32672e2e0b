"""The verdict on one statement, and the reasons for it."""

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
from pgtune_cli.compare.runs import growth
from pgtune_cli.compare.sides import Sides
from pgtune_cli.compare.signals import Circumstances, signals
from pgtune_cli.compare.threshold import ONE_WINDOW, Behind, Crossing, Threshold, threshold
from pgtune_cli.compare.tolerance import Likeness, tolerance_of
from pgtune_cli.compare.windows import ENOUGH
from pgtune_cli.model.comparison import BaselineStatement, Comparison, ComparisonVerdict, PlanSummary

DOUBTFUL = (ComparisonVerdict.SAME, ComparisonVerdict.UNDECIDED)


class Judged:
    """One statement of the candidate run, between the two sides."""

    def __init__(self, sides: Sides, entry: BaselineStatement) -> None:
        self._sides, self._entry = sides, entry
        self._old = sides.before.get(entry.fingerprint)
        self._policy = sides.policies[entry.fingerprint]
        self._replaced = sides.replaces.get(entry.fingerprint)
        self._time = sides.times.get(entry.fingerprint)

    def comparison(self) -> Comparison:
        entry, old, policy, replaced = self._entry, self._old, self._policy, self._replaced
        context = self._sides.context
        verdict, reasons = ComparisonVerdict.NEW, ["not in the baseline"] if self._sides.baseline else []
        found = self._signals(old) if old is not None else []
        if old is not None:
            verdict, reasons = _against(found)
        worse = self._worse()
        over = self._threshold(bool(worse) or verdict is ComparisonVerdict.SLOWER)
        broken = [over.reason] if over and over.crossing is Crossing.FAILS else []
        told = [over.reason] if over and over.crossing is not Crossing.FAILS else []
        broken += dict.fromkeys((*absolute_reasons(entry, policy, old), *worse))
        if over and over.crossing is Crossing.UNDECIDED and verdict in DOUBTFUL:
            verdict, reasons = ComparisonVerdict.UNDECIDED, [_doubted(one) for one in found if not one.time_only]
        if broken and old is not None and verdict in DOUBTFUL:
            verdict = ComparisonVerdict.SLOWER
        if policy.ignored is not None:
            told.append(f"ignored by the configuration: {policy.ignored}")
        if replaced is not None:
            reasons = [f"its text changed: it was {replaced.fingerprint} in the baseline", *reasons]
        then, now = self._plans()
        return Comparison(
            fingerprint=entry.fingerprint,
            query=context.texts.get(entry.fingerprint, entry.query),
            verdict=verdict,
            fails=(bool(broken) or verdict is ComparisonVerdict.SLOWER) and policy.ignored is None,
            reasons=(*broken, *told, *reasons),
            causes=self._causes(verdict, bool(broken), sent_more=any(one.calls for one in found)),
            previous=replaced.fingerprint if replaced is not None else None,
            baseline=old.measurement if old else None,
            candidate=entry.measurement,
            baseline_plan=then,
            candidate_plan=now,
            place=context.places.get(entry.fingerprint),
        )

    def _signals(self, old: BaselineStatement) -> list[Signal]:
        entry, sides, relative = self._entry, self._sides, self._policy.relative
        assert sides.baseline is not None
        factor, table = growth(entry, sides.baseline, sides.candidate)
        tolerance = tolerance_of(relative, sides.runs.likeness(entry.fingerprint), entry.measurement.calls)
        around = Circumstances(
            tolerance=msgspec.structs.replace(tolerance, calls=None) if sides.baseline.evicted else tolerance,
            calls_missed=sides.candidate.evicted > 0,
            speed=sides.speed,
            growth=factor,
            grown=table,
            plan_changed=bool(old.plan and entry.plan and old.plan.shape != entry.plan.shape),
            plan_worse=plan_worse(old.plan, entry.plan),
            windows_judged=self._time is not None or relative.time is False,
            code_changed=self._replaced is not None
            or any(True for _ in code_changes(old, entry, sides.baseline, sides.candidate)),
            same_text=self._replaced is None,
        )
        found = signals(entry.query, old.measurement, entry.measurement, around)
        if self._time is not None and self._time.signal is not None:
            found.append(self._unless_cold(self._time.signal))
        return found

    def _cold(self) -> str | None:
        old = self._old
        return None if old is None else cold_cache(old.measurement, self._entry.measurement, self._sides.speed)

    def _unless_cold(self, signal: Signal) -> Signal:
        cold = self._cold()
        if cold is None or signal.direction is not Direction.SLOWER:
            return signal
        return Signal(Direction.SUSPECT, signal.reason, time_only=True, doubt=cold)

    def _threshold(self, worse: bool) -> Threshold | None:
        entry, old, policy, baseline = self._entry, self._old, self._policy, self._sides.baseline
        known = (
            old is not None
            and baseline is not None
            and policy.known(old.measurement, old.over_threshold, baseline.slow_query_threshold_ms)
        )
        behind = Behind(
            same_text=old is not None and self._replaced is None,
            known=known,
            worse=worse,
            time=self._time,
            unjudged=self._unjudged(),
            cold=self._cold(),
        )
        return threshold(entry, old, policy, behind)

    def _unjudged(self) -> str:
        """Why its time is not, if it is not."""
        notes = self._sides.time_notes
        if self._policy.relative.time is False:
            return "check.relative.time is off, so time alone does not decide"
        if len(self._entry.windows) < ENOUGH or not notes:
            return ONE_WINDOW
        return "it did not run in every window of both sides" if self._sides.times else notes[0]

    def _worse(self) -> list[str]:
        """What its plan does that it did not do, as far as the policies forbid it."""
        entry, old, policy, sides = self._entry, self._old, self._policy, self._sides
        context, statistics = sides.context, sides.settings.check.statistics
        cost = tolerance_of(policy.relative, Likeness.REPLAY).cost
        now, then = entry.production_plan, self._production_plan_before()
        known_there = old is not None or entry.fingerprint in context.production_known
        found = (
            *plan_reasons(entry.plan, old.plan if old else None, policy.plan, sides.gone_indexes, context.bytes_of),
            *spill_reasons(entry, old, policy.plan),
            *cost_reasons(entry.plan, old.plan if old else None, cost),
            *statistics_reasons(now, then, known_there, statistics, context.production_bytes_of),
            *plan_reasons(now, then, policy.plan, context.production_gone, context.production_bytes_of),
        )
        return list(dict.fromkeys(found))

    def _production_plan_before(self) -> PlanSummary | None:
        """The baseline's, if it was made with production's statistics; else that on production's own schema."""
        if self._old is not None and self._old.production_plan is not None:
            return self._old.production_plan
        return self._sides.context.production_plans.get(self._entry.fingerprint)

    def _plans(self) -> tuple[PlanSummary | None, PlanSummary | None]:
        if self._entry.production_plan is not None:
            return self._production_plan_before(), self._entry.production_plan
        return self._old.plan if self._old else None, self._entry.plan

    def _causes(self, verdict: ComparisonVerdict, broken: bool, sent_more: bool) -> tuple[str, ...]:
        entry, old, sides = self._entry, self._old, self._sides
        if verdict is ComparisonVerdict.SAME and not broken:
            return ()
        slower = verdict is ComparisonVerdict.SLOWER
        found: list[str] = []
        if entry.production_plan is not None:
            found += plan_changes(self._production_plan_before(), entry.production_plan)
        if old is not None and sides.baseline is not None:
            found += causes(old, entry, sides.baseline, sides.candidate)
            if not found and slower:
                found += unseen(old, entry, sent_more)
        return tuple(dict.fromkeys(found))


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
