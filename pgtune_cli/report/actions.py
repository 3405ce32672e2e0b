"""What to do, in which order: every piece of advice with what it brings and how sure that is."""

import msgspec

from pgtune_cli.explain.derive import q_error_of
from pgtune_cli.model.finding import Finding
from pgtune_cli.model.index import ChosenIndex, ForeignKeyBenefit, StatementBenefit, StatisticsAdvice
from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.model.rewrite import Rewrite, RewriteStatus
from pgtune_cli.report import rewrites, statistics
from pgtune_cli.report.format import cost, count, number_of, one_line, percent, size
from pgtune_cli.report.served import foremost
from pgtune_cli.sql.statistics_ddl import is_same_statistics

METHODS = {"btree": "", "gin": "GIN", "gist": "GiST", "spgist": "SP-GiST", "brin": "BRIN"}
_LONGEST = 200
"""characters of a title"""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`share`: of the measured time, what the statements concerned take. `gain`: of the measured time, what it saves
    if time falls as the planner's cost does (or the blocks that were counted); None where nothing tells."""

    kind: str
    """index, rewrite, statistics, finding or drop."""
    title: str
    anchor: str
    """of its part of the HTML report."""
    statements: tuple[str, ...]
    share: float
    gain: float | None
    change: str
    """`cost 9,776 → 26 a call`, or empty."""
    blocks: str
    """what its statements read: `4.6k blocks a call now`, or empty."""
    sure: str
    rank: int = 0
    """of its severity, where nothing tells the gain."""


def actions(report: Report) -> tuple[Action, ...]:
    """The one that saves most first; then what has no figure, by severity and share; then what only saves room."""
    known = {statement.fingerprint: statement for statement in report.statements}
    found = [_index(number, index, known, report) for number, index in enumerate(report.indexes.chosen, 1)]
    found += [_rewrite(number, rewrite, known) for number, rewrite in enumerate(offered(report), 1)]
    found += [_statistics(number, one, known) for number, one in enumerate(report.indexes.statistics, 1)]
    found += [_finding(finding, known) for finding in report.findings if _stands_alone(finding, report)]
    if report.indexes.dropped:
        found.append(_drop(report))
    return tuple(sorted(found, key=lambda action: (action.kind == "drop", -(action.gain or 0), -action.rank)))


def offered(report: Report) -> tuple[Rewrite, ...]:
    return tuple(rewrite for rewrite in report.rewrites if rewrite.status is not RewriteStatus.REFUSED)


def refused(report: Report) -> tuple[Rewrite, ...]:
    return tuple(rewrite for rewrite in report.rewrites if rewrite.status is RewriteStatus.REFUSED)


def brings(action: Action) -> str:
    """`saves about 7.6 % of the time`, `concerns 8.1 % of the time`."""
    if action.kind == "drop":
        return "less to write"
    if action.gain is not None:
        return f"saves about {percent(action.gain)} of the time"
    return f"concerns {percent(action.share)} of the time" if action.share else ""


def blocks_a_call(statement: ReportStatement) -> float:
    return (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)


def _saved(before: float, after: float) -> float:
    return min(max(1 - after / before, 0.0), 1.0) if before > 0 else 0.0


def _saved_by(benefit: StatementBenefit) -> float:
    """Reports that were made before this was told hold one cost for all values."""
    return _saved(benefit.cost_before, benefit.cost_after) if benefit.saved is None else benefit.saved


def _index(number: int, index: ChosenIndex, known: dict[str, ReportStatement], report: Report) -> Action:
    served = [benefit for benefit in index.statements if benefit.fingerprint in known]
    shares = {benefit.fingerprint: known[benefit.fingerprint].share_of_time for benefit in served}
    gain = sum(shares[benefit.fingerprint] * _saved_by(benefit) for benefit in served)
    best = foremost(index)
    per = "look-up of a foreign key" if isinstance(best, ForeignKeyBenefit) else "call"
    more = f", and {number_of(len(index.served) - 1, 'other')}" if len(index.served) > 1 else ""
    return Action(
        kind="index",
        title=one_line(f"Create {_kind(index)} on {index.relation} ({', '.join(index.columns)})", _LONGEST),
        anchor=f"index-{number}",
        statements=tuple(shares),
        share=sum(shares.values()),
        gain=gain if served else None,
        change=f"cost {cost(best.cost_before)} → {cost(best.cost_after)} a {per}{more}" if best else "",
        blocks=_blocks([known[fingerprint] for fingerprint in shares]),
        sure=f"planned by the {report.indexes.engine}, confidence {index.confidence}; takes {size(index.size_bytes)}",
    )


