"""The index advice as a script for psql that a DBA can read before running it, and as JSON."""

from collections.abc import Sequence

from pgtune_cli.model.index import ChosenIndex, ForeignKeyBenefit, IndexAdvice
from pgtune_cli.model.report import ReportStatement
from pgtune_cli.model.statement import Statement
from pgtune_cli.report.format import percent, plain, plain_sql, size
from pgtune_cli.report.headline import headline
from pgtune_cli.report.json_report import to_json
from pgtune_cli.report.served import foreign_key
from pgtune_cli.report.statistics import standing, title
from pgtune_cli.report.trials import line, measured, remarks
from pgtune_cli.sql.quote import quote_literal


def index_json(advice: IndexAdvice) -> str:
    """The `indexes` object of the report alone."""
    return to_json(advice)


def index_script(advice: IndexAdvice, statements: Sequence[ReportStatement | Statement] = ()) -> str:
    """SQL: what to create, then what to drop, each with its reason and, commented out, what undoes it."""
    texts = {statement.fingerprint: statement.query for statement in statements}
    lines = ["-- Index advice by pgtune. CREATE INDEX CONCURRENTLY does not run inside a transaction block."]
    lines += _comment(f"Before any index: {advice.first}") if advice.first else []
    lines += [f"-- {line}" for line in _summary(advice, bool(statements))]
    lines += _trial(advice, texts) + _resume(advice)
    for worse in advice.worse:
        lines += _comment(f"Worse: {headline(texts.get(worse.fingerprint, worse.fingerprint), 70)}: {worse.reason}.")
    for number, index in enumerate(advice.chosen, 1):
        lines += [
            "",
            f"-- {number}. {_line(index.name)}",
            *_comment(index.why),
            *_facts(index),
            *_benefits(index, texts),
        ]
        lines += _steps(index.steps, index.rollback_steps)
        lines += [f"-- undo: {_in_comment(index.rollback_sql)}"]
        lines += [f"-- instead of {_in_comment(near.sql)}: {_line(near.reason)}" for near in index.near_misses]
    if advice.dropped:
        lines += ["", *_run(("SET lock_timeout = '10min'", "SET statement_timeout = 0"))]
    for dropped in advice.dropped:
        # so that the script may be run again
        sql = dropped.sql.replace("DROP INDEX CONCURRENTLY ", "DROP INDEX CONCURRENTLY IF EXISTS ", 1)
        lines += ["", *_comment(dropped.reason), *_run([sql])]
        back = (dropped.rollback_sql, *dropped.rollback_steps[1:])
        lines += [f"-- undo: {'; '.join(map(_in_comment, back))}"]
    if advice.dropped:
        lines += ["", *_run(("RESET lock_timeout", "RESET statement_timeout"))]
    lines += _statistics(advice, texts)
    for possible in advice.possible:
        lines += ["", *_comment(f"possible only: {possible.reason}"), f"-- {_in_comment(possible.sql)};"]
    told = {near.sql for index in advice.chosen for near in index.near_misses}
    for rejected in advice.rejected:
        if rejected.sql not in told:
            lines += ["", *_comment(f"rejected: {rejected.reason}"), f"-- {_in_comment(rejected.sql)};"]
    return "\n".join(lines) + "\n"


def _statistics(advice: IndexAdvice, texts: dict[str, str]) -> list[str]:
    """Of the planner; each with the estimates that were seen."""
    lines: list[str] = []
    for one in advice.statistics:
        lines += ["", f"-- {_line(title(one))}: {_line(standing(one))}", *_comment(one.why)]
        for seen in one.statements:
            text = headline(texts.get(seen.fingerprint, seen.fingerprint), 70)
            after = "" if seen.rows_with is None else f", {seen.rows_with:,.0f} planned with it"
            rows = f"{seen.rows_planned:,.0f} rows planned, {seen.rows_actual:,.0f} came{after}"
            lines.append(f"--    {rows}: {text}")
        lines += _run(one.steps)
        lines += [f"-- undo: {_in_comment(one.rollback_sql)}"] if one.rollback_sql else []
    return lines


RUNNING = "SELECT FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.relid = i.indrelid"


