"""The live demo is held to demo/expected.yaml: every fault is found, and nothing healthy is accused."""

import asyncio
from importlib.resources import files
from typing import Any

import pytest
import yaml
from support.database import Database

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.pipeline import analyze
from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.demo.expected import compare_with_expected, names_of
from pgtune_cli.demo.shop import load_shop
from pgtune_cli.demo.workload import STATEMENTS, run_workload
from pgtune_cli.explain.derive import walk
from pgtune_cli.model.plan import StatementPlan
from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.model.rewrite import RewriteStatement, RewriteStatus
from pgtune_cli.rewrite.parameters import inlined
from pgtune_cli.settings import Settings
from pgtune_cli.sql.clauses import clauses

pytestmark = [pytest.mark.pg, pytest.mark.timeout(600)]
EXPECTED: dict[str, Any] = yaml.safe_load(files("pgtune_cli").joinpath("demo", "expected.yaml").read_text("utf-8"))


async def analysed(pg: Database) -> Report:
    async def superuser() -> Connection:
        return await connect(pg.dsn, read_only=False)

    connection = await superuser()
    await load_shop(connection)
    await connection.close()
    await run_workload(superuser)
    return await analysed_again(pg)


@pytest.fixture(scope="module")
def report(pg_module: Database) -> Report:
    return asyncio.run(analysed(pg_module))


def test_every_statement_of_the_workload_is_in_the_report(report: Report) -> None:
    seen = names_of(statement.fingerprint for statement in report.statements)
    assert seen == {statement.name for statement in STATEMENTS}


def test_every_statement_of_the_workload_has_a_plan(report: Report) -> None:
    assert [statement.query for statement in report.statements if not statement.plans] == []


def test_every_fault_is_found_and_nothing_healthy_is_accused(report: Report) -> None:
    assert compare_with_expected(report, EXPECTED) == []


def executed(statement: ReportStatement) -> StatementPlan | None:
    return next((plan for plan in statement.plans if plan.executed), None)


def indexes_in(statement: ReportStatement) -> set[str | None]:
    return {placed.node.index_name for plan in statement.plans for placed in walk(plan.plan)}


def test_each_advised_index_is_used_by_the_statements_named_and_lowers_their_blocks(
    report: Report, pg_module: Database
) -> None:
    for index in report.indexes.chosen:
        for step in index.steps:
            pg_module.execute(step)
    after = {statement.fingerprint: statement for statement in asyncio.run(analysed_again(pg_module)).statements}
    before = {statement.fingerprint: statement for statement in report.statements}
    wrong = []
    for index in report.indexes.chosen:
        for served in index.statements:
            now, then = after[served.fingerprint], before[served.fingerprint]
            if index.name not in indexes_in(now):
                wrong.append(f"{index.name} is not used: {then.query}")
            run_now, run_then = executed(now), executed(then)
            if run_then is not None and (run_now is None or (run_now.blocks or 0) >= (run_then.blocks or 0)):
                wrong.append(f"{index.name} reads no fewer blocks: {then.query}")
    assert report.indexes.chosen
    assert wrong == []


async def analysed_again(pg: Database) -> Report:
    notes, settings = Notes(-1), Settings()
    reader = ConnectionFlags(host=str(pg.socket_dir), port=pg.port, user="pgtune_reader", dbname=pg.database)
    async with open_source(resolve(reader, settings, notes), CollectFlags(), settings, notes) as source:
        return await analyze(source, AnalyzeOptions(show_values=True), settings, notes)


def test_each_keyset_rewrite_returns_the_same_rows_page_by_page(report: Report, pg_module: Database) -> None:
    paged = [rewrite for rewrite in report.rewrites if rewrite.kind == "keyset"]
    proven = [rewrite for rewrite in paged if rewrite.status is RewriteStatus.PROVEN]
    assert proven
    for rewrite in proven:
        statement = next(one for one in report.statements if one.fingerprint == rewrite.statement)
        values = next(plan.parameters.values for plan in statement.plans if plan.parameters.values)
        pages = {page.role: page for page in rewrite.statements}
        everything = rows(pages["first_page"], values, None, 10**9, pg_module)
        size = max(len(everything) // 7, 1)
        walked = page = rows(pages["first_page"], values, None, size, pg_module)
        while len(page) == size:
            page = rows(pages["next_page"], values, page[-1], size, pg_module)
            walked = walked + page
        assert len(walked) > size
        assert walked == everything


def rows(page: RewriteStatement, values: tuple[str | None, ...], last: Any, size: int, pg: Database) -> list[Any]:
    """The rows of one page, the limit set to `size`, the cursor taken from `last` by column name."""
    spans = clauses(page.sql)
    assert spans is not None
    assert spans.limit_value is not None
    sql = page.sql[: spans.limit_value[0]] + str(size) + page.sql[spans.limit_value[1] :]
    literals = tuple(
        values[int(parameter.source.split()[0][1:]) - 1]
        if parameter.source.startswith("$")
        else str(last[parameter.source.split()[0]])
        for parameter in page.parameters
    )
    return pg.fetch(inlined(sql, literals, ()))
