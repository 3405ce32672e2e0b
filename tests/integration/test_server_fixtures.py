"""The fixtures that all other integration tests stand on."""

import asyncio

import pytest

pytestmark = pytest.mark.pg


@pytest.mark.majors("all")
def test_a_fresh_database_on_each_major_has_pg_stat_statements_preloaded(pg, pg_server):
    pg.execute("create extension pg_stat_statements")
    pg.execute("create table t as select 1 as a")
    found = pg.fetch(
        "select count(*) as n from pg_stat_statements s join pg_database d on d.oid = s.dbid"
        " where d.datname = current_database() and query like 'create table t %'"
    )
    assert [tuple(row) for row in found] == [(1,)]
    assert pg.version_num // 10000 == pg_server.version_num // 10000
    assert pg.fetch("show server_version_num")[0][0] == str(pg.version_num)


def test_a_database_is_empty_and_its_sessions_are_the_superusers(pg):
    async def main():
        connection = await pg.connect()
        try:
            pg.execute("create table seen_by_both (a int)")  # from inside a running event loop
            return await connection.fetchrow(
                "select current_user, to_regclass('seen_by_both')::text, current_database()"
            )
        finally:
            await connection.close()

    assert pg.fetch("select relname from pg_class where relnamespace = 'public'::regnamespace") == []
    assert tuple(asyncio.run(main())) == ("postgres", "seen_by_both", pg.database)


def test_a_created_role_has_what_was_granted_and_no_more(pg):
    async def main(dsn):
        import asyncpg

        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchrow(
                "select current_user, has_table_privilege('a', 'select'), has_table_privilege('b', 'select')"
            )
        finally:
            await connection.close()

    pg.execute("create table a (x int); create table b (x int)")
    dsn = pg.create_role('odd "role" @ name', "select on a", "pg_monitor", password="p@ss:/word")
    assert tuple(asyncio.run(main(dsn))) == ('odd "role" @ name', True, False)
