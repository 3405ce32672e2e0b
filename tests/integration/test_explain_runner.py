"""Statements prepared, planned and executed on a real server: types, limits, lost connections, odd names."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.derive import indexes_used
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import Statement

pytestmark = pytest.mark.pg
SLOW = "select count(*) from generate_series(1, 50000000) g"


def statement(query: str, **fields: Any) -> Statement:
    known = {"calls": 10, "total_exec_time_ms": 10.0, "mean_exec_time_ms": 1.0, "rows": 10}
    return Statement(fingerprint=query, query=query, **{**known, **fields})


def explained(
    dsn: str,
    queries: Sequence[str | Statement],
    source: str = "server",
    between: Callable[[], object] = lambda: None,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> dict[str, StatementPlans]:
    """The snapshot is read, `between` happens, the statements are explained."""

    async def main() -> dict[str, StatementPlans]:
        connection = await connect(dsn)
        try:
            snapshot = await collect(connection, CollectOptions())
            between()
            return await explain_statements(
                connection,
                snapshot,
                [statement(query) if isinstance(query, str) else query for query in queries],
                ExplainOptions(**options),
                source=source,
                progress=progress,
            )
        finally:
            await connection.close()

    return asyncio.run(main())


def shop(pg: Any) -> None:
    pg.execute(
        """create type mood as enum ('sad', 'ok');
           create domain positive as int check (value > 0);
           create table orders (id bigint primary key, customer_id int, status text, total numeric(10,2), mood mood,
                                placed_at timestamptz, tags text[], payload jsonb, price positive, ip inet, u uuid);
           create index on orders (customer_id);
           insert into orders select i, i % 100, case when i % 50 = 0 then 'pending' else 'done' end, i / 3.0, 'ok',
             timestamptz '2024-01-01' + i * interval '1 hour', array['t' || i % 7], jsonb_build_object('k', i % 5),
             1 + i % 9, '10.0.0.1', md5(i::text)::uuid from generate_series(1, 5000) i;"""
    )
    pg.execute("vacuum analyze orders")


@pytest.mark.majors("all")
def test_the_forms_of_pg_stat_statements_are_prepared_typed_and_executed(pg: Any) -> None:
    shop(pg)
    types = {
        "select * from orders where customer_id = $1 and status in ($2 /*, ... */)": ("integer", "text"),
        "select * from orders where placed_at > now() - interval $1": ("interval",),
        "select * from orders where placed_at > timestamptz $1 and total < numeric $2": (
            "timestamp with time zone",
            "numeric",
        ),
        "select extract($1 from placed_at), count(*) from orders group by extract($2 from placed_at)": ("text",),
        "select date_trunc($1, placed_at), count(*) from orders group by date_trunc($2, placed_at) limit $3": (
            "text",
            "bigint",
        ),
        "select concat($1, status) from orders where id = any($2)": ("text", "bigint[]"),
        "select * from orders where mood = $1 and price = $2 and ip = $3 and u = $4": (
            "mood",
            "integer",
            "inet",
            "uuid",
        ),
        "select * from orders where payload @> $1 and tags && $2 and payload ->> $3 = $4": (
            "jsonb",
            "text[]",
            "text",
            "text",
        ),
        "select * from orders where (placed_at, id) < ($1, $2) order by placed_at desc, id desc limit $3 offset $4": (
            "timestamp with time zone",
            "bigint",
            "bigint",
            "bigint",
        ),
    }
    found = explained(pg.dsn, list(types))
    assert {query: one.not_executed for query, one in found.items() if one.not_executed} == {}
    assert {query: one.prepared.parameter_types for query, one in found.items() if one.prepared} == types
    for one in found.values():
        assert one.prepared is not None
        assert one.prepared.value_sets[0].origin in ("pg_stats", "row") or "extract" in one.fingerprint
        assert [plan.parameters.values for plan in one.plans] == [None] * len(one.plans)
        assert one.plans[-1].parameters.name == "generic"


def test_the_plan_of_record_is_executed_and_the_generic_one_is_generic(pg: Any) -> None:
    shop(pg)
    query = "select * from orders where status = $1"
    one = explained(pg.dsn, [statement(query, rows=49_000)], show_values=True)[query]
    seen = [(plan.parameters.name, plan.parameters.values, plan.executed) for plan in one.plans]
    assert seen == [
        ("typical", ("done",), True),
        ("rare", ("pending",), False),
        ("absent", ("pending~",), False),
        ("generic", None, False),
    ]
    record, _, _, generic = one.plans
    assert (record.plan.root.actual_rows, record.plan.root.filter) == (4900.0, "(orders.status = 'done'::text)")
    assert record.blocks is not None
    assert record.blocks > 0
    assert (generic.plan.root.filter, generic.plan.root.plan_rows) == ("(orders.status = $1)", 2500.0)
    assert "plan_cache_mode" not in record.settings


def test_literals_are_not_in_what_is_shown(pg: Any) -> None:
    shop(pg)
    query = "select * from orders where status = 'pending' and customer_id = $1"
    plan = explained(pg.dsn, [query])[query].plans[0]
    assert plan.plan.root.filter == "(orders.status = ?::text)"
    assert plan.plan.root.schema == "public"


def test_the_settings_of_the_server_are_kept_and_named(pg: Any) -> None:
    shop(pg)
    pg.execute(f"alter database {pg.database} set random_page_cost = 1.1")
    query = "select * from orders where customer_id = $1"
    one = explained(pg.dsn, [query])[query]
    assert {plan.settings.get("random_page_cost") for plan in one.plans} == {"1.1"}
    assert indexes_used(one.plans[0].plan) == {RelationName("public", "orders_customer_id_idx")}


def test_writes_are_planned_and_not_executed(pg: Any) -> None:
    shop(pg)
    queries = [
        "insert into orders (id, status) values ($1, $2)",
        "update orders set status = $1 where id = $2",
        "delete from orders where customer_id = $1",
    ]
    found = explained(pg.dsn, queries)
    assert [one.not_executed for one in found.values()] == ["it is an INSERT", "it is an UPDATE", "it is a DELETE"]
    assert {one.plans[0].plan.root.node_type for one in found.values()} == {"ModifyTable"}
    assert pg.fetch("select count(*) from orders")[0][0] == 5000


def test_a_dropped_table_and_one_out_of_the_search_path_are_told_apart(pg: Any) -> None:
    pg.execute("create schema app; create table app.t (a int); create table gone (a int)")
    queries = ["select * from gone where a = $1", "select * from t where a = $1", "select b from app.t"]
    found = explained(pg.dsn, queries, between=lambda: pg.execute("drop table gone"))
    assert [one.not_explained for one in found.values()] == [
        'relation "gone" does not exist: dropped or renamed since the statement ran',
        'relation "t" is not in this role\'s search_path; there is one in schema app',
        'column "b" does not exist',
    ]


def test_a_role_without_rights_gets_the_reason_and_a_plan_of_the_rest(pg: Any) -> None:
    pg.execute("create table secret (a int); create table open (a int)")
    dsn = pg.create_role("pgtune_reader_explain", "select on open")
    found = explained(dsn, ["select * from secret", "select * from open"])
    assert [one.not_explained for one in found.values()] == ["permission denied for table secret", None]
    assert found["select * from open"].plans[0].executed


def test_names_with_quotes_spaces_and_emoji_are_explained(pg: Any) -> None:
    table, column = '"my ""schema"""."Größe 🐘; --"', '"a b\'c"'
    pg.execute(f'create schema "my ""schema"""; create table {table} ({column} int primary key)')
    query = f"select {column} from {table} where {column} = $1"
    one = explained(pg.dsn, [query])[query]
    assert one.not_executed is None
    root = one.plans[0].plan.root
    assert (root.schema, root.relation) == ('my "schema"', "Größe 🐘; --")


