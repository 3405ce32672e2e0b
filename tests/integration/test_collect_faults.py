"""One thing that cannot be read never ends a run."""

import asyncio

import pytest
from support.collecting import read
from support.database import Database

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect, transaction
from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_facts import read_server
from pgtune_cli.errors import ConnectionFailed
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.model.statement import Statement

pytestmark = pytest.mark.pg


@pytest.fixture
def tables(pg: Database) -> Database:
    pg.execute("CREATE EXTENSION pg_stat_statements")
    for name in ("a", "b", "c", "d", "e"):
        pg.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, x text DEFAULT 'z')")
        pg.execute(f"CREATE INDEX {name}_lower ON {name} (lower(x))")
    return pg


def test_a_table_that_is_being_migrated_is_left_out_and_not_waited_for(tables: Database) -> None:
    async def main() -> tuple[float, list[str], tuple[Skipped, ...]]:
        migration = await tables.connect()
        connection = await connect(tables.dsn)
        try:
            async with migration.transaction():
                await migration.execute("LOCK TABLE c IN ACCESS EXCLUSIVE MODE")
                begin = asyncio.get_running_loop().time()
                snapshot = await collect(connection)
                took = asyncio.get_running_loop().time() - begin
            return took, [each.name for each in snapshot.catalog.relations], snapshot.skipped
        finally:
            await migration.close()
            await connection.close()

    took, names, skipped = asyncio.run(main())
    assert names == ["a", "b", "d", "e"]
    assert took < 2
    assert skipped == (
        Skipped(
            "relation public.c",
            "another session locks it, or waits to lock it, against every reader",
            "run pgtune again when the migration or VACUUM FULL has ended",
        ),
    )


