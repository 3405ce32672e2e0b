"""The report as Markdown: the answer first, details folded; made for a pull request or a ticket."""

from pgtune_cli.model.finding import Finding
from pgtune_cli.model.index import WorseStatement
from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.model.rewrite import Rewrite
from pgtune_cli.report import rewrites, statistics, trials
from pgtune_cli.report.accepted import near_miss_line, suppressed_line
from pgtune_cli.report.actions import actions, brings, offered, refused
from pgtune_cli.report.format import cost, count, duration, number_of, one_line, percent, plain, plain_sql, size
from pgtune_cli.report.headline import headline
from pgtune_cli.report.plan_text import plan_lines
from pgtune_cli.report.plan_view import how
from pgtune_cli.report.told_once import told_once

LIMIT = 65_536
"""characters of a pull-request comment (GitHub)"""
_STATEMENTS, _ACTIONS = 20, 10


def to_markdown(report: Report) -> str:
    """At most LIMIT characters, the most important first; what did not fit is said."""
    text = ""
    sections = [
        *_summary(report),
        *_statements(report),
        *_indexes(report),
        *_trial(report),
        *_statistics(report),
        *_rewrites(report),
        *_findings(report),
        *_lines("Near misses", [near_miss_line(miss) for miss in report.near_misses]),
        *_lines("Suppressed", [suppressed_line(item) for item in report.suppressed]),
        *_skipped(report),
    ]
    for number, section in enumerate(sections):
        if len(text) + len(section) > LIMIT - 200:
            return text + f"\n_{len(sections) - number} sections did not fit; the HTML or JSON report has them._\n"
        text += section
    return text


def _summary(report: Report) -> list[str]:
    summary, workload = report.summary, report.workload
    saved = summary.workload_cost_reduction
    lines = [
        f"# pgtune: {_text(report.server.database)}\n",
        f"PostgreSQL {report.server.version_num // 10_000}, {number_of(workload.statements, 'statement')}, "
        f"{number_of(workload.calls, 'call')}, {duration(workload.total_exec_time_ms)} of execution time. "
        f"{summary.explained} planned, {summary.executed} executed.\n",
        f"- **{number_of(summary.indexes_advised, 'index')} to create**"
        + (f", planned cost of the workload {percent(saved)} lower" if saved else ""),
        f"- {number_of(summary.indexes_to_drop, 'index')} to drop",
        f"- {number_of(len(offered(report)), 'rewrite')}, {summary.rewrites_proven} of them proven on rows",
        f"- {number_of(summary.findings['error'], 'error')}, {number_of(summary.findings['warning'], 'warning')}, "
        f"{number_of(summary.findings['info'], 'note')}, {summary.findings['possible']} possible",
    ]
    if summary.skipped:
        lines.append(f"- {number_of(summary.skipped, 'thing')} skipped, listed at the end")
    return ["\n".join(lines) + "\n", *_todo(report)]


def _todo(report: Report) -> list[str]:
    """The same order as everywhere: what saves most first."""
    lines = [
        f"{number}. **{_text(action.title)}**: "
        + _text("; ".join(part for part in (brings(action), action.change, action.sure) if part))
        for number, action in enumerate(actions(report)[:_ACTIONS], 1)
    ]
    note = "\n\nSavings are of the measured time, if it falls as planned cost does.\n"
    return ["\n## What to do, in this order\n\n" + "\n".join(lines) + note] if lines else []


def _statements(report: Report) -> list[str]:
    if not report.statements:
        return ["\nNo statements.\n"]
    lines = ["\n## What costs most\n", "| share | calls | mean | blocks a call | statement |", "|--:|--:|--:|--:|---|"]
    for statement in report.statements[:_STATEMENTS]:
        blocks = (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)
        lines.append(
            f"| {percent(statement.share_of_time)} | {count(statement.calls)} | "
            f"{duration(statement.mean_exec_time_ms)} | {count(blocks)} | "
            f"`{_cell(headline(statement.query, 110))}` |"
        )
    details = [_statement(statement) for statement in report.statements[:_STATEMENTS]]
    return ["\n".join(lines) + "\n", *details]


def _statement(statement: ReportStatement) -> str:
    body = ["", _fence(plain(statement.query), "sql")]
    for plan in statement.plans[:1]:
        body.append(f"Plan, {_text(how(plan))}, cost {cost(plan.total_cost)}:\n")
        body.append(_fence("\n".join(plan_lines(plan.plan, 100)), "text"))
    if statement.not_explained:
        body.append(f"Not explained: {_text(statement.not_explained)}\n")
    elif statement.not_executed:
        body.append(f"Not executed: {_text(statement.not_executed)}\n")
    summary = f"{percent(statement.share_of_time)} · {_html(headline(statement.query, 80))}"
    return f"\n<details><summary>{summary}</summary>\n" + "\n".join(body) + "\n</details>\n"


def _indexes(report: Report) -> list[str]:
    advice = report.indexes
    sections = []
    if advice.first:
        sections.append(f"\n## Before any index\n\n{_text(advice.first)}\n")
    if advice.chosen:
        sections.append(f"\n## Indexes to create ({size(advice.storage_bytes)})\n")
    for index in advice.chosen:
        sections.append(f"\n{_fence(plain_sql(index.sql) + ';', 'sql')}\n{_text(index.why)}\n")
    sections += [f"\n{_called(worse)}: {_text(worse.reason)}\n" for worse in advice.worse]
    if advice.dropped:
        sections.append("\n## Indexes to drop\n")
    for dropped in advice.dropped:
        sections.append(f"\n{_fence(plain_sql(dropped.sql) + ';', 'sql')}\n{_text(dropped.reason)}\n")
    if advice.possible:
        sections.append("\n## Possible indexes\n")
    for possible in advice.possible:
        sections.append(f"\n{_fence(plain_sql(possible.sql) + ';', 'sql')}\n{_text(possible.reason)}\n")
    return sections


