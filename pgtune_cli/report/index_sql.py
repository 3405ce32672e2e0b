"""The index advice as a script that a DBA can read before running it, and as JSON."""

from collections.abc import Sequence

from pgtune_cli.model.index import ChosenIndex, IndexAdvice
from pgtune_cli.model.report import ReportStatement
from pgtune_cli.report.format import percent, plain, plain_sql, size
from pgtune_cli.report.headline import headline
from pgtune_cli.report.json_report import to_json


def index_json(advice: IndexAdvice) -> str:
    """The `indexes` object of the report alone."""
    return to_json(advice)


def index_script(advice: IndexAdvice, statements: Sequence[ReportStatement] = ()) -> str:
    """SQL: what to create, then what to drop, each with its reason and, commented out, what undoes it."""
    texts = {statement.fingerprint: statement.query for statement in statements}
    lines = ["-- Index advice by pgtune. CREATE INDEX CONCURRENTLY does not run inside a transaction block."]
    lines += [f"-- {line}" for line in _summary(advice)]
    for number, index in enumerate(advice.chosen, 1):
        lines += ["", f"-- {number}. {_line(index.name)}", *_comment(index.why), *_benefits(index, texts)]
        lines += [plain_sql(step).rstrip(";") + ";" for step in index.steps]
        lines += [f"-- undo: {_in_comment(index.rollback_sql)}"]
    for dropped in advice.dropped:
        lines += ["", *_comment(dropped.reason), plain_sql(dropped.sql).rstrip(";") + ";"]
        lines += [f"-- undo: {_in_comment(dropped.rollback_sql)}"]
    for possible in advice.possible:
        lines += ["", *_comment(f"possible only: {possible.reason}"), f"-- {_in_comment(possible.sql)};"]
    for rejected in advice.rejected:
        lines += ["", *_comment(f"rejected: {rejected.reason}"), f"-- {_in_comment(rejected.sql)};"]
    return "\n".join(lines) + "\n"


def _summary(advice: IndexAdvice) -> list[str]:
    if advice.engine is None:
        return ["No what-if planner was available, so nothing is advised."]
    before, after = advice.workload_cost_before, advice.workload_cost_after
    if not advice.chosen:
        return ["No index would pay for itself on this workload."]
    saved = f", workload cost {percent(1 - after / before)} lower" if before and after is not None else ""
    return [
        f"{len(advice.chosen)} to create, {size(advice.storage_bytes)} by estimate{saved}.",
        f"Planned by the {advice.engine} under the server's own statistics ({advice.planner_calls} planner calls).",
    ]


def _benefits(index: ChosenIndex, texts: dict[str, str]) -> list[str]:
    lines = []
    for benefit in index.statements:
        text = texts.get(benefit.fingerprint, benefit.fingerprint)
        lines.append(f"--    cost {benefit.cost_before:,.0f} -> {benefit.cost_after:,.0f}: {headline(text, 70)}")
    return lines


def _comment(text: str) -> list[str]:
    return [f"-- {line}" for line in plain(text).splitlines()]


def _in_comment(sql: str) -> str:
    """One line, so that no newline can end the comment; spaces in names are kept."""
    return _line(plain_sql(sql))


def _line(text: str) -> str:
    return plain(text).replace("\n", " ")
