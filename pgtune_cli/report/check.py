"""What `pgtune check` prints."""

from pgtune_cli.model.comparison import CheckResult, Comparison, ComparisonVerdict, Outcome
from pgtune_cli.report.format import count, duration, number_of
from pgtune_cli.report.headline import headline
from pgtune_cli.report.json_report import to_json


def render_check(result: CheckResult, format_: str, *, colour: bool = False) -> str:
    """`format_`: terminal, json or markdown."""
    if format_ == "json":
        return to_json(result)
    return _markdown(result) if format_ == "markdown" else _terminal(result, colour)


def _terminal(result: CheckResult, colour: bool) -> str:
    failing = [comparison for comparison in result.comparisons if comparison.fails]
    told = [comparison for comparison in result.comparisons if not comparison.fails and _worth_telling(comparison)]
    lines = []
    for comparison in failing:
        lines += [_paint("FAIL", "31;1", colour) + f"  {headline(comparison.query, 90)}", *_why(comparison)]
    for comparison in told:
        lines += [f"{comparison.verdict.value:<5} {headline(comparison.query, 90)}", *_why(comparison)]
    passed = result.outcome is Outcome.PASSED
    verdict = _paint("passed", "32;1", colour) if passed else _paint("failed", "31;1", colour)
    quiet = len(result.comparisons) - len(failing) - len(told)
    lines.append(f"check {verdict}: {len(failing)} failing, {len(told)} to note, {quiet} fine")
    return "\n".join(lines) + "\n"


def _worth_telling(comparison: Comparison) -> bool:
    return bool(comparison.reasons) or comparison.verdict not in (ComparisonVerdict.SAME, ComparisonVerdict.NEW)


def _why(comparison: Comparison) -> list[str]:
    lines = [f"      {reason}" for reason in comparison.reasons]
    now, before = comparison.candidate, comparison.baseline
    if now is not None:
        was = f" (baseline {duration(before.mean_exec_time_ms)})" if before else ""
        lines.append(
            f"      mean {duration(now.mean_exec_time_ms)}{was}, {number_of(now.calls, 'call')}, "
            f"{count(now.blocks_per_call)} blocks a call, statement {comparison.fingerprint}"
        )
    return lines


def _markdown(result: CheckResult) -> str:
    lines = [f"### pgtune check {result.outcome.value}", ""]
    shown = [comparison for comparison in result.comparisons if comparison.fails or _worth_telling(comparison)]
    if shown:
        lines += ["| | statement | baseline | now | why |", "|---|---|---|---|---|"]
    for comparison in shown:
        before = duration(comparison.baseline.mean_exec_time_ms) if comparison.baseline else "–"
        now = duration(comparison.candidate.mean_exec_time_ms) if comparison.candidate else "–"
        why = _cell("; ".join(comparison.reasons))
        mark = "**fails**" if comparison.fails else comparison.verdict.value
        lines.append(f"| {mark} | `{_cell(headline(comparison.query, 100))}` | {before} | {now} | {why} |")
    lines.append(f"\n{number_of(len(result.comparisons), 'statement')} compared.")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'").replace("<", "&lt;")


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
