"""From what the analysers said to one Report, ordered and counted."""

from typing import NamedTuple

from pgtune_cli import __version__
from pgtune_cli.cli.advised import with_advice
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.finding import Finding, NearMiss, Suppressed
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.report import Report, ReportServer, ReportStatement, ReportWorkload, Summary
from pgtune_cli.model.rewrite import Rewrite, RewriteStatus
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement

NO_ADVICE = IndexAdvice()


class Judged(NamedTuple):
    """What the rules said."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


def assemble(
    analysis: Analysis, judged: Judged, advice: IndexAdvice = NO_ADVICE, rewrites: tuple[Rewrite, ...] = ()
) -> Report:
    """The report; findings most severe first, statements costliest first, nothing left out."""
    snapshot = analysis.snapshot
    statements = tuple(_statement(statement, analysis.plans) for statement in analysis.statements)
    everything_skipped = tuple(dict.fromkeys(analysis.skipped + judged.skipped))
    roots = partition_roots(snapshot.catalog)
    findings = tuple(with_advice(finding, advice, rewrites, roots) for finding in judged.findings)
    shares = {statement.fingerprint: statement.share_of_time for statement in analysis.statements}
    return Report(
        pgtune_version=__version__,
        server=ReportServer(
            version_num=snapshot.server.version_num,
            database=snapshot.server.database,
            settings=snapshot.server.settings,
        ),
        workload=ReportWorkload(
            source=snapshot.workload.source,
            statements=len(statements),
            calls=sum(statement.calls for statement in analysis.statements),
            total_exec_time_ms=sum(
                statement.total_exec_time_ms - statement.nested_exec_time_ms for statement in analysis.statements
            ),
            window=snapshot.workload.window,
        ),
        statements=statements,
        findings=tuple(sorted(findings, key=lambda finding: _finding_order(finding, shares))),
        indexes=advice,
        rewrites=rewrites,
        skipped=everything_skipped,
        summary=_summary(statements, findings, advice, rewrites, everything_skipped),
        suppressed=judged.suppressed,
        near_misses=judged.near_misses,
    )


def partition_roots(catalog: Catalog) -> dict[str, str]:
    """The outermost partitioned table of each partition, by its name."""
    parents = {one.relation_name: one.partition_of for one in catalog.relations if one.partition_of is not None}
    roots = {}
    for name, parent in parents.items():
        root, seen = parent, {name}
        while root in parents and root not in seen:
            seen.add(root)
            root = parents[root]
        roots[str(name)] = str(root)
    return roots


def _finding_order(finding: Finding, shares: dict[str, float]) -> tuple[bool, int, float, str, str]:
    share = sum(shares.get(fingerprint, 0.0) for fingerprint in finding.statements)
    return finding.possible, -finding.severity.rank, -share, finding.rule, finding.id


def _statement(statement: Statement, plans: dict[str, StatementPlans]) -> ReportStatement:
    explained = plans.get(statement.fingerprint, StatementPlans(fingerprint=statement.fingerprint))
    reason = explained.not_explained
    if not explained.plans and reason is None:
        reason = "not tried: no server and no statistics-only clone to plan it on"
    return ReportStatement(
        fingerprint=statement.fingerprint,
        queryids=statement.queryids,
        roles=statement.roles,
        query=statement.query,
        calls=statement.calls,
        total_exec_time_ms=statement.total_exec_time_ms,
        mean_exec_time_ms=statement.mean_exec_time_ms,
        stddev_exec_time_ms=statement.stddev_exec_time_ms,
        rows=statement.rows,
        shared_blks_hit=statement.shared_blks_hit,
        shared_blks_read=statement.shared_blks_read,
        temp_blks_written=statement.temp_blks_written,
        share_of_time=statement.share_of_time,
        nested_exec_time_ms=statement.nested_exec_time_ms,
        plans=explained.plans,
        fidelity=explained.fidelity,
        not_explained=reason,
        not_executed=explained.not_executed,
    )


def _summary(
    statements: tuple[ReportStatement, ...],
    findings: tuple[Finding, ...],
    advice: IndexAdvice,
    rewrites: tuple[Rewrite, ...],
    skipped: tuple[Skipped, ...],
) -> Summary:
    counts = {"error": 0, "warning": 0, "info": 0, "possible": 0}
    for finding in findings:
        counts["possible" if finding.possible else finding.severity.value] += 1
    before, after = advice.workload_cost_before, advice.workload_cost_after
    return Summary(
        statements=len(statements),
        explained=sum(bool(statement.plans) for statement in statements),
        executed=sum(any(plan.executed for plan in statement.plans) for statement in statements),
        findings=counts,
        indexes_advised=len(advice.chosen),
        indexes_to_drop=len(advice.dropped),
        rewrites_proven=sum(rewrite.status is RewriteStatus.PROVEN for rewrite in rewrites),
        workload_cost_reduction=1 - after / before if before and after is not None else None,
        skipped=len(skipped),
    )
