"""What is executed is listed first, may be turned off or moved to a replica, and ends where the server is busy."""

import asyncio
import json
import re
import time
from typing import Any

import asyncpg
import pytest
from support.blog import load_blog
from support.command import pgtune
from support.replica import streaming_replica

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import Statement

pytestmark = pytest.mark.pg


def explained(pg: Any, queries: list[str], replica: str | None = None, **options: Any) -> list[StatementPlans]:
    async def main() -> list[StatementPlans]:
        connection = await connect(pg.dsn)
        other = await connect(replica) if replica is not None else None
        try:
            statements = [
                Statement(fingerprint=query, query=query, calls=0, total_exec_time_ms=0.0, mean_exec_time_ms=0.0)
                for query in queries
            ]
            found = await explain_statements(
                connection, await collect(connection), statements, ExplainOptions(**options), replica=other
            )
            return list(found.values())
        finally:
            await connection.close()
            if other is not None:
                await other.close()

    return asyncio.run(main())


def test_a_dry_run_lists_every_statement_and_executes_none(pg: Any) -> None:
    load_blog(pg)
    reader = pg.create_role("pgtune_dry", "pg_read_all_stats", "select on all tables in schema public")
    pg.execute("revoke select on author from pgtune_dry")
    done = pgtune("analyze", reader, "--dry-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert (listed["kind"], listed["schema_version"]) == ("dry_run", 1)
    outcomes = {one["query"].split(" WHERE")[0][:40]: (one["outcome"], one["reason"]) for one in listed["statements"]}
    assert outcomes["SELECT * FROM post"] == ("executed", None)
    assert outcomes["UPDATE post SET views = views + $2"][0] == "skipped"
    assert outcomes["SELECT count(*) FROM author"] == ("skipped", "permission denied for table author")
    assert len(listed["statements"]) == listed["executed"] + listed["planned_only"] + listed["skipped"]
    assert listed["executed"] >= 3

    said = pgtune("analyze", reader, "--dry-run", "--no-execute", "-q").stdout
    assert said.startswith("Nothing was executed.\n")
    assert "execution is turned off" in said
    ran = pg.fetch(
        "select query from pg_stat_statements where query ilike 'explain%analyze%' and query like '%pgtune%'"
        " and dbid = (select oid from pg_database where datname = current_database())"
    )
    assert ran == []
    assert pgtune("analyze", reader, "--dry-run", "--format", "html").returncode == 2


def test_gentle_plans_without_parallel_query_and_jit_and_says_so(pg: Any) -> None:
    pg.execute("create table t as select i as a from generate_series(1, 300000) i")
    pg.execute("analyze t")
    pg.execute(f"alter database {pg.database} set min_parallel_table_scan_size = 0")
    query = "select count(*) from t where a % 3 = 1"
    nodes = {}
    for gentle in (False, True):
        plan = explained(pg, [query], gentle=gentle)[0].plans[0]
        assert plan.executed
        nodes[gentle] = "Gather" in str(plan.plan.root)
        wanted = {"jit": "off", "max_parallel_workers_per_gather": "0"} if gentle else {}
        assert {name: plan.settings[name] for name in wanted} == wanted
    assert nodes == {False: True, True: False}


def test_both_runs_are_kept_so_that_cold_and_warm_are_told_apart(pg: Any) -> None:
    pg.execute("create table t as select i as a from generate_series(1, 1000) i")
    plan = explained(pg, ["select * from t"])[0].plans[0]
    assert plan.first_run is not None
    # more than the table's 5 where it looks for free space, or into the catalog
    assert plan.blocks is not None
    assert 5 <= plan.blocks <= plan.first_run.shared_hit_blocks + plan.first_run.shared_read_blocks
    assert plan.plan.root.shared_read_blocks == 0


def test_nothing_more_is_executed_while_the_server_is_busy(pg: Any) -> None:
    async def busy(seconds: float) -> list[StatementPlans]:
        other = await pg.connect()
        sleep = asyncio.create_task(other.fetch("select pg_sleep($1)", seconds))
        await asyncio.sleep(0.2)
        try:
            return await asyncio.to_thread(explained, pg, ["select 1", "values (1)"], max_active=0)
        finally:
            sleep.cancel()
            await asyncio.gather(sleep, return_exceptions=True)
            other.terminate()

    found = asyncio.run(busy(60))
    assert all(one.not_executed is not None and one.not_executed.startswith("the server is busy: ") for one in found)
    assert all(one.plans and not one.plans[0].executed for one in found)
    assert all(one.plans[0].executed for one in explained(pg, ["select 1", "values (1)"]))


def test_more_active_sessions_than_allowed_end_the_executions_and_as_many_as_allowed_do_not(pg: Any) -> None:
    async def main() -> None:
        others = [await pg.connect() for _ in range(5)]
        work = [
            asyncio.create_task(one.fetch("select count(*) from generate_series(1, 1000000000000)")) for one in others
        ]
        await asyncio.sleep(0.3)
        try:
            found = [(await asyncio.to_thread(explained, pg, ["select 1"], max_active=most))[0] for most in (4, 5)]
            assert found[0].not_executed == "the server is busy: 5 sessions active, --max-active is 4"
            assert found[1].plans[0].executed
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            for one in others:
                one.terminate()

    asyncio.run(main())


def test_a_plan_that_would_fill_the_disk_is_not_executed_unless_it_was_measured_harmless(pg: Any) -> None:
    pg.execute("create table t (a int, b text)")
    pg.execute("insert into t select i, repeat('x', 900) from generate_series(1, 1000) i")
    pg.execute("analyze t")
    query = "select * from t a, t b where a.a <> b.a order by a.b, b.b"
    reason = explained(pg, [query], max_time_ms=60_000)[0].not_executed
    assert reason is not None
    assert reason.startswith("by its plan it would write about 1,7")
    assert explained(pg, [query + " limit 5"], max_time_ms=60_000)[0].not_executed is None


def test_a_replica_executes_in_the_servers_place(pg: Any) -> None:
    load_blog(pg)
    pg.execute("create table pair as select i % 40 as a, i % 40 as b from generate_series(1, 4000) i; analyze pair")
    with streaming_replica(pg) as replica:
        done = pgtune("analyze", pg.dsn, "--execute-on", replica, "--format", "json", "--engine", "clone")
        assert done.returncode == 0, done.stderr
        assert "executing on the replica host " in done.stderr
        report = json.loads(done.stdout)
        assert report["summary"]["executed"] >= 4
        other = pgtune("analyze", pg.dsn, "--execute-on", replica.replace(pg.database, "postgres"))
        assert (other.returncode, other.stdout) == (2, "")
        assert f"to database postgres, not to {pg.database}" in other.stderr
        none = pgtune("analyze", pg.dsn, "--execute-on", pg.dsn)
        assert none.returncode == 2
        assert "is no replica: it is not in recovery" in none.stderr

        # rows that values are taken from are read there too: nothing but planning happens on the primary
        read = explained(pg, ["select * from pair where a = $1 and b = $2"], replica)[0].plans[0]
        assert (read.parameters.origin, read.executed) == ("row", True)
        sampled = "select count(*) from pg_stat_statements where query like '%pair%TABLESAMPLE%'"
        assert pg.fetch(sampled)[0][0] == 0
        explained(pg, ["select * from pair where a = $1 and b = $2"])
        assert pg.fetch(sampled)[0][0] == 1

        asyncio.run(asked(replica, "select pg_wal_replay_pause()"))
        pg.execute("create table unseen ()")
        deadline = time.monotonic() + 15
        while True:
            late = explained(pg, ["select 1"], replica)[0]
            if late.not_executed is not None or time.monotonic() > deadline:
                break
        assert late.not_executed is not None
        assert re.fullmatch(r"the replica is \d\d s behind", late.not_executed), late.not_executed
        for _ in range(5):
            pg.execute("select pg_logical_emit_message(false, 'x', 'y')")
            pg.execute("select pg_switch_wal()")
        time.sleep(0.2)
        # the primary does not execute either while a replica of it falls behind, even one that stands still
        late = explained(pg, ["select 1", "values (1)"])
        assert all(one.not_executed is not None and one.not_executed.endswith("MB of WAL behind") for one in late)
        assert all(one.plans and not one.plans[0].executed for one in late)


async def asked(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()
