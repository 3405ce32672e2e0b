"""Policy to outcome: whether a command fails. It detects nothing itself."""

from collections.abc import Iterable

from pgtune_cli.model.comparison import CheckResult, Comparison, Outcome
from pgtune_cli.model.finding import Finding, Severity


def check(comparisons: Iterable[Comparison]) -> CheckResult:
    """Failed when any comparison fails."""
    found = tuple(comparisons)
    outcome = Outcome.FAILED if any(comparison.fails for comparison in found) else Outcome.PASSED
    return CheckResult(outcome=outcome, comparisons=found)


def reached(findings: Iterable[Finding], severity: Severity) -> bool:
    """Whether any finding is at least so severe (`--fail-on`)."""
    return any(finding.severity.rank >= severity.rank for finding in findings)
