"""The live demo is held to demo/expected.yaml: every fault is found, and nothing healthy is accused."""

import asyncio
from importlib.resources import files
from typing import Any

import pytest
import yaml
from support.database import Database

from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.pipeline import AnalyzeOptions, analyze
from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.demo.expected import compare_with_expected, names_of
from pgtune_cli.demo.shop import load_shop
from pgtune_cli.demo.workload import STATEMENTS, run_workload
from pgtune_cli.model.report import Report
from pgtune_cli.settings import Settings

pytestmark = [pytest.mark.pg, pytest.mark.timeout(600)]
EXPECTED: dict[str, Any] = yaml.safe_load(files("pgtune_cli").joinpath("demo", "expected.yaml").read_text("utf-8"))


async def analysed(pg: Database) -> Report:
    async def superuser() -> Connection:
        return await connect(pg.dsn, read_only=False)

    connection = await superuser()
    await load_shop(connection)
    await connection.close()
    await run_workload(superuser)
    notes, settings = Notes(-1), Settings()
    reader = ConnectionFlags(host=str(pg.socket_dir), port=pg.port, user="pgtune_reader", dbname=pg.database)
    async with open_source(resolve(reader, settings, notes), CollectFlags(), settings, notes) as source:
        return await analyze(source, AnalyzeOptions(), settings, notes)


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
