"""What `pgtune check` prints."""

from pgtune_cli.model.comparison import CheckResult, Comparison, ComparisonVerdict, Outcome
from pgtune_cli.report.folded import columns, hanging
from pgtune_cli.report.format import count, duration, number_of, one_line, plain
from pgtune_cli.report.headline import headline
from pgtune_cli.report.json_report import to_json

LIMIT = 65_536
"""characters of a pull-request comment"""
_KNOWN = 5
"""statements over a limit that were over it in the baseline too, told one by one"""
_TABLE = ["| | statement | baseline | now | why |", "|---|---|---|---|---|"]
QUIET = (ComparisonVerdict.SAME, ComparisonVerdict.NEW)


def render_check(result: CheckResult, format_: str, *, colour: bool = False) -> str:
    """`format_`: terminal, json, markdown, github, gitlab, sarif or junit."""
    if format_ == "json":
        return to_json(result)
    if format_ == "markdown":
        return _markdown(result)
    if format_ == "junit":
        from pgtune_cli.report.junit import check_to_junit

        return check_to_junit(result)
    if format_ in ("github", "gitlab", "sarif"):
        from pgtune_cli.report.machine import render_problems
        from pgtune_cli.report.problems import of_check

        return render_problems(of_check(result), format_)
    return _terminal(result, colour)


def _terminal(result: CheckResult, colour: bool) -> str:
    failing = [comparison for comparison in result.comparisons if comparison.fails]
    told = [comparison for comparison in result.comparisons if not comparison.fails and _worth_telling(comparison)]
    lines = []
    for comparison in failing:
        lines += [paint("FAIL", "31;1", colour) + f"  {headline(comparison.query, columns() - 6)}", *why(comparison)]
    for finding in result.findings:
        title = one_line(finding.title, columns() - 7 - len(finding.rule))
        lines.append(paint("FAIL", "31;1", colour) + f"  {finding.rule} {title}")
    changed, known = _by_news(told)
    for comparison in (*changed, *known[:_KNOWN]):
        below = _reasons(comparison) if comparison in known else why(comparison)
        lines += [f"{comparison.verdict.value:<5} {headline(comparison.query, columns() - 7)}", *below]
    if len(known) > _KNOWN:
        lines.append(f"same  … and {number_of(len(known) - _KNOWN, 'statement')} more, as in the baseline")
    for note in result.notes:
        lines += hanging("note  ", plain(note), 6)
    passed = result.outcome is Outcome.PASSED
    verdict = paint("passed", "32;1", colour) if passed else paint("failed", "31;1", colour)
    quiet = len(result.comparisons) - len(failing) - len(told)
    failed = len(failing) + len(result.findings)
    lines.append(f"check {verdict}: {failed} failing, {len(told)} to note, {quiet} fine")
    return "\n".join(lines) + "\n"


def _worth_telling(comparison: Comparison) -> bool:
    return bool(comparison.reasons) or comparison.verdict not in QUIET


def _by_news(told: list[Comparison]) -> tuple[list[Comparison], list[Comparison]]:
    """(what is new, what is as it was): a limit that was crossed before is no news."""
    known = [one for one in told if one.verdict is ComparisonVerdict.SAME and one.baseline and not one.causes]
    return [one for one in told if one not in known], known


def _reasons(comparison: Comparison) -> list[str]:
    return [line for reason in comparison.reasons for line in hanging("      ", plain(reason), 8)]


def why(comparison: Comparison) -> list[str]:
    """The lines of a terminal under a statement's headline."""
    lines = _reasons(comparison)
    for at, cause in enumerate(comparison.causes):
        lines += hanging(" " * 15 if at else "      because: ", plain(cause), 15)
    if comparison.place:
        lines.append(f"      in {plain(comparison.place)}")
    now, before = comparison.candidate, comparison.baseline
    if now is not None:
        was = f" (baseline {duration(before.mean_exec_time_ms)})" if before else ""
        told = f"mean {duration(now.mean_exec_time_ms)}{was}, {number_of(now.calls, 'call')}, "
        lines += hanging("      ", told + f"{count(now.blocks_per_call)} blocks a call", 8)
        lines.append(f"      statement {comparison.fingerprint}")
    return lines


def _markdown(result: CheckResult) -> str:
    lines = [f"### pgtune check {result.outcome.value}", ""]
    failing = [comparison for comparison in result.comparisons if comparison.fails]
    changed, known = _by_news([one for one in result.comparisons if not one.fails and _worth_telling(one)])
    shown = [*failing, *changed]
    if shown:
        lines += _TABLE
    end = [f"- **fails** {finding.rule} {cell(finding.title)}" for finding in result.findings]
    end += [f"- {cell(note)}" for note in result.notes]
    end.append(f"\n{number_of(len(result.comparisons), 'statement')} compared.")
    room = LIMIT - sum(len(line) + 1 for line in (*lines, *end)) - 100
    for number, comparison in enumerate(shown):
        text = row(comparison)
        room -= len(text) + 1
        if room < 0:
            lines.append(f"\n_{len(shown) - number} more did not fit; the JSON form has them._")
            break
        lines.append(text)
    lines += _folded(known, room)
    return "\n".join((*lines, "", *end)) + "\n"


def _folded(known: list[Comparison], room: int) -> list[str]:
    """What is over a limit as it was, for those who open it; as far as there is room."""
    if not known:
        return []
    begin = [
        "",
        f"<details><summary>{number_of(len(known), 'statement')} over a limit, as in the baseline</summary>",
        "",
    ]
    lines = [*begin, *_TABLE]
    room -= sum(len(line) + 1 for line in lines) + 100
    for number, comparison in enumerate(known):
        room -= len(row(comparison)) + 1
        if room < 0:
            lines.append(f"\n_{len(known) - number} more did not fit; the JSON form has them._")
            break
        lines.append(row(comparison))
    return [*lines, "", "</details>"]


def row(comparison: Comparison) -> str:
    """A row of a Markdown table."""
    before = duration(comparison.baseline.mean_exec_time_ms) if comparison.baseline else "–"
    now = duration(comparison.candidate.mean_exec_time_ms) if comparison.candidate else "–"
    why = cell("; ".join((*comparison.reasons, *comparison.causes)))
    mark = "**fails**" if comparison.fails else comparison.verdict.value
    return f"| {mark} | `{cell(headline(comparison.query, 100))}` | {before} | {now} | {why} |"


def cell(text: str) -> str:
    """Text that stays within its cell and mentions nobody."""
    escaped = plain(text).replace("\n", " ").replace("\\", "\\\\").replace("|", "\\|").replace("`", "'")
    return escaped.replace("<", "&lt;").replace("@", "&#64;")


def paint(text: str, code: str, colour: bool) -> str:
    """`code`: of an SGR sequence; empty for none."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text
