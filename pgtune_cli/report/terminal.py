"""The report on a terminal: a first screen that stands alone, then what to do, then why."""

import io
import re
import shutil

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from pgtune_cli.model.finding import Finding
from pgtune_cli.model.index import ChosenIndex
from pgtune_cli.model.report import Report
from pgtune_cli.model.rewrite import Rewrite
from pgtune_cli.report import rewrites, statistics, trials
from pgtune_cli.report.accepted import near_miss_line, suppressed_line
from pgtune_cli.report.actions import Action, actions, blocks_a_call, offered, refused
from pgtune_cli.report.folded import folded, hanging
from pgtune_cli.report.format import cost, count, duration, number_of, one_line, percent, plain, plain_sql, size
from pgtune_cli.report.headline import headline
from pgtune_cli.report.served import counted, foremost
from pgtune_cli.report.skips import grouped, not_planned
from pgtune_cli.report.told_once import told_once

_TOP, _ACTIONS = 6, 6
"""lines of the first screen"""
_WIDE = 100
_COLUMNS = {"share": 6, "calls": 6, "mean": 9, "blocks": 6}
_MARKS = {"error": ("error", "bold red"), "warning": ("warning", "yellow"), "info": ("info", "cyan")}


def to_terminal(report: Report, *, colour: bool = False, width: int | None = None, whole: str | None = None) -> str:
    """`report` for `width` columns (the terminal's own by default, 80 when piped); `whole`: a file that has it all."""
    elsewhere = f"{one_line(whole, 40)} has them all" if whole else "-o report.html has them all"
    columns = width or shutil.get_terminal_size((80, 24)).columns
    console = Console(
        file=io.StringIO(),
        width=max(columns, 40),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        _summary(console, report, elsewhere)
        _indexes(console, report)
        _trial(console, report)
        _statistics(console, report)
        _rewrites(console, report, elsewhere)
        _findings(console, report)
        _near_misses(console, report)
        _suppressed(console, report)
        _skipped(console, report)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _summary(console: Console, report: Report, elsewhere: str) -> None:
    """The first screen: at most 24 lines of 80 columns, whatever was found."""
    server, workload, summary = report.server, report.workload, report.summary
    first = Text.assemble(
        (one_line(server.database, 30), "bold"),
        f" on PostgreSQL {server.version_num // 10_000}: {number_of(workload.statements, 'statement')}, "
        f"{number_of(workload.calls, 'call')}, {duration(workload.total_exec_time_ms)}",
    )
    _line(console, first)
    counts = summary.findings
    told = [
        number_of(counts[severity], noun)
        for severity, noun in (("error", "error"), ("warning", "warning"), ("info", "note"))
        if counts[severity]
    ]
    if counts["possible"]:
        told.append(f"{counts['possible']} possible")
    _line(console, f"{summary.explained} planned, {summary.executed} executed; "
                   f"findings: {', '.join(told) or 'none'}; {summary.skipped} skipped")  # fmt: skip
    _statements(console, report, elsewhere)
    _todo(console, report)


def _todo(console: Console, report: Report) -> None:
    todo = actions(report)
    _heading(console, "What to do, in this order")
    if not todo:
        console.print("Nothing to do was found.")
        return
    for number, action in enumerate(todo[:_ACTIONS], 1):
        gain = percent(action.share or None) if action.gain is None else percent(action.gain)
        gain = "" if gain == percent(None) else gain
        verb = "saves" if action.gain is not None else "about" if gain else ""
        style = "green" if action.gain else "yellow" if action.rank else ""
        title = _short(action) if console.width < _WIDE else action.title
        line = Text.assemble(f"{number:>2}. ", (f"{verb:<5} {gain:>6}", style), f"  {title}")
        for more in (action.change, action.sure):
            if more and line.cell_len + cell_len(more) + 2 <= console.width:
                line.append(f"  {more}", "dim")
        _line(console, line)
    if len(todo) > _ACTIONS:
        _line(console, Text(f"    … and {len(todo) - _ACTIONS} more below", style="dim"))
    saved = report.summary.workload_cost_reduction
    if saved:
        room = size(report.indexes.storage_bytes)
        _line(console, f"    all indexes together: planned cost {percent(saved)} lower, {room} by estimate")
    _line(console, Text("    % of the measured time; it is saved if time falls as planned cost does", style="dim"))


def _short(action: Action) -> str:
    """`Create a GIN index on …` without its first words."""
    found = re.match(r"Create an? ", action.title) if action.kind == "index" else None
    return action.title if found is None else action.title[found.end() :][:1].upper() + action.title[found.end() + 1 :]


def _line(console: Console, text: Text | str) -> None:
    """One line, cut where the terminal ends."""
    console.print(text if isinstance(text, Text) else Text(text), no_wrap=True, overflow="ellipsis")


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold underline"))


def _statements(console: Console, report: Report, elsewhere: str) -> None:
    _heading(console, "What costs most")
    if not report.statements:
        console.print("No statement of the workload could be read.")
        return
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False)
    for name, columns in _COLUMNS.items():
        table.add_column(name, justify="right", no_wrap=True, width=columns)
    rest = console.width - sum(columns + 1 for columns in _COLUMNS.values()) - 1
    table.add_column("statement", no_wrap=True, width=max(rest, 10))
    for statement in report.statements[:_TOP]:
        table.add_row(
            percent(statement.share_of_time),
            count(statement.calls),
            duration(statement.mean_exec_time_ms),
            count(blocks_a_call(statement)),
            Text(headline(statement.query, max(rest, 10))),
        )
    console.print(table)
    if len(report.statements) > _TOP:
        _line(console, Text(f"… and {len(report.statements) - _TOP} more ({elsewhere})", style="dim"))