def test_a_statement_slower_than_the_limit_is_only_planned(pg: Any) -> None:
    slow = statement("select 1", mean_exec_time_ms=12_000.0, total_exec_time_ms=120_000.0)
    one = explained(pg.dsn, [slow])["select 1"]
    assert one.not_executed == "its mean time of 12 s is not below --max-time (10 s)"
    assert one.plans[0].executed is False


def test_an_execution_is_stopped_at_the_limit_and_the_others_go_on(pg: Any) -> None:
    found = explained(pg.dsn, [SLOW, "select 1"], max_time_ms=300)
    assert found[SLOW].not_executed == "stopped after 0.3 s (--max-time)"
    assert [plan.executed for plan in found[SLOW].plans] == [False]
    assert found["select 1"].not_executed is None


def test_node_times_are_left_out_where_they_would_cost_too_much(pg: Any) -> None:
    quick, slow = statement("select 1"), statement("select 2", mean_exec_time_ms=2000.0, total_exec_time_ms=20_000.0)
    found = explained(pg.dsn, [quick, slow])
    times = [found[name].plans[0].plan.root.actual_total_time_ms for name in ("select 1", "select 2")]
    assert times[0] is not None
    assert times[1] is None
    assert found["select 2"].plans[0].execution_time_ms is not None


