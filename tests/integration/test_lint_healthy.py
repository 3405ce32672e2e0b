"""Healthy databases under their own workload: the rules as they come have nothing to warn of."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from support import healthy
from support.database import Database
from support.servers import binaries_of

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.finding import Severity
from pgtune_cli.sql.statements import statements

pytestmark = pytest.mark.pg

SCALE = 0.08
"""of the sizes that benchmarks/healthy.py builds."""


def warnings_of(dsn: str) -> list[tuple[str, str | None, str]]:
    async def main() -> list[tuple[str, str | None, str]]:
        connection = await connect(dsn)
        try:
            snapshot = await collect(connection)
            found = statements(snapshot)
            plans = await explain_statements(connection, snapshot, found, ExplainOptions())
        finally:
            await connection.close()
        assert len(found) >= 3
        findings, _ = evaluate(load_rules(), Analysis(snapshot=snapshot, statements=found, plans=plans))
        return [(one.rule, one.relation, one.detail) for one in findings if one.severity.rank > Severity.INFO.rank]

    return asyncio.run(main())


@pytest.mark.parametrize("name", healthy.DATABASES)
def test_a_healthy_database_is_left_alone(pg: Database, name: str) -> None:
    pg.execute(f"alter database {pg.database} set random_page_cost = 1.1")
    pg.execute(f"alter database {pg.database} set work_mem = '16MB'")
    asyncio.run(healthy.build(pg.server.dsn_for, pg.database, name, SCALE))
    assert warnings_of(pg.dsn) == []


def test_pgbench_is_left_alone(pg: Database) -> None:
    program = Path(binaries_of(18).bin_dir) / "pgbench"
    pg.execute("create extension pg_stat_statements")
    place = ["-h", str(pg.socket_dir), "-p", str(pg.port), "-U", "postgres", pg.database]
    subprocess.run([program, "-i", "-q", "-s", "2", *place], check=True, capture_output=True)
    subprocess.run([program, "-n", "-c", "4", "-t", "250", *place], check=True, capture_output=True)
    asyncio.run(_vacuumed(pg))
    assert warnings_of(pg.dsn) == []


async def _vacuumed(pg: Database) -> None:
    session = await pg.connect()
    await session.execute("vacuum analyze")
    await session.close()
