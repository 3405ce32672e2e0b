"""The report as one HTML file: no network, a strict policy, every text escaped by the template engine."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.report import format as form
from pgtune_cli.report import plan_view, rewrites, statistics, trials
from pgtune_cli.report.accepted import near_miss_line, suppressed_line
from pgtune_cli.report.actions import actions, blocks_a_call, brings, offered, refused
from pgtune_cli.report.bodies import packed, squeezed
from pgtune_cli.report.by_table import by_table
from pgtune_cli.report.charts import charts
from pgtune_cli.report.headline import headline
from pgtune_cli.report.highlight import LONGEST, sql_block
from pgtune_cli.report.served import foreign_key
from pgtune_cli.report.server_view import notable_settings, workload_lines
from pgtune_cli.report.skips import grouped

_SCRIPTS = ("page.js", "statements.js", "charts.js")
_WIDTHS = "".join(f".w{percent} {{ width: {percent}%; }}\n" for percent in range(101))
_INDENTS = "".join(
    f".d{depth} > div {{ padding-left: {depth * 1.2:.1f}em; }}\n" for depth in range(plan_view.DEEPEST + 1)
)
"""a policy without unsafe-inline knows no style attributes"""


def to_html(report: Report) -> str:
    """A whole page. Texts of the database are data: escaped, and stripped of control and direction characters."""
    environment = _environment()
    todo, drawn = actions(report), charts(report)
    texts = {statement.fingerprint: headline(statement.query, 110) for statement in report.statements}
    parts: Any = environment.get_template("statement.html").module
    fixes = _fixes(report)
    bodies = packed([str(parts.body(one, fixes.get(one.fingerprint, []))) for one in report.statements])
    packed_texts = [_search_text(one) for one in report.statements[len(bodies.inline) :]]
    style, script = _read("report.css") + _WIDTHS + _INDENTS, "".join(map(_read, _SCRIPTS))
    others, needs = grouped(report.skipped)
    return environment.get_template("report.html").render(
        report=report,
        todo=todo,
        parts=parts,
        texts=texts,
        bodies=bodies,
        finds=squeezed(packed_texts) if packed_texts else "",
        fixes=fixes,
        offered=offered(report),
        refused=refused(report),
        charts=drawn,
        lead=next((chart.says for chart in drawn if chart.kind == "cumulative"), ""),
        tables=by_table(report),
        skipped=others,
        needs=needs,
        style=Markup(style),  # noqa: S704  # our own file
        script=Markup(script),  # noqa: S704  # our own files
        policy=Markup(_policy(style, script)),  # noqa: S704  # our own words
    )


def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.filters.update(
        duration=form.duration, size=form.size, count=form.count, percent=form.percent, cost=form.cost, sql=sql_block,
        one_line=form.plain_sql,
    )  # fmt: skip
    environment.globals.update(
        headline=headline, rewrites=rewrites, statistics=statistics, trials=trials, number_of=form.number_of,
        suppressed_line=suppressed_line, near_miss_line=near_miss_line, plan_view=plan_view,
        blocks_a_call=blocks_a_call, brings=brings, foreign_key=foreign_key, width=_width, search_text=_search_text,
        workload_lines=workload_lines, notable_settings=notable_settings,
    )  # fmt: skip
    return environment


def _read(name: str) -> str:
    return files("pgtune_cli.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing is loaded, sent or run but the style and the script of this page, named by their hashes."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _clean(value: object) -> object:
    if type(value) is not str:
        return value
    if len(value) <= LONGEST:
        return form.plain(value)
    return f"{form.plain(value[:LONGEST])}… (cut, {len(value):,} characters)"


def _width(fraction: float) -> int:
    """Whole percent, for the class of a bar."""
    return min(max(round(fraction * 100), 0), 100)


def _search_text(statement: ReportStatement) -> str:
    """What the filter looks in beside the line that is shown."""
    start = form.one_line(statement.query, 600).lower()
    return " ".join((start, *statement.queryids, *(form.one_line(role, 60).lower() for role in statement.roles)))


def _fixes(report: Report) -> dict[str, list[dict[str, Any]]]:
    """By fingerprint, what would mend the statement: where it stands, and both costs where they are known."""
    found: dict[str, list[dict[str, Any]]] = {}
    for number, index in enumerate(report.indexes.chosen, 1):
        for benefit in index.statements:
            fix = {"anchor": f"index-{number}", "title": f"Index on {index.relation}", "sql": index.sql,
                   "before": benefit.cost_before, "after": benefit.cost_after, "unit": "cost",
                   "plan_before": benefit.plan_before, "plan_after": benefit.plan_after}  # fmt: skip
            found.setdefault(benefit.fingerprint, []).append(fix)
    for number, advice in enumerate(report.indexes.statistics, 1):
        for seen in advice.statements:
            fix = {"anchor": f"statistics-{number}", "title": statistics.title(advice), "sql": advice.sql,
                   "before": seen.rows_planned, "after": seen.rows_with, "unit": "rows planned"}  # fmt: skip
            found.setdefault(seen.fingerprint, []).append(fix)
    for number, rewrite in enumerate(offered(report), 1):
        blocks = rewrite.blocks_before is not None and rewrite.blocks_after is not None
        first = rewrites.main_statements(rewrite)
        fix = {"anchor": f"rewrite-{number}", "title": rewrites.title(rewrite), "sql": first[0].sql if first else None,
               "before": rewrite.blocks_before if blocks else rewrite.cost_before,
               "after": rewrite.blocks_after if blocks else rewrite.cost_after,
               "unit": "blocks" if blocks else "cost"}  # fmt: skip
        found.setdefault(rewrite.statement, []).append(fix)
    return found