def _trial(report: Report) -> list[str]:
    trial = report.indexes.trial
    if trial is None:
        return []
    texts = {statement.fingerprint: statement.query for statement in report.statements}
    lines = ["\n## Tried on a scratch copy\n"]
    if trial.statements:
        lines += ["| blocks | blocks after | time | time after | | statement |", "|--:|--:|--:|--:|---|---|"]
    for one in trials.measured(trial):
        lines.append(
            f"| {count(one.blocks_before)} | {count(one.blocks_after)} | {duration(one.time_before_ms)} | "
            f"{duration(one.time_after_ms)} | {one.verdict} | "
            f"`{_cell(headline(texts.get(one.fingerprint, one.fingerprint), 90))}` |"
        )
    sizes = [
        f"- {_text(index.relation)} ({_text(', '.join(index.columns))}): {size(index.measured_bytes)} when it was "
        f"built, {size(index.size_bytes)} by estimate"
        for index in report.indexes.chosen
        if index.measured_bytes is not None
    ]
    told = trials.remarks(report.indexes)
    return ["\n".join([*lines, "", *sizes, *(f"- {_text(plain_sql(text))}" for text in told)]) + "\n"]


def _statistics(report: Report) -> list[str]:
    sections = ["\n## Statistics for the planner\n"] if report.indexes.statistics else []
    for advice in report.indexes.statistics:
        sql = "\n".join(f"{plain_sql(each)};" for each in statistics.statements(advice))
        standing = statistics.standing(advice)
        sections.append(f"\n{_fence(sql, 'sql')}\n{_text(advice.why)} ({_text(standing)})\n")
    return sections


def _rewrites(report: Report) -> list[str]:
    sections = ["\n## Rewrites\n"] if report.rewrites else []
    sections += [_rewrite(rewrite) for rewrite in offered(report)]
    if refused(report):
        lines = [
            f"- {_text(rewrites.title(one))}, `{_cell(one_line(one.before, 90))}`: {_text(one.reason or '')}"
            for one in refused(report)
        ]
        sections.append("\nRefused:\n\n" + "\n".join(lines) + "\n")
    return sections


def _rewrite(rewrite: Rewrite) -> str:
    lines = [f"\n**{_text(rewrites.title(rewrite))}**: {_text(rewrites.standing(rewrite))}, instead of\n"]
    lines.append(_fence(plain(rewrite.before), "sql"))
    for statement in rewrite.statements:
        when = f" ({_text(statement.when)})" if statement.when else ""
        lines += [f"{rewrites.role(statement)}{when}:\n", _fence(plain_sql(statement.sql), "sql")]
    if rewrite.index_sql:
        lines += ["It needs this index:\n", _fence(plain_sql(rewrite.index_sql) + ";", "sql")]
    told = [text for text in (rewrites.proof(rewrite), rewrite.reason or "", *rewrite.conditions) if text]
    lines += [f"- {_text(text)}" for text in told]
    for library, sketch in sorted(rewrite.sketches.items()):
        lines += [f"\n{library}:\n", _fence(plain(sketch), "python")]
    return "\n".join(lines) + "\n"


def _findings(report: Report) -> list[str]:
    return (["\n## Findings\n"] if report.findings else []) + [
        _finding(finding) for finding in told_once(report.findings)
    ]


def _finding(finding: Finding) -> str:
    mark = "possible" if finding.possible else finding.severity.value
    lines = [f"\n**{mark}** `{finding.rule}` {_text(finding.title)}\n", _text(finding.detail) + "\n"]
    if finding.suggestion and finding.suggestion.text:
        lines.append(_text(finding.suggestion.text) + "\n")
    if finding.suggestion and finding.suggestion.sql:
        lines.append(_fence(plain_sql(finding.suggestion.sql), "sql"))
    return "\n".join(lines)


def _lines(title: str, lines: list[str]) -> list[str]:
    return [f"\n## {title}\n\n" + "\n".join(f"- {_text(line)}" for line in lines) + "\n"] if lines else []


def _skipped(report: Report) -> list[str]:
    if not report.skipped:
        return []
    lines = [
        f"- {_text(item.what)}: {_text(item.why)}" + (f" (`{_cell(plain_sql(item.remedy))}`)" if item.remedy else "")
        for item in report.skipped
    ]
    return ["\n## Skipped\n\n" + "\n".join(lines) + "\n"]


def _fence(text: str, language: str) -> str:
    # a fence longer than any run of backticks inside cannot be closed by the text
    longest, run = 0, 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _html(text: str) -> str:
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _called(worse: WorseStatement) -> str:
    if worse.foreign_key:
        return f"The look-ups of {_text(worse.fingerprint)}"
    return f"Statement `{worse.fingerprint}`"


def _text(text: str) -> str:
    escaped = _html(text)
    for character in "\\`*_[]|#":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped


def _cell(text: str) -> str:
    return " ".join(plain(text).split()).replace("|", "\\|").replace("`", "'")