def _kind(index: ChosenIndex) -> str:
    """`an index` is a btree of the whole table."""
    definition = index.definition
    if definition is None:
        return "an index"
    words = ["partial"] * (definition.predicate is not None) + [METHODS.get(definition.method, definition.method)]
    kind = " ".join(word for word in (*words, "index") if word)
    return f"{'an' if kind[0] in 'aei' else 'a'} {kind}"


def _rewrite(number: int, rewrite: Rewrite, known: dict[str, ReportStatement]) -> Action:
    statement = known.get(rewrite.statement)
    share = statement.share_of_time if statement else 0.0
    before, after, what = rewrite.blocks_before, rewrite.blocks_after, "blocks"
    costs = rewrite.cost_before, rewrite.cost_after
    gain = None
    change = ""
    if before is not None and after is not None:
        gain, change = share * _saved(before, after), f"{what} {count(before)} → {count(after)} a call"
    elif costs[0] is not None and costs[1] is not None:
        gain, change = share * _saved(costs[0], costs[1]), f"cost {cost(costs[0])} → {cost(costs[1])} a call"
    status = rewrites.STATUS[rewrite.status.value]
    return Action(
        kind="rewrite",
        title=f"Rewrite: {rewrites.title(rewrite)}",
        anchor=f"rewrite-{number}",
        statements=(rewrite.statement,),
        share=share,
        gain=gain,
        change=change,
        blocks=_blocks([statement] if statement else []),
        sure=f"possible, {status}" if rewrite.possible else status,
        rank=1,
    )


def _statistics(number: int, advice: StatisticsAdvice, known: dict[str, ReportStatement]) -> Action:
    concerned = [known[key] for key in dict.fromkeys(one.fingerprint for one in advice.statements) if key in known]
    worst = max(advice.statements, key=lambda one: q_error_of(one.rows_planned, one.rows_actual))
    return Action(
        kind="statistics",
        title=one_line(statistics.title(advice), _LONGEST),
        anchor=f"statistics-{number}",
        statements=tuple(statement.fingerprint for statement in concerned),
        share=sum(statement.share_of_time for statement in concerned),
        gain=None,
        change=f"{count(worst.rows_planned)} rows planned, {count(worst.rows_actual)} came",
        blocks=_blocks(concerned),
        sure=statistics.standing(advice),
        rank=1 if advice.plan_changes else 0,
    )


def _finding(finding: Finding, known: dict[str, ReportStatement]) -> Action:
    concerned = [known[fingerprint] for fingerprint in finding.statements if fingerprint in known]
    return Action(
        kind="finding",
        title=one_line(finding.title, _LONGEST),
        anchor=f"finding-{finding.id}",
        statements=tuple(statement.fingerprint for statement in concerned),
        share=sum(statement.share_of_time for statement in concerned),
        gain=None,
        change="",
        blocks=_blocks(concerned),
        sure=f"{finding.severity.value} {finding.rule}, confidence {finding.confidence.value}",
        rank=finding.severity.rank,
    )


def _drop(report: Report) -> Action:
    return Action(
        kind="drop",
        title=f"Drop {number_of(len(report.indexes.dropped), 'index')} that nothing needs",
        anchor="drop",
        statements=(),
        share=0.0,
        gain=None,
        change="",
        blocks="",
        sure="no statement of the workload gets dearer",
    )


def _stands_alone(finding: Finding, report: Report) -> bool:
    """Asserted, a warning at least, and not told by an index or a rewrite already."""
    if finding.possible or finding.severity.rank < 1:
        return False
    suggestion = finding.suggestion
    if suggestion is None:
        return True
    told = {_bare(index.sql) for index in report.indexes.chosen} | {_bare(one.sql) for one in report.indexes.dropped}
    if suggestion.sql is not None and _bare(suggestion.sql) in told:
        return False
    if suggestion.sql is not None and any(
        one.relation == finding.relation and is_same_statistics(suggestion.sql, one.sql)
        for one in report.indexes.statistics
    ):
        return False
    rewritten = {rewrite.statement for rewrite in offered(report)}
    return not (suggestion.kind == "rewrite" and set(finding.statements) & rewritten)


def _bare(sql: str) -> str:
    return sql.strip().rstrip(";")


def _blocks(statements: list[ReportStatement]) -> str:
    calls = sum(statement.calls for statement in statements)
    blocks = sum(statement.shared_blks_hit + statement.shared_blks_read for statement in statements)
    return f"{count(blocks / calls)} blocks a call now" if calls and blocks else ""
