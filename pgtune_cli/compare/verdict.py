"""`pgtune check`: every statement against its limits and against the baseline."""

import msgspec

from pgtune_cli.compare.judged import Judged
from pgtune_cli.compare.sides import Context, Sides
from pgtune_cli.model.comparison import Baseline, BaselineStatement, Comparison, ComparisonVerdict
from pgtune_cli.settings import Settings

_ORDER = (
    ComparisonVerdict.SLOWER, ComparisonVerdict.UNDECIDED, ComparisonVerdict.NEW, ComparisonVerdict.FASTER,
    ComparisonVerdict.GONE, ComparisonVerdict.SAME,
)  # fmt: skip


class Compared(msgspec.Struct, frozen=True):
    comparisons: tuple[Comparison, ...]
    """those that fail first; costliest first within a verdict."""
    notes: tuple[str, ...]


def compare(
    candidate: Baseline, baseline: Baseline | None, settings: Settings, context: Context | None = None
) -> Compared:
    """Without a baseline only the limits fail."""
    sides = Sides(candidate, baseline, settings, context or Context())
    found = [Judged(sides, entry).comparison() for entry in candidate.statements]
    found += [_gone(entry, sides.evicted) for entry in sides.gone.values()]
    return Compared(tuple(sorted(found, key=_rank)), sides.notes())


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
