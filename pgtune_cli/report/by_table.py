"""The report turned round: each table with the statements that read it and the advice about it."""

import msgspec

from pgtune_cli.explain.derive import walk
from pgtune_cli.model.finding import Finding
from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.report.format import plain


class TableView(msgspec.Struct, frozen=True, kw_only=True):
    """`share`: of the measured time, what the statements that touch it take."""

    name: str
    share: float
    statements: tuple[str, ...]
    indexes: tuple[int, ...]
    """numbers of the indexes that are advised on it."""
    findings: tuple[Finding, ...]


def by_table(report: Report) -> tuple[TableView, ...]:
    """Every table of a plan, an index or a finding; those that cost most first."""
    touching: dict[str, list[ReportStatement]] = {}
    for statement in report.statements:
        for name in sorted(_tables(statement)):
            touching.setdefault(name, []).append(statement)
    indexes: dict[str, list[int]] = {}
    for number, index in enumerate(report.indexes.chosen, 1):
        indexes.setdefault(index.relation, []).append(number)
    findings: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.relation is not None:
            findings.setdefault(finding.relation, []).append(finding)
    views = [
        TableView(
            name=plain(name),
            share=sum(statement.share_of_time for statement in touching.get(name, ())),
            statements=tuple(statement.fingerprint for statement in touching.get(name, ())),
            indexes=tuple(indexes.get(name, ())),
            findings=tuple(findings.get(name, ())),
        )
        for name in {**touching, **indexes, **findings}
    ]
    return tuple(sorted(views, key=lambda view: (-view.share, view.name)))


def _tables(statement: ReportStatement) -> set[str]:
    return {
        f"{placed.node.schema}.{placed.node.relation}" if placed.node.schema else placed.node.relation
        for plan in statement.plans
        for placed in walk(plan.plan)
        if placed.node.relation is not None
    }
