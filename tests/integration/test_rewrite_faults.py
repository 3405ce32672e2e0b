"""Proofs that end badly: each says why, is offered by its conditions only, and leaves the others alone."""

import asyncio
from typing import Any

import pytest

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.code_catalog import read_code
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.rewrite import Rewrite, RewriteStatus
from pgtune_cli.model.statement import Statement
from pgtune_cli.rewrite.rewrite import RewriteOptions, rewrite_statements
from pgtune_cli.rewrite.session import Unproven, snapshot

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]

# `same` joins every row with every row, and its statistics say that it joins none
SCHEMA = """
CREATE TABLE paged (id int PRIMARY KEY, at int NOT NULL, body text NOT NULL);
INSERT INTO paged SELECT i, i % 1000, repeat('x', 200) FROM generate_series(1, 60000) AS i;
CREATE INDEX ON paged (at, id);
CREATE TABLE hidden (LIKE paged INCLUDING ALL);
INSERT INTO hidden SELECT * FROM paged;
CREATE TABLE same (id int PRIMARY KEY, word int NOT NULL, body text NOT NULL);
INSERT INTO same SELECT i, i, repeat('x', 50) FROM generate_series(1, 30000) AS i;
CREATE INDEX ON same (word);
VACUUM ANALYZE;
ALTER TABLE same SET (autovacuum_enabled = off);
UPDATE same SET word = 1;
CREATE ROLE pager LOGIN;
GRANT pg_read_all_data TO pager;
"""
PAGES = {
    "paged": "SELECT id, body FROM paged ORDER BY at LIMIT 10 OFFSET 5000",
    "hidden": "SELECT id, body FROM hidden ORDER BY at LIMIT 10 OFFSET 5000",
    "same": "SELECT a.id, b.id AS other FROM same AS a JOIN same AS b ON a.word = b.word"
    " ORDER BY a.id, b.id LIMIT 10 OFFSET 20",
    "again": "SELECT id FROM paged WHERE at >= 10 ORDER BY at DESC LIMIT 10 OFFSET 3000",
}


@pytest.fixture(scope="module")
def site(pg_module: Any) -> Any:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            pg_module.execute(statement)
    return pg_module


async def rewritten(dsn: str, max_time_ms: float, end: str | None = None) -> dict[str, Rewrite]:
    """The keyset rewrite of each page. `end` kills the backend that runs the proofs, once one of them has begun."""
    asked = tuple(
        Statement(fingerprint=name, query=text, calls=0, total_exec_time_ms=0, mean_exec_time_ms=0)
        for name, text in PAGES.items()
    )
    connection = await connect(dsn)
    try:
        read = await collect(connection)
        plans = await explain_statements(connection, read, asked, ExplainOptions(max_time_ms=max_time_ms))
        analysis = Analysis(snapshot=read, statements=asked, plans=plans)
        options = RewriteOptions(max_time_ms=max_time_ms)
        killing = asyncio.create_task(killed(end)) if end is not None else None
        found = await rewrite_statements(analysis, whatif=None, connection=connection, options=options)
        if killing is not None:
            assert await killing
    finally:
        await connection.close()
    return {one.statement: one for one in found if one.kind == "keyset"}


async def killed(dsn: str) -> bool:
    admin = await connect(dsn, read_only=False)
    try:
        for _ in range(4000):
            sql = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'SELECT%pgtune_rows%'"
            if (await admin.fetch(f"{sql} and state = 'active' and pid <> pg_backend_pid()")) != []:
                return True
            await asyncio.sleep(0.002)
        return False
    finally:
        await admin.close()


def test_what_is_too_slow_or_out_of_reach_is_named_and_the_rest_is_proven(site: Any) -> None:
    site.execute("REVOKE pg_read_all_data FROM pager; GRANT SELECT ON paged, same TO pager; GRANT pg_monitor TO pager")
    found = asyncio.run(rewritten(site.dsn_as("pager"), 400))
    assert {name: one.status for name, one in found.items()} == {
        "paged": RewriteStatus.PROVEN,
        "hidden": RewriteStatus.CONDITIONS,
        "same": RewriteStatus.CONDITIONS,
        "again": RewriteStatus.PROVEN,
    }
    assert "permission denied for table hidden" in str(found["hidden"].reason)
    assert "did not finish within --max-time" in str(found["same"].reason)
    assert all(one.statements for one in found.values())


def test_a_killed_connection_costs_the_proofs_and_no_offer(site: Any) -> None:
    found = asyncio.run(rewritten(site.dsn, 20_000, end=site.dsn))
    assert set(found) == set(PAGES)
    lost = [one for one in found.values() if one.status is RewriteStatus.CONDITIONS]
    assert any("the connection to the server was lost" in str(one.reason) for one in lost)
    assert all(one.statements and one.reason for one in lost)


def test_what_will_not_end_by_its_cost_is_not_begun(site: Any) -> None:
    async def ask() -> None:
        connection = await connect(site.dsn)
        code = await read_code(connection, [PAGES["paged"]])
        async with snapshot(connection, 10, code) as session:
            await session.affordable("SELECT id FROM paged ORDER BY at, id LIMIT 10")
            with pytest.raises(Unproven, match=r"by its cost of .* it may not finish within --max-time"):
                await session.affordable("SELECT count(*) FROM paged WHERE body LIKE '%y%'")
        await connection.close()

    asyncio.run(ask())
