"""Values that pg_qualstats has seen come before guessed ones, with their origin, and are in no report."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.command import pgtune
from support.servers import binaries_of

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.snapshot_file import load
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.server.embedded import embedded_server

pytestmark = pytest.mark.pg
SECRET = "zebra-4711"
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements, pg_qualstats",
    "pg_qualstats.sample_rate": "1",
    "track_activity_query_size": "512",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """PostgreSQL 15 with Debian's pg_qualstats, which wants to be loaded when the server starts."""
    try:
        binaries = binaries_of(15)
        with embedded_server(binaries, SETTINGS) as running:
            yield running
    except EmbeddedServerError as error:
        give_up = pytest.fail if os.environ.get("PGTUNE_CI") == "1" else pytest.skip
        give_up(f"no PostgreSQL 15 with pg_qualstats: {error}")


async def run(dsn: str, *texts: str, times: int = 1) -> None:
    connection = await asyncpg.connect(dsn)
    for text in texts * times:
        await connection.execute(text)
    await connection.close()


def collected(dsn: str) -> Snapshot:
    async def main() -> Snapshot:
        connection = await connect(dsn)
        try:
            return await collect(connection)
        finally:
            await connection.close()

    return asyncio.run(main())


def test_examples_of_pg_qualstats_are_values_that_were_seen(server: Any, tmp_path: Path) -> None:
    dsn = server.dsn("postgres")
    long = f"select * from jobs where state = 'long' and payload <> '{'y' * 600}'"
    setup = [
        'create schema "Odd S"; create extension pg_stat_statements; create extension pg_qualstats schema "Odd S"',
        "create table jobs (id int primary key, state text, payload text)",
        f"insert into jobs select i, case when i % 2000 = 0 then '{SECRET}' else 'done' end, 'x'"
        " from generate_series(1, 20000) i",
        "create index on jobs (state); analyze jobs",
        "create database other",
        "create role reader login; grant pg_monitor to reader; grant select on jobs to reader; grant usage on schema"
        ' "Odd S" to reader',
        "create role outsider login; grant pg_monitor to outsider; grant select on jobs to outsider",
    ]
    asyncio.run(run(dsn, *setup))
    asyncio.run(run(server.dsn("other"), "create table elsewhere (a int)", "select * from elsewhere where a = 5"))
    query = f"select * from jobs where state = '{SECRET}' and id > 7"
    asyncio.run(run(dsn, query, long, times=3))
    reader = dsn.replace("postgres@", "reader@", 1)

    found = collected(reader).workload.samples
    assert {(one.query, one.channel) for one in found if one.query.startswith("select")} == {(query, "pg_qualstats")}

    done = pgtune("analyze", reader, "--format", "json", "-o", "report.html", cwd=tmp_path)
    report = json.loads(done.stdout)
    one = next(one for one in report["statements"] if one["query"] == "select * from jobs where state = $1 and id > $2")
    first = one["plans"][0]
    assert (first["parameters"]["origin"], first["executed"]) == ("pg_qualstats", True)
    assert "jobs_state_idx" in json.dumps(first["plan"])
    assert SECRET not in done.stdout + done.stderr + (tmp_path / "report.html").read_text()
    # a file with values keeps them, and plans with them too; one without has none
    kept, lean = tmp_path / "kept.pgtune", tmp_path / "lean.pgtune"
    assert pgtune("snapshot", reader, "-o", str(kept)).returncode == 0
    assert "pg_qualstats" in {one.channel for one in load(kept).workload.samples}
    assert pgtune("snapshot", reader, "--no-values", "-o", str(lean)).returncode == 0
    assert load(lean).workload.samples == ()

    # without the right to its schema everything else is still read
    closed = collected(dsn.replace("postgres@", "outsider@", 1))
    assert closed.workload.rows
    assert "permission denied for schema Odd S" in {one.why for one in closed.skipped}
