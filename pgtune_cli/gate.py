"""Policy to outcome: whether a command fails. It detects nothing itself."""

from collections.abc import Iterable, Iterator

import msgspec

from pgtune_cli.compare.causes import all_changes
from pgtune_cli.model.check_policy import RulesPolicy
from pgtune_cli.model.comparison import Baseline, CheckResult, Comparison, Difference, FailingFinding, Outcome
from pgtune_cli.model.finding import Finding, Severity


def check(
    comparisons: Iterable[Comparison],
    findings: Iterable[Finding] = (),
    *,
    policy: RulesPolicy | None = None,
    known: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> CheckResult:
    """Failed when any comparison fails, or a finding that `policy` forbids. `known`: findings of the baseline."""
    found = tuple(comparisons)
    failing = tuple(_failing(findings, policy or RulesPolicy(), frozenset(known)))
    failed = any(comparison.fails for comparison in found) or bool(failing)
    return CheckResult(
        outcome=Outcome.FAILED if failed else Outcome.PASSED, comparisons=found, findings=failing, notes=tuple(notes)
    )


def _failing(findings: Iterable[Finding], policy: RulesPolicy, known: frozenset[str]) -> Iterator[FailingFinding]:
    if policy.severity is None:
        return
    for finding in findings:
        if finding.possible or finding.severity.rank < policy.severity.rank:
            continue
        if policy.new_only and finding.id in known:
            continue
        yield FailingFinding(
            id=finding.id,
            rule=finding.rule,
            severity=finding.severity.value,
            title=finding.title,
            statements=finding.statements,
            relation=finding.relation,
        )


def difference(
    comparisons: Iterable[Comparison], before: Baseline, after: Baseline, *, notes: Iterable[str] = ()
) -> Difference:
    """Nothing fails here."""
    return Difference(
        comparisons=tuple(msgspec.structs.replace(one, fails=False) for one in comparisons),
        changes=tuple(all_changes(before, after)),
        findings_new=tuple(sorted(set(after.findings) - set(before.findings))),
        findings_gone=tuple(sorted(set(before.findings) - set(after.findings))),
        notes=tuple(notes),
    )


def reached(findings: Iterable[Finding], severity: Severity) -> bool:
    """Whether any finding is at least so severe (`--fail-on`)."""
    return any(finding.severity.rank >= severity.rank for finding in findings)