def _resume(advice: IndexAdvice) -> list[str]:
    """What an interrupted run left behind is cleared away first; not while somebody builds on that table."""
    leaves = [leaf for index in advice.chosen for leaf in index.leaves]
    if not leaves:
        return []
    names = ", ".join(f"to_regclass({plain_sql(quote_literal(leaf))})" for leaf in leaves)
    return [
        "-- Run it with: psql -X -f FILE. It stops at the first error, and may be run again: what is there stays, and",
        "-- an INVALID index, which an interrupted build leaves behind, is dropped here and built again.",
        "\\set ON_ERROR_STOP on",
        *_run(("SET lock_timeout = '10min'", "SET statement_timeout = 0")),
        "SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhrelid = i.indexrelid)",
        "    THEN 'REINDEX' ELSE 'DROP' END || ' INDEX CONCURRENTLY ' || i.indexrelid::regclass",
        f"FROM pg_catalog.pg_index AS i WHERE i.indexrelid IN ({names})",
        f"    AND NOT i.indisvalid AND NOT EXISTS ({RUNNING})",
        "\\gexec",
        ";",
    ]


def _trial(advice: IndexAdvice, texts: dict[str, str]) -> list[str]:
    """What was measured on the scratch copy."""
    if advice.trial is None:
        return []
    lines = ["-- Tried on a scratch copy, each statement before and after:"]
    for each in measured(advice.trial):
        lines.append(f"--    {line(each)}: {headline(texts.get(each.fingerprint, each.fingerprint), 60)}")
    told = [f"-- trial: {_in_comment(text)}" for text in remarks(advice)]
    return [*(lines if advice.trial.statements else []), *told]


def _steps(steps: Sequence[str], undo: Sequence[str | None]) -> list[str]:
    """Each with what undoes it, where there is more than one that changes something."""
    told = [*undo, *[None] * len(steps)][: len(steps)]
    many = sum(each is not None for each in told) > 1
    lines: list[str] = []
    for step, back in zip(steps, told, strict=True):
        lines += _run([step])
        if many and back is not None:
            lines += [f"-- undo: {_in_comment(back)}"]
    return lines


def _run(steps: Sequence[str]) -> list[str]:
    return [plain_sql(step).rstrip(";") + ";" for step in steps]


def _facts(index: ChosenIndex) -> list[str]:
    saved = f", upkeep {index.write_cost:,.0f} of {index.benefit:,.0f} cost units saved" if index.benefit > 0 else ""
    real = "" if index.measured_bytes is None else f" ({size(index.measured_bytes)} when it was built)"
    return [f"-- {size(index.size_bytes)} by estimate{real}{saved}; confidence {_line(index.confidence)}"]


def _summary(advice: IndexAdvice, read: bool) -> list[str]:
    if advice.engine is None:
        return ["No what-if planner was available, so nothing is advised."]
    before, after = advice.workload_cost_before, advice.workload_cost_after
    if not advice.chosen:
        if not read:
            return ["No statement of the workload could be read, so no index is advised for any."]
        return ["No index would pay for itself on this workload."]
    saved = f", workload cost {percent(1 - after / before)} lower" if before and after is not None else ""
    return [
        f"{len(advice.chosen)} to create, {size(advice.storage_bytes)} by estimate{saved}.",
        f"Planned by the {advice.engine} under the server's own statistics ({advice.planner_calls} planner calls).",
    ]


def _benefits(index: ChosenIndex, texts: dict[str, str]) -> list[str]:
    """Plans of the statement that gains most: the others are in the JSON."""
    lines = []
    for number, benefit in enumerate(index.served):
        if isinstance(benefit, ForeignKeyBenefit):
            text, condition = foreign_key(benefit), ""
        else:
            text = headline(texts.get(benefit.fingerprint, benefit.fingerprint), 70)
            condition = _line(benefit.condition)
        calls = f", {benefit.calls:,} calls" if benefit.calls else ""
        costs = f"cost {benefit.cost_before:,.0f} -> {benefit.cost_after:,.0f}"
        lines.append(f"--    {costs}{condition}{calls}: {_line(text)}")
        if number == 0:
            lines += _plan("before", benefit.plan_before) + _plan("after", benefit.plan_after)
    return lines


MOST_NODES = 12


def _plan(name: str, nodes: Sequence[str]) -> list[str]:
    shown = [_line(node) for node in nodes[:MOST_NODES]]
    more = [f"… and {len(nodes) - MOST_NODES} more"] if len(nodes) > MOST_NODES else []
    return [f"--      {name if at == 0 else '':6} {line}" for at, line in enumerate([*shown, *more])]


def _comment(text: str) -> list[str]:
    return [f"-- {line}" for line in plain(text).splitlines()]


def _in_comment(sql: str) -> str:
    """One line, so that no newline can end the comment; spaces in names are kept."""
    return _line(plain_sql(sql))


def _line(text: str) -> str:
    return plain(text).replace("\n", " ")