def test_nothing_is_executed_on_a_clone(pg: Any) -> None:
    one = explained(pg.dsn, ["select 1"], source="clone")["select 1"]
    assert (one.not_executed, one.plans[0].source, one.plans[0].executed) == ("the clone has no rows", "clone", False)


def test_how_many_will_be_executed_is_said_before_the_first(pg: Any) -> None:
    said: list[str] = []
    explained(pg.dsn, ["select 1", "select pg_sleep(1)"], progress=said.append)
    assert said == [
        "planning statement 1 of 2",
        "planning statement 2 of 2",
        "executing 1 of 2 statements",
        "executing statement 1 of 1",
    ]


def test_nothing_stays_prepared_and_nothing_counts(pg: Any) -> None:
    pg.execute("create extension pg_stat_statements")
    shop(pg)
    queries = ["select * from orders where id = $1", "select count(*) from orders where status = 'x'"]

    async def main() -> list[str]:
        connection = await connect(pg.dsn)
        await connection.execute("set pg_stat_statements.track = 'all'")
        snapshot = await collect(connection, CollectOptions())
        await explain_statements(connection, snapshot, [statement(query) for query in queries], ExplainOptions())
        left = await connection.fetch("select name from pg_prepared_statements where name like 'pgtune%'")
        await connection.close()
        return [row[0] for row in left]

    assert asyncio.run(main()) == []
    counted = pg.fetch(
        "select query from pg_stat_statements s join pg_database d on d.oid = s.dbid"
        " where d.datname = current_database() and query ilike '%orders where%'"
    )
    assert [row[0] for row in counted if "/* pgtune */" not in row[0]] == []


def while_running(pg: Any, act: Callable[[asyncio.Task[dict[str, StatementPlans]]], Awaitable[None]]) -> Any:
    """Explains a slow statement and acts as soon as it runs."""

    async def main() -> Any:
        connection = await connect(pg.dsn)
        snapshot = await collect(connection, CollectOptions())
        work = asyncio.create_task(
            explain_statements(
                connection, snapshot, [statement(SLOW), statement("select 1")], ExplainOptions(max_time_ms=60_000)
            )
        )
        try:
            for _ in range(100):
                await asyncio.sleep(0.1)
                if await asyncio.to_thread(running, pg):
                    break
            await act(work)
            return (await asyncio.gather(work, return_exceptions=True))[0]
        finally:
            connection.terminate()

    return asyncio.run(main())


def running(pg: Any) -> bool:
    active = "select 1 from pg_stat_activity where state = 'active' and query like 'EXPLAIN%ANALYZE%' and datname = $1"
    return bool(pg.fetch(active, pg.database))


def test_cancelling_cancels_what_runs_on_the_server(pg: Any) -> None:
    async def cancel(work: asyncio.Task[dict[str, StatementPlans]]) -> None:
        work.cancel()

    assert isinstance(while_running(pg, cancel), asyncio.CancelledError)
    deadline = time.monotonic() + 1
    while running(pg) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(pg)


def test_a_lost_connection_leaves_what_was_found_and_the_reason(pg: Any) -> None:
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'EXPLAIN%ANALYZE%'"

    async def terminate(work: asyncio.Task[dict[str, StatementPlans]]) -> None:
        await asyncio.to_thread(pg.fetch, kill)

    found = while_running(pg, terminate)
    reasons = {"the server ended the connection", "the connection to the server was lost"}
    assert {one.not_executed for one in found.values()} <= reasons
    assert all(one.plans for one in found.values())


CHILD = """
import asyncio, sys
from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.statement import Statement

async def main():
    connection = await connect(sys.argv[1])
    slow = Statement(fingerprint="s", query=sys.argv[2], calls=1, total_exec_time_ms=1, mean_exec_time_ms=1, rows=1)
    await explain_statements(connection, await collect(connection), [slow], ExplainOptions(max_time_ms=60_000))

asyncio.run(main())
"""


@pytest.mark.majors(14, 18)
def test_what_runs_on_the_server_ends_soon_after_pgtune_was_killed(pg: Any) -> None:
    def wait(wanted: bool, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while running(pg) is not wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        return running(pg) is wanted

    slow = SLOW.replace("50000000", "500000000")
    child = subprocess.Popen([sys.executable, "-c", CHILD, pg.dsn, slow], stderr=subprocess.PIPE)
    try:
        assert wait(True, 20)
    finally:
        child.kill()
        _, said = child.communicate()
    assert said == b""
    assert wait(False, 1.5)


@pytest.mark.majors(13)
def test_a_server_that_cannot_watch_its_client_executes_too(pg: Any) -> None:
    assert explained(pg.dsn, ["select 1"])["select 1"].plans[0].executed
