"""What `pgtune diff` prints."""

from collections.abc import Iterator

from pgtune_cli.model.comparison import Comparison, ComparisonVerdict, Difference
from pgtune_cli.report.check import cell, paint, row, why
from pgtune_cli.report.folded import columns, hanging
from pgtune_cli.report.format import number_of, plain
from pgtune_cli.report.headline import headline
from pgtune_cli.report.json_report import to_json

LIMIT = 65_536
_COLOURS = {ComparisonVerdict.SLOWER: "31;1", ComparisonVerdict.FASTER: "32;1"}


def render_diff(result: Difference, format_: str, *, colour: bool = False) -> str:
    """`format_`: terminal, json or markdown."""
    if format_ == "json":
        return to_json(result)
    return _markdown(result) if format_ == "markdown" else _terminal(result, colour)


def _terminal(result: Difference, colour: bool) -> str:
    lines = []
    for comparison in _told(result):
        verdict = comparison.verdict.value
        mark = paint(verdict, _COLOURS.get(comparison.verdict, ""), colour)
        lines += [f"{mark}  {headline(comparison.query, columns() - len(verdict) - 2)}", *why(comparison)]
    for change in result.changes:
        lines += hanging("changed  ", plain(change), 9)
    for note in result.notes:
        lines += hanging("note  ", plain(note), 6)
    return "\n".join((*lines, *hanging("", _counts(result), 4))) + "\n"


def _told(result: Difference) -> Iterator[Comparison]:
    yield from (one for one in result.comparisons if one.verdict is not ComparisonVerdict.SAME or one.causes)


def _counts(result: Difference) -> str:
    counts = {verdict: sum(one.verdict is verdict for one in result.comparisons) for verdict in ComparisonVerdict}
    told = ", ".join(f"{number} {verdict.value}" for verdict, number in counts.items() if number)
    findings = f"; {number_of(len(result.findings_new), 'finding')} new, {len(result.findings_gone)} gone"
    return f"{number_of(len(result.comparisons), 'statement')}: {told or 'none'}{findings}"


def _markdown(result: Difference) -> str:
    lines = ["### pgtune diff", "", f"{_counts(result)}.", ""]
    rows = [row(comparison) for comparison in _told(result)]
    if rows:
        lines += ["| | statement | before | after | why |", "|---|---|---|---|---|"]
    end = [f"- {cell(text)}" for text in (*result.changes, *result.notes)]
    room = LIMIT - sum(len(line) + 1 for line in (*lines, *end)) - 100
    for number, text in enumerate(rows):
        room -= len(text) + 1
        if room < 0:
            lines.append(f"\n_{len(rows) - number} more did not fit; the JSON form has them._")
            break
        lines.append(text)
    return "\n".join((*lines, "", *end)) + "\n"