def test_a_lock_that_comes_too_late_to_be_seen_costs_its_table_only(tables: Database) -> None:
    async def main() -> tuple[list[int], list[Skipped], int]:
        migration = await tables.connect()
        connection = await connect(tables.dsn)
        try:
            oids = [
                row["oid"] for row in await connection.fetch("SELECT oid FROM pg_class WHERE relname = ANY ('{a,b,c}')")
            ]
            locked = await connection.fetchval("SELECT 'b'::regclass::oid")
            async with migration.transaction():
                await migration.execute("LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
                async with transaction(connection, {"lock_timeout": "50ms"}):
                    reader = Reader(connection)
                    rows = await reader.rows_of("sizes", oids, lambda oid: f"oid {oid}")
            return [row["oid"] for row in rows], reader.skipped, locked
        finally:
            await migration.close()
            await connection.close()

    found, skipped, locked = asyncio.run(main())
    assert (len(found), locked in found) == (2, False)
    assert skipped == [Skipped(f"sizes of oid {locked}", "another session holds a lock on it")]


def test_a_damaged_catalog_row_costs_its_table_only(tables: Database) -> None:
    tables.execute("UPDATE pg_index SET indkey = '99' WHERE indexrelid = 'c_pkey'::regclass")
    snapshot = read(tables.dsn)
    assert {each.table.name for each in snapshot.catalog.indexes} == {"a", "b", "d", "e"}
    assert [each.what for each in snapshot.skipped] == ["indexes of public.c"]
    assert len(snapshot.catalog.relations) == 5


def test_a_table_that_is_dropped_meanwhile_has_no_size(tables: Database) -> None:
    async def main() -> list[tuple[int, int | None]]:
        connection = await connect(tables.dsn)
        try:
            oid = await connection.fetchval("SELECT 'a'::regclass::oid")
            async with transaction(connection):
                await connection.fetch("SELECT FROM pg_class")  # takes the snapshot
                await asyncio.to_thread(tables.execute, "DROP TABLE a")
                rows = await Reader(connection).rows_of("sizes", [oid], str)
            return [(row["oid"] - oid, row["bytes"]) for row in rows]
        finally:
            await connection.close()

    assert asyncio.run(main()) == [(0, None)]


def test_bytes_of_another_encoding_cost_the_statistics_that_hold_them(tables: Database) -> None:
    name = tables.database + "_ascii"
    tables.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    dsn = tables.dsn.replace(tables.database, name)
    try:

        async def load() -> None:
            connection = await connect(dsn, read_only=False)
            await connection.execute("CREATE EXTENSION pg_stat_statements")
            await connection.execute("CREATE TABLE good (a int); CREATE TABLE other (a text)")
            await connection.execute("SET client_encoding = 'SQL_ASCII'")
            await connection.execute("SELECT a FROM good")
            await connection.execute(
                "INSERT INTO other SELECT convert_from('\\xe9', 'SQL_ASCII') FROM generate_series(1, 9)"
            )
            await connection.execute("ANALYZE other")
            await connection.execute("SET pg_stat_statements.track = 'all'")
            odd = 'select a, a as "\xe9" from good'.encode("latin-1").hex()
            await connection.execute(f"DO $$ BEGIN EXECUTE convert_from('\\x{odd}', 'SQL_ASCII'); END $$")
            await connection.close()

        asyncio.run(load())
        snapshot = read(dsn)
        neighbour = read(tables.dsn)
        (broken,) = neighbour.skipped
        tables.execute(str(broken.remedy))
        mended = read(tables.dsn)
    finally:
        tables.execute(f"SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = '{name}'), 0)")
        tables.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert broken.what == "pg_stat_statements"
    assert "holds characters that this database's encoding does not have" in broken.why
    assert len(neighbour.catalog.relations) == 5
    assert mended.skipped == ()
    assert {"SELECT a FROM good", 'select a, a as "\ufffd" from good'} <= {row.query for row in snapshot.workload.rows}
    assert [each.name for each in snapshot.catalog.relations] == ["good", "other"]
    assert [each.what for each in snapshot.skipped] == ["statistics of public.other"]


def test_names_of_another_encoding_cost_the_objects_that_bear_them(tables: Database) -> None:
    name = tables.database + "_names"
    tables.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    dsn = tables.dsn.replace(tables.database, name)
    odd = "caf\xe9"
    commands = (
        f'CREATE TABLE "{odd}" (id int)',
        f"CREATE TYPE \"{odd}_kind\" AS ENUM ('x')",
        f"CREATE FUNCTION \"{odd}_f\"() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f'CREATE TABLE part (a int, "{odd}" int)',
    )
    queries = ('SELECT * FROM "caf\ufffd"', "SELECT * FROM good", 'SELECT * FROM "größe 🐘"', "SELECT * FROM gone")
    try:

        async def main() -> tuple[Snapshot, dict[str, StatementPlans]]:
            connection = await connect(dsn, read_only=False)
            await connection.execute('CREATE TABLE good (a int); CREATE TABLE "größe 🐘" (a int)')
            await connection.execute("SET client_encoding = 'SQL_ASCII'")
            for command in commands:
                text = command.encode("latin-1").hex()
                await connection.execute(f"DO $$ BEGIN EXECUTE convert_from('\\x{text}', 'SQL_ASCII'); END $$")
            await connection.execute("RESET client_encoding")
            snapshot = await collect(connection)
            known = {"calls": 1, "total_exec_time_ms": 1.0, "mean_exec_time_ms": 1.0, "rows": 1}
            statements = [Statement(fingerprint=sql, query=sql, **known) for sql in queries]
            plans = await explain_statements(connection, snapshot, statements, ExplainOptions(execute=False))
            await connection.close()
            return snapshot, plans

        snapshot, plans = asyncio.run(main())
    finally:
        tables.execute(f"DROP DATABASE {name} WITH (FORCE)")
    reason = "it holds bytes that are no UTF-8, in an SQL_ASCII database"
    assert [each.name for each in snapshot.catalog.relations] == ["good", "größe 🐘"]
    assert (snapshot.catalog.types, snapshot.catalog.functions) == ((), ())
    assert {each.what: each.why for each in snapshot.skipped if each.what != "pg_stat_statements"} == {
        "relation public.caf\ufffd": reason,
        "type public.caf\ufffd_kind": reason,
        "function public.caf\ufffd_f": reason,
        "columns of public.part": 'invalid byte sequence for encoding "UTF8": 0xe9',
    }
    assert [one.not_explained for one in plans.values()] == [
        "its text holds bytes that are no UTF-8, in an SQL_ASCII database: it cannot be sent as it was",
        None,
        None,
        'relation "gone" does not exist: dropped or renamed since the statement ran',
    ]


def test_a_server_that_goes_away_is_a_failed_connection(tables: Database) -> None:
    async def main() -> None:
        connection = await connect(tables.dsn)

        def end(_: str) -> None:
            tables.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'pgtune/%' AND datname = current_database()"
            )

        try:
            await collect(connection, progress=end)
        finally:
            connection.terminate()

    with pytest.raises(ConnectionFailed, match="the connection broke while reading"):
        asyncio.run(main())


def test_the_search_path_of_the_role_does_not_change_what_is_read(tables: Database) -> None:
    tables.execute(
        "CREATE SCHEMA evil; CREATE FUNCTION evil.quote_ident(text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'"
    )
    tables.execute("CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    dsn = tables.create_role(
        "faults_path", "pg_monitor", "SELECT ON ALL TABLES IN SCHEMA public", "USAGE ON SCHEMA evil"
    )
    tables.execute("ALTER ROLE faults_path SET search_path = evil, public, pg_catalog")
    snapshot = read(dsn)
    assert snapshot.server.settings["search_path"] == "evil, public, pg_catalog"
    assert [each.definition for each in snapshot.catalog.indexes if each.name == "a_lower"] == [
        "CREATE INDEX a_lower ON public.a USING btree (lower(x))"
    ]


def test_the_server_is_read_only_by_the_session(tables: Database) -> None:
    async def main() -> str:
        connection = await connect(tables.dsn)
        try:
            await read_server(connection)
            return str(await connection.fetchval("SHOW transaction_read_only"))
        finally:
            await connection.close()

    assert asyncio.run(main()) == "on"