def _sql(console: Console, sql: str) -> None:
    text = plain_sql(sql).rstrip(";") + ";"
    if console.color_system:
        body: Syntax | Text = Syntax(text, "sql", background_color="default", word_wrap=True, theme="ansi_dark")
    else:
        body = Text(text)
    console.print(Padding(body, (0, 0, 0, 4)))


def _indexes(console: Console, report: Report) -> None:
    advice = report.indexes
    if advice.first:
        _heading(console, "Before any index")
        console.print(Padding(Text(plain(advice.first)), (0, 0, 0, 4)))
    if advice.chosen:
        _heading(console, f"Indexes to create ({size(advice.storage_bytes)})")
    for number, index in enumerate(advice.chosen, 1):
        for line in hanging(f"{number:>2}. ", _index_line(index), 4, width=console.width):
            console.print(Text(line))
        _sql(console, index.sql)
        console.print(Padding(Text(plain(index.why)), (0, 0, 0, 4)))
    for worse in advice.worse:
        console.print(Padding(Text(f"{plain(worse.called)}: {plain(worse.reason)}"), (0, 0, 0, 4)))
    if advice.dropped:
        _heading(console, "Indexes to drop")
    for dropped in advice.dropped:
        _sql(console, dropped.sql)
        console.print(Padding(Text(plain(dropped.reason)), (0, 0, 0, 4)))
    if advice.possible:
        _heading(console, "Possible indexes")
    for possible in advice.possible:
        _sql(console, possible.sql)
        console.print(Padding(Text(plain(possible.reason)), (0, 0, 0, 4)))


def _trial(console: Console, report: Report) -> None:
    trial = report.indexes.trial
    if trial is None:
        return
    _heading(console, "Tried on a scratch copy")
    texts = {statement.fingerprint: statement.query for statement in report.statements}
    for one in trials.measured(trial):
        _line(console, f"{trials.line(one)}: {headline(texts.get(one.fingerprint, one.fingerprint), 80)}")
    for text in trials.remarks(report.indexes):
        console.print(Padding(Text(plain_sql(text)), (0, 0, 0, 4)))


def _statistics(console: Console, report: Report) -> None:
    if report.indexes.statistics:
        _heading(console, "Statistics for the planner")
    for advice in report.indexes.statistics:
        for sql in statistics.statements(advice):
            _sql(console, sql)
        console.print(Padding(Text(plain(advice.why)), (0, 0, 0, 4)))
        console.print(Padding(Text(plain(statistics.standing(advice)), style="dim"), (0, 0, 0, 4)))


def _index_line(index: ChosenIndex) -> str:
    best = foremost(index)
    gain = f", cost {cost(best.cost_before)} → {cost(best.cost_after)}" if best else ""
    served = counted(index)
    built = "" if index.measured_bytes is None else f" ({size(index.measured_bytes)} when it was built)"
    return f"{plain(index.relation)}: {served}{gain}, {size(index.size_bytes)}{built}"


