"""pg_stat_statements of every version, over all time and over a window."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from support.collecting import read
from support.database import Database

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.model.snapshot import Skipped, Snapshot, StatementRow
from pgtune_cli.server.embedded import embedded_server

pytestmark = pytest.mark.pg
every_major = pytest.mark.majors("all")


def prepare(pg: Database, version: str | None = None, schema: str = "public") -> None:
    at = f" VERSION '{version}'" if version else ""
    pg.execute(f'CREATE EXTENSION pg_stat_statements SCHEMA "{schema}"{at}')
    pg.execute("CREATE TABLE t (a int, b text)")
    pg.execute("INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 1000) i")


def calls(snapshot: Snapshot) -> dict[str, int]:
    return {row.query: row.calls for row in snapshot.workload.rows if " t" in row.query}


def row(snapshot: Snapshot, beginning: str) -> StatementRow:
    return next(each for each in snapshot.workload.rows if each.query.startswith(beginning))


def new_counters(pg: Database) -> None:
    """Other tests' databases share the server's counters; the entries of this one start afresh."""
    pg.execute(
        "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)"
    )


@every_major
def test_statements_are_read_with_their_counters(pg: Database) -> None:
    prepare(pg)
    new_counters(pg)
    for number in range(3):
        pg.fetch("SELECT count(*) FROM t WHERE a > $1", number)
    found = row(read(pg.dsn), "SELECT count")
    assert (found.query, found.calls, found.rows, found.role, found.toplevel) == (
        "SELECT count(*) FROM t WHERE a > $1", 3, 3, "postgres", True,
    )  # fmt: skip
    assert found.shared_blks_hit + found.shared_blks_read > 0
    assert found.min_exec_time_ms is not None
    assert found.max_exec_time_ms is not None
    assert 0 < found.min_exec_time_ms <= found.mean_exec_time_ms <= found.max_exec_time_ms
    assert found.total_exec_time_ms == pytest.approx(3 * found.mean_exec_time_ms)
    assert found.wal_records is not None


@every_major
def test_pgtunes_own_statements_never_count(pg: Database) -> None:
    prepare(pg)
    new_counters(pg)
    for _ in range(3):
        read(pg.dsn)
    snapshot = read(pg.dsn)
    assert [each.query for each in snapshot.workload.rows if "pg_stat_statements_reset" not in each.query] == []
    assert snapshot.workload.total_statements == len(snapshot.workload.rows)


def test_utility_statements_are_counted_and_left_out(pg: Database) -> None:
    prepare(pg)
    new_counters(pg)
    pg.execute("ANALYZE t")
    pg.execute("EXPLAIN SELECT 1")
    pg.execute("PREPARE p (int) AS SELECT b FROM t WHERE a = $1")
    pg.execute("EXECUTE p(1)")
    snapshot = read(pg.dsn)
    assert calls(snapshot) == {"SELECT b FROM t WHERE a = $1": 1}
    assert snapshot.workload.utility_statements is not None
    # also the BEGIN and COMMIT of pgtune's own session
    assert snapshot.workload.utility_statements >= 2
    total, utility = snapshot.workload.total_exec_time_ms, snapshot.workload.utility_exec_time_ms
    assert total is not None
    assert utility is not None
    assert total == pytest.approx(utility + sum(each.total_exec_time_ms for each in snapshot.workload.rows))


def test_other_databases_do_not_count(pg: Database, pg_module: Database) -> None:
    prepare(pg)
    pg_module.execute("CREATE TABLE elsewhere (a int)")
    pg_module.fetch("SELECT * FROM elsewhere")
    assert [each.query for each in read(pg.dsn).workload.rows if "elsewhere" in each.query] == []


def test_top_keeps_the_costliest_and_says_how_many_there_were(pg: Database) -> None:
    prepare(pg)
    new_counters(pg)
    pg.fetch("SELECT pg_sleep(0.05)")
    pg.fetch("SELECT count(*) FROM t")
    pg.fetch("SELECT max(a) FROM t")
    snapshot = read(pg.dsn, top=1)
    assert [each.query for each in snapshot.workload.rows] == ["SELECT pg_sleep($1)"]
    assert snapshot.workload.total_statements is not None
    assert snapshot.workload.total_statements >= 3


@pytest.mark.majors(15, 18)
def test_in_lists_of_all_lengths_are_one_of_the_top(pg: Database) -> None:
    prepare(pg)
    new_counters(pg)
    for length in (2, 3, 4, 5) * 3:
        pg.fetch(f"SELECT b FROM t WHERE a IN ({', '.join('1' * length)})")
    for _ in range(5):
        pg.fetch("SELECT max(a) FROM t")
    rows = read(pg.dsn, top=1, order_by="calls").workload.rows
    assert {each.query[:28] for each in rows} == {"SELECT b FROM t WHERE a IN ("}
    assert sum(each.calls for each in rows) == 12


@pytest.mark.parametrize("version", ["1.4", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11"])
def test_an_extension_older_than_the_server_is_read(pg: Database, version: str) -> None:
    prepare(pg, version)
    pg.fetch("SELECT count(*) FROM t")
    snapshot = read(pg.dsn)
    assert (row(snapshot, "SELECT count(*) FROM t").calls, snapshot.server.pg_stat_statements) == (1, version)
    assert [each for each in snapshot.skipped if "statements" in each.what] == []


def test_the_extension_may_live_in_any_schema(pg: Database) -> None:
    pg.execute('CREATE SCHEMA "My ""{ext}"" \'s"')
    pg.execute('CREATE EXTENSION pg_stat_statements SCHEMA "My ""{ext}"" \'s"')
    pg.execute("CREATE TABLE t (a int)")
    pg.fetch("SELECT count(*) FROM t")
    snapshot = read(pg.dsn)
    assert snapshot.server.pg_stat_statements_schema == 'My "{ext}" \'s'
    assert row(snapshot, "SELECT count(*) FROM t").calls == 1
    assert snapshot.workload.window.since is not None


def test_without_the_extension_the_remedy_is_to_create_it(pg: Database) -> None:
    snapshot = read(pg.dsn)
    assert (snapshot.server.pg_stat_statements, snapshot.workload.rows) == (None, ())
    assert snapshot.skipped == (
        Skipped(
            "pg_stat_statements",
            "pg_stat_statements is not created in this database",
            "CREATE EXTENSION pg_stat_statements",
        ),
    )


def test_without_preloading_the_remedy_is_to_preload(pg: Database) -> None:
    del pg
    with embedded_server() as server:
        before = read(server.dsn())

        async def create() -> None:
            connection = await connect(server.dsn(), read_only=False)
            await connection.execute("CREATE EXTENSION pg_stat_statements; CREATE TABLE t (a int)")
            await connection.close()

        asyncio.run(create())
        after = read(server.dsn())
    preload = "add pg_stat_statements to shared_preload_libraries in postgresql.conf and restart the server"
    assert [before.skipped, after.skipped] == [
        (
            Skipped(
                "pg_stat_statements",
                "pg_stat_statements is neither loaded by the server nor created in this database",
                f"{preload}, then CREATE EXTENSION pg_stat_statements",
            ),
        ),
        (
            Skipped(
                "pg_stat_statements",
                "pg_stat_statements is created in this database, but the server does not load it",
                preload,
            ),
        ),
    ]
    assert after.server.pg_stat_statements is None
    assert [each.name for each in after.catalog.relations] == ["t"]


def test_nested_statements_are_told_apart(pg: Database) -> None:
    prepare(pg)
    pg.execute("CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM t); END'")
    pg.execute("SET pg_stat_statements.track = 'all'")
    pg.fetch("SELECT f()")
    workload = read(pg.dsn).workload
    found = {each.query: each.toplevel for each in workload.rows}
    assert found["SELECT f()"] is True
    assert [toplevel for query, toplevel in found.items() if "count(*)" in query] == [False]
    counted_once = sum(each.total_exec_time_ms for each in workload.rows if each.toplevel)
    assert workload.total_exec_time_ms == pytest.approx(counted_once + (workload.utility_exec_time_ms or 0.0))


@contextlib.asynccontextmanager
async def application(pg: Database, *statements: str) -> AsyncIterator[None]:
    """A session that runs these statements again and again."""
    connection = await pg.connect()

    async def work() -> None:
        while True:
            for statement in statements:
                await connection.fetch(statement)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        connection.terminate()


def watched(pg: Database, *statements: str, seconds: float = 1.0, dsn: str | None = None) -> Snapshot:
    async def main() -> Snapshot:
        connection = await connect(dsn or pg.dsn)
        try:
            async with application(pg, *statements):
                return await collect(connection, CollectOptions(window_seconds=seconds))
        finally:
            await connection.close()

    return asyncio.run(main())


@every_major
def test_a_window_holds_only_what_ran_in_it(pg: Database) -> None:
    prepare(pg)
    for _ in range(20):
        pg.fetch("SELECT count(*) FROM t")
        pg.fetch("SELECT max(a) FROM t")
    snapshot = watched(pg, "SELECT count(*) FROM t", "SELECT min(b) FROM t WHERE a > 5")
    found = calls(snapshot)
    assert set(found) == {"SELECT count(*) FROM t", "SELECT min(b) FROM t WHERE a > $1"}
    counted = row(snapshot, "SELECT count(*) FROM t")
    assert counted.calls >= 2
    assert counted.mean_exec_time_ms == pytest.approx(counted.total_exec_time_ms / counted.calls)
    assert counted.rows == counted.calls
    assert snapshot.workload.window.seconds is not None
    assert 0.9 < snapshot.workload.window.seconds < 10


@every_major
def test_a_window_samples_the_literals_of_other_sessions(pg: Database) -> None:
    prepare(pg)
    snapshot = watched(pg, "SELECT b FROM t WHERE b LIKE '%secret 7%'")
    (sample,) = snapshot.workload.samples
    assert (sample.query, sample.channel) == ("SELECT b FROM t WHERE b LIKE '%secret 7%'", "pg_stat_activity")
    assert sample.calls >= 1


def test_a_text_that_was_cut_off_is_no_sample(pg: Database) -> None:
    prepare(pg)
    long = "SELECT b FROM t WHERE b = '" + "x" * 2000 + "'"
    snapshot = watched(pg, long, "SELECT 1 FROM t WHERE a = 1")
    assert {sample.query for sample in snapshot.workload.samples} <= {"SELECT 1 FROM t WHERE a = 1"}


@pytest.mark.majors(16, 18)
def test_a_reset_within_the_window_is_said(pg: Database) -> None:
    prepare(pg)
    for _ in range(50):
        pg.fetch("SELECT count(*) FROM t")
    pg.fetch("SELECT max(a) FROM t")
    pg.execute("CREATE TABLE busy (a int)")

    async def main() -> Snapshot:
        connection = await connect(pg.dsn)
        try:
            async with application(pg, "SELECT count(*) FROM t"):
                task = asyncio.create_task(collect(connection, CollectOptions(window_seconds=1.5)))
                await asyncio.sleep(0.7)
                await asyncio.to_thread(pg.execute, "SELECT pg_stat_statements_reset()")
                for _ in range(7):
                    await asyncio.to_thread(pg.fetch, "SELECT max(a) FROM t")
                return await task
        finally:
            await connection.close()

    snapshot = asyncio.run(main())
    assert row(snapshot, "SELECT count(*) FROM t").calls > 0
    # nothing of before is taken from what the new entry counted
    assert row(snapshot, "SELECT max(a) FROM t").calls == 7
    assert snapshot.skipped == (
        Skipped(
            "a part of the window",
            "pg_stat_statements was reset while it passed: what ran before is not counted",
        ),
    )


def test_an_idle_window_has_no_statements(pg: Database) -> None:
    prepare(pg)
    workload = read(pg.dsn, window_seconds=0.3).workload
    assert (workload.rows, workload.samples, workload.total_statements) == ((), (), 0)


def test_statistics_are_never_reset(pg: Database) -> None:
    prepare(pg)
    pg.fetch("SELECT count(*) FROM t")
    first = read(pg.dsn)
    second = read(pg.dsn, window_seconds=0.2)
    third = read(pg.dsn)
    assert first.workload.window.since == second.workload.window.since == third.workload.window.since
    assert calls(third) == calls(first)


def test_a_window_of_a_role_without_rights_says_what_it_could_not_see(pg: Database) -> None:
    prepare(pg)
    dsn = pg.create_role("window_bare")
    snapshot = watched(pg, "SELECT count(*) FROM t", dsn=dsn)
    assert (
        Skipped(
            "the running statements of other roles",
            "pg_stat_activity does not show them to this role",
            "GRANT pg_monitor TO window_bare",
        )
        in snapshot.skipped
    )
    assert snapshot.workload.samples == ()
