"""What the doctor finds, and that its remedies work."""

import asyncio

import pytest
from support.database import Database

from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.doctor import Check, diagnose

pytestmark = pytest.mark.pg


def checks(dsn: str) -> dict[str, Check]:
    async def main() -> list[Check]:
        connection = await connect(dsn)
        try:
            return await diagnose(connection)
        finally:
            await connection.close()

    return {check.name: check for check in asyncio.run(main())}


@pytest.fixture
def shop(pg: Database) -> Database:
    pg.execute("CREATE EXTENSION pg_stat_statements")
    pg.execute('CREATE TABLE "My T" (a int); INSERT INTO "My T" SELECT generate_series(1, 100); ANALYZE "My T"')
    pg.fetch('SELECT count(*) FROM "My T"')
    return pg


@pytest.mark.majors("all")
def test_the_recommended_role_has_nothing_missing(shop: Database) -> None:
    dsn = shop.create_role("doctor_reader", "pg_monitor", "SELECT ON ALL TABLES IN SCHEMA public")
    found = checks(dsn)
    assert list(found) == [
        "server version", "role", "pg_stat_statements", "statement texts", "tables", "planner statistics",
        "text length", "I/O timing", "recovery", "pooler",
    ]  # fmt: skip
    settings = {"text length", "I/O timing"}
    assert {check.status for name, check in found.items() if name not in settings} == {"ok"}
    assert found["text length"].remedy == "ALTER SYSTEM SET track_activity_query_size = '16384'; restart the server"
    assert found["I/O timing"].remedy == "ALTER SYSTEM SET track_io_timing = 'on'; SELECT pg_reload_conf()"


def test_a_superuser_is_told_how_to_make_a_role(shop: Database) -> None:
    assert checks(shop.dsn)["role"] == Check(
        "role",
        "warning",
        "postgres is a superuser: pgtune needs far less",
        "CREATE ROLE pgtune LOGIN; GRANT pg_monitor TO pgtune; "
        f"GRANT CONNECT ON DATABASE {shop.database} TO pgtune; GRANT USAGE ON SCHEMA public TO pgtune; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO pgtune",
    )


def test_an_owner_is_warned(shop: Database) -> None:
    dsn = shop.create_role("doctor_owner", "pg_monitor")
    shop.execute('ALTER TABLE "My T" OWNER TO doctor_owner')
    assert checks(dsn)["role"].detail == "doctor_owner owns what it reads: a role that only reads is safer"
    shop.execute('ALTER TABLE "My T" OWNER TO postgres')


def test_each_missing_right_has_its_grant_and_the_grant_mends_it(shop: Database) -> None:
    dsn = shop.create_role("doctor_bare")
    found = checks(dsn)
    assert found["statement texts"].remedy == "GRANT pg_monitor TO doctor_bare"
    assert found["tables"] == Check(
        "tables",
        "warning",
        "1 of 1 relations may not be read: no planner statistics, no plans",
        "GRANT USAGE ON SCHEMA public TO doctor_bare; GRANT SELECT ON ALL TABLES IN SCHEMA public TO doctor_bare",
    )
    for name in ("statement texts", "tables"):
        shop.execute(str(found[name].remedy))
    again = checks(dsn)
    assert (again["statement texts"].status, again["tables"].status) == ("ok", "ok")


def test_without_the_extension_it_is_missing(pg: Database) -> None:
    assert checks(pg.dsn)["pg_stat_statements"] == Check(
        "pg_stat_statements",
        "missing",
        "pg_stat_statements is not created in this database",
        "CREATE EXTENSION pg_stat_statements",
    )


def test_an_extension_that_was_not_updated_is_a_warning(pg: Database) -> None:
    pg.execute("CREATE EXTENSION pg_stat_statements VERSION '1.8'")
    found = checks(pg.dsn)["pg_stat_statements"]
    assert (found.status, found.remedy) == ("warning", "ALTER EXTENSION pg_stat_statements UPDATE")
    pg.execute(str(found.remedy))
    assert checks(pg.dsn)["pg_stat_statements"].status == "ok"


def test_tables_without_statistics_are_named(shop: Database) -> None:
    shop.execute('CREATE TABLE "New" (a int); INSERT INTO "New" VALUES (1)')
    shop.execute("SELECT pg_stat_force_next_flush()")
    found = checks(shop.dsn)["planner statistics"]
    assert (found.status, found.remedy) == ("warning", 'ANALYZE public."New"')


def test_row_security_is_named(shop: Database) -> None:
    dsn = shop.create_role("doctor_secured", "pg_monitor", "SELECT ON ALL TABLES IN SCHEMA public")
    shop.execute('ALTER TABLE "My T" ENABLE ROW LEVEL SECURITY')
    assert checks(dsn)["row security"].remedy == "ALTER ROLE doctor_secured BYPASSRLS"