def _rewrites(console: Console, report: Report, elsewhere: str) -> None:
    if report.rewrites:
        _heading(console, "Rewrites")
    for rewrite in offered(report):
        _rewrite(console, rewrite, elsewhere)
    for rewrite in refused(report):
        text = headline(rewrite.before, max(console.width - 4, 10))
        console.print(Text(f"refused, {rewrites.title(rewrite)}: {plain(rewrite.reason or '')}", style="dim"))
        console.print(Padding(Text(text, style="dim"), (0, 0, 0, 4)))


def _rewrite(console: Console, rewrite: Rewrite, elsewhere: str) -> None:
    console.print(Text.assemble((rewrites.title(rewrite), "bold"), f": {rewrites.standing(rewrite)}"))
    for told in (rewrites.proof(rewrite), rewrite.reason or ""):
        if told:
            console.print(Padding(Text(plain(told)), (0, 0, 0, 4)))
    console.print("instead of")
    _sql(console, rewrite.before)
    shown = rewrites.main_statements(rewrite)
    for statement in shown:
        when = f" ({plain(statement.when)})" if statement.when else ""
        console.print(Text(f"{rewrites.role(statement)}{when}:"))
        _sql(console, statement.sql)
    if len(shown) < len(rewrite.statements):
        more = number_of(len(rewrite.statements) - len(shown), "statement")
        console.print(Text(f"and {more} more ({elsewhere})", style="dim"))
    if rewrite.index_sql:
        console.print("with")
        _sql(console, rewrite.index_sql)
    for condition in rewrite.conditions:
        console.print(Padding(Text(plain(condition), style="dim"), (0, 0, 0, 4)))


def _findings(console: Console, report: Report) -> None:
    if report.findings:
        _heading(console, "Findings")
    texts = {statement.fingerprint: statement.query for statement in report.statements}
    for finding in told_once(report.findings):
        _finding(console, finding, [texts[key] for key in finding.statements if key in texts])


def _finding(console: Console, finding: Finding, texts: list[str]) -> None:
    label, style = ("possible", "dim") if finding.possible else _MARKS[finding.severity.value]
    before = f"{label} {finding.rule} "
    first, *below = folded(f"{before}{plain(finding.title)}", 4, width=console.width)
    console.print(Text.assemble((label, style), before[len(label) :], (first[len(before) :], "bold")))
    for line in below:
        console.print(Text(f"    {line}", style="bold"))
    console.print(Padding(Text(plain(finding.detail)), (0, 0, 0, 4)))
    if texts:
        more = f" and {number_of(len(texts) - 1, 'other')}" if len(texts) > 1 else ""
        text = headline(texts[0], max(console.width - 8 - len(more), 10))
        console.print(Padding(Text(f"in {text}{more}", style="dim"), (0, 0, 0, 4)))
    if finding.suggestion and finding.suggestion.text:
        console.print(Padding(Text(plain(finding.suggestion.text)), (0, 0, 0, 4)))
    if finding.suggestion and finding.suggestion.sql:
        _sql(console, finding.suggestion.sql)


def _skipped(console: Console, report: Report) -> None:
    unplanned = not_planned(report, max(console.width - 4, 10))
    if report.skipped or unplanned:
        _heading(console, "Skipped")
    for line in unplanned:
        console.print(Text(plain(line)))
    others, needs = grouped(report.skipped)
    for item in others:
        remedy = f" → {plain_sql(item.remedy)}" if item.remedy else ""
        console.print(Text(f"{plain(item.what)}: {plain(item.why)}{remedy}"))
    for group in needs:
        console.print(Text(f"{plain(group.told)}; the other formats name them"))


def _near_misses(console: Console, report: Report) -> None:
    if report.near_misses:
        console.print("\n[bold]Near misses[/]")
    for miss in report.near_misses:
        console.print(Text(f"  {near_miss_line(miss)}"))


def _suppressed(console: Console, report: Report) -> None:
    if report.suppressed:
        console.print("\n[bold]Suppressed[/]")
    for item in report.suppressed:
        console.print(Text(f"  {suppressed_line(item)}"))
