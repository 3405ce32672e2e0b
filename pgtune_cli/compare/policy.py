"""Which policies hold for a statement: the settings', or those of the first override that speaks of it."""

import re

import msgspec

from pgtune_cli.model.check_policy import AbsolutePolicy, PlanPolicy, RelativePolicy
from pgtune_cli.model.comparison import Measurement
from pgtune_cli.settings import Settings, StatementOverride


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What `pgtune check` holds one statement to."""

    threshold_ms: float
    min_calls: int
    absolute: AbsolutePolicy = AbsolutePolicy()
    relative: RelativePolicy = RelativePolicy()
    plan: PlanPolicy = PlanPolicy()
    ignored: str | None = None
    """why nothing about this statement fails, when pgtune.yaml says so."""

    def over(self, mean_exec_time_ms: float, calls: int) -> bool:
        """Whether the mean breaks the threshold, with calls enough to say so."""
        return calls >= self.min_calls and mean_exec_time_ms > self.threshold_ms

    def known(self, before: Measurement, over_threshold: bool, baseline_threshold_ms: float) -> bool:
        """Whether the statement was over today's threshold in the baseline already."""
        same_threshold = self.threshold_ms == baseline_threshold_ms
        return before.mean_exec_time_ms > self.threshold_ms or (over_threshold and same_threshold)


def policy_of(fingerprint: str, normalised: str, settings: Settings) -> Policy:
    """The first override that matches wins; what it leaves out comes from the settings."""
    override = next((each for each in settings.statements if _speaks_of(each, fingerprint, normalised)), None)
    check = settings.check
    general = Policy(
        threshold_ms=settings.slow_query_threshold_ms,
        min_calls=settings.min_calls,
        absolute=check.absolute,
        relative=check.relative,
        plan=check.plan,
    )
    if override is None:
        return general
    threshold = override.slow_query_threshold_ms
    return Policy(
        threshold_ms=general.threshold_ms if threshold is None else threshold,
        min_calls=override.min_calls or general.min_calls,
        absolute=override.absolute or general.absolute,
        relative=override.relative or general.relative,
        plan=override.plan or general.plan,
        ignored=(override.reason or "no reason given") if override.ignore else None,
    )


def _speaks_of(override: StatementOverride, fingerprint: str, normalised: str) -> bool:
    if override.fingerprint is not None:
        return override.fingerprint.lower() == fingerprint
    if override.pattern is not None:
        return re.search(override.pattern, normalised, re.IGNORECASE) is not None
    return _folded(override.match or "") in _folded(normalised)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
