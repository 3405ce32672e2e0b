"""One statement in depth, on a terminal (before and after side by side) and as JSON."""

import io
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from pgtune_cli.model.explanation import Explanation, WhatIfAnswer, WhatIfPlan
from pgtune_cli.model.finding import Finding
from pgtune_cli.model.plan import Plan, PlanParameters, StatementPlan
from pgtune_cli.report.folded import folded, hanging
from pgtune_cli.report.format import cost, count, duration, number_of, percent, plain, plain_sql, size
from pgtune_cli.report.json_report import to_json
from pgtune_cli.report.plan_text import plan_lines

NARROWEST = 60
MAX_LINE = 400
"""of a condition, before it is wrapped"""
MARKS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def render_explanation(found: Explanation, format_: str, *, colour: bool = False, width: int | None = None) -> str:
    """`format_`: terminal or json. `width`: of the terminal, 80 when piped."""
    if format_ == "json":
        return to_json(found)
    columns = max(width or shutil.get_terminal_size((80, 24)).columns, NARROWEST)
    console = Console(
        file=io.StringIO(), width=columns, force_terminal=colour, no_color=not colour,
        color_system="standard" if colour else None, highlight=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    with console.capture() as capture:
        for style, line in _lines(found, columns):
            console.print(Text(line, style=style), soft_wrap=True)
    return "\n".join(line.rstrip() for line in capture.get().strip("\n").splitlines()) + "\n"


def _lines(found: Explanation, width: int) -> Iterator[tuple[str, str]]:
    """(style, line)."""
    if found.statement is not None:
        yield "", plain_sql(found.statement.query)
        if found.statement.calls:
            calls, mean = count(found.statement.calls), duration(found.statement.mean_exec_time_ms)
            yield "dim", f"{calls} calls of {mean} on average"
    if found.not_explained is not None and not found.plans:
        yield "yellow", f"not planned: {plain(found.not_explained)}"
    if found.plans:
        yield from _plan(found, found.plans[0], width)
    if found.what_if is not None:
        yield from _what_if(found.what_if, width)
    if found.findings:
        yield from _heading("Findings")
    for finding in found.findings:
        yield from _finding(finding, width)
    if found.skipped:
        yield from _heading("Skipped")
    for line in _skipped(found):
        yield from (("", part) for part in folded(plain(line), width=width))


def _heading(text: str) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield "bold underline", text


def _plan(found: Explanation, plan: StatementPlan, width: int) -> Iterator[tuple[str, str]]:
    how = "executed" if plan.executed else "planned"
    where = {
        "server": "on the server",
        "clone": "on the clone",
        "snapshot": "on the source, when the snapshot was taken",
    }
    if plan.source == "file":
        yield from _heading(f"Saved plan, {how}: cost {cost(plan.total_cost)}")
    else:
        yield from _heading(f"Plan, {how} {where.get(plan.source, plan.source)}: cost {cost(plan.total_cost)}")
        yield "dim", f"with {_values(plan.parameters)}"
    yield from (("", line) for line in plan_lines(plan.plan, width))
    if found.not_executed is not None:
        yield "dim", f"not executed: {plain(found.not_executed)}"
    for other in found.plans[1:]:
        yield "dim", f"with {_values(other.parameters)}: cost {cost(other.total_cost)}"
    if found.fidelity is not None and found.fidelity.reason is None:
        yield "dim", f"the clone plans it the same way: cost {cost(found.fidelity.cost_clone)}"
    elif found.fidelity is not None:
        clone = f"cost {cost(found.fidelity.cost_clone)}" + ("" if found.fidelity.same_shape else ", another plan")
        yield "yellow", plain(f"the clone plans it otherwise ({clone}): {found.fidelity.reason}")


def _what_if(answer: WhatIfAnswer, width: int) -> Iterator[tuple[str, str]]:
    yield from _heading("What if, on the clone")
    for index in answer.with_indexes:
        use = "used" if index.used else "not used"
        yield "green" if index.used else "yellow", f"with {size(index.size_bytes)}, {use}: {plain_sql(index.sql)}"
    for name in answer.without_indexes:
        yield "", f"without index {plain(name)}"
    for name, value in answer.settings.items():
        yield "", f"with {plain(name)} = {plain(value)}"
    if answer.plans:
        yield "", ""
        yield from (("", line) for line in side_by_side(answer.plans[0], width))
    for other in answer.plans[1:]:
        yield "dim", f"with {_values(other.parameters)}: cost {change(other)}"


def _values(parameters: PlanParameters) -> str:
    """`typical values (pg_stats)`, `the constants of its text`."""
    if parameters.name == parameters.origin:
        told = {"generic": "no values (a generic plan)", "literal": "the constants of its text"}
        return told.get(parameters.name, f"{parameters.name} values")
    return f"{parameters.name} values ({parameters.origin})"


def change(plan: WhatIfPlan) -> str:
    """`1,234 → 56 (95 % lower)`, `8.31 → 1,628 (196 times as much)`."""
    before, after = plan.cost_before, plan.cost_after
    shown = f"{cost(before)} → {cost(after)}"
    if before == after or before <= 0:
        return shown
    if after >= 2 * before:
        return f"{shown} ({count(after / before)} times as much)"
    return f"{shown} ({percent(abs(1 - after / before))} {'lower' if after < before else 'higher'})"


def side_by_side(plan: WhatIfPlan, width: int) -> list[str]:
    """Both plans in two columns, under their costs; long lines go on below."""
    column = (width - 3) // 2
    values = _values(plan.parameters)
    left = [f"before: cost {cost(plan.cost_before)}", *_wrapped(plan.before, column)]
    right = [f"after: cost {cost(plan.cost_after)}", *_wrapped(plan.after, column)]
    rows = zip_longest(left, right, fillvalue="")
    return [
        f"cost {change(plan)} with {values}",
        *(f"{one}{' ' * (column - cell_len(one))} | {other}".rstrip() for one, other in rows),
    ]


def _wrapped(plan: Plan, width: int) -> Iterator[str]:
    for line in plan_lines(plan, MAX_LINE):
        # a deep plan keeps some room for its words
        indent = min(len(line) - len(line.lstrip(" ")), width // 3, max(width - 24, 0))
        yield from hanging(" " * indent, line.strip(), indent + 4, width=width)


def _skipped(found: Explanation) -> Iterator[str]:
    """Rules that lacked the same thing are counted."""
    needs: Counter[str] = Counter()
    for item in found.skipped:
        need = item.why.partition(": needs ")[2]
        if item.what.startswith("rule ") and need:
            needs[need] += 1
        else:
            yield f"{item.what}: {item.why}" + (f" → {item.remedy}" if item.remedy else "")
    for need, number in sorted(needs.items()):
        yield f"{number_of(number, 'rule')} not judged, for want of {need}"


def _finding(finding: Finding, width: int) -> Iterator[tuple[str, str]]:
    label = "possible" if finding.possible else finding.severity.value
    yield MARKS.get(label, "dim"), f"{label} {finding.rule} {plain(finding.title)}"
    told = finding.suggestion.text if finding.suggestion else None
    for text in (finding.detail, *([told] if told else [])):
        yield from (("", line) for line in hanging("    ", plain(text), 4, width=width))
    if finding.suggestion and finding.suggestion.sql:
        yield "", f"    {plain_sql(finding.suggestion.sql)}"
