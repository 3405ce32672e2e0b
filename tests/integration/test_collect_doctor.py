"""What the doctor finds, and that its remedies work."""

import asyncio

import pytest
from support.collecting import read
from support.database import Database
from support.pooler import pgbouncer

from pgtune_cli.collect.connect_options import options_of_dsn
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.doctor import Check, diagnose
from pgtune_cli.errors import ConnectionFailed

pytestmark = pytest.mark.pg


def checks(dsn: str) -> dict[str, Check]:
    async def main() -> list[Check]:
        options = options_of_dsn(dsn, {})
        connection = await connect(options)
        try:
            return await diagnose(connection, options)
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
        "server version", "service", "role", "pg_stat_statements", "statement texts", "statement counters",
        "usage counters", "tables", "planner statistics", "text length", "I/O timing",
        "own index scans", "recovery", "pooler",
    ]  # fmt: skip
    settings = {"text length", "I/O timing"}
    ages = {"statement counters", "usage counters"}  # of a server that was just started
    assert {check.status for name, check in found.items() if name not in settings | ages} == {"ok"}
    assert found["service"].detail == "no managed service shows itself: settings are changed on the server"
    assert found["text length"].remedy == "ALTER SYSTEM SET track_activity_query_size = '16384'; restart the server"
    assert found["I/O timing"].remedy == "ALTER SYSTEM SET track_io_timing = 'on'; SELECT pg_reload_conf()"
    grant = found["own index scans"].remedy
    assert grant == ("GRANT SET ON PARAMETER track_counts TO doctor_reader" if shop.version_num >= 150000 else None)
    if grant is not None:
        shop.execute(grant)
        assert checks(dsn)["own index scans"] == Check("own index scans", "ok", "they are in no counter")


def test_a_superuser_is_told_how_to_make_a_role(shop: Database) -> None:
    assert checks(shop.dsn)["role"] == Check(
        "role",
        "warning",
        "postgres is a superuser: pgtune needs far less",
        "CREATE ROLE pgtune LOGIN; GRANT pg_monitor TO pgtune; "
        f"GRANT CONNECT ON DATABASE {shop.database} TO pgtune; GRANT USAGE ON SCHEMA public TO pgtune; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO pgtune; GRANT SET ON PARAMETER track_counts TO pgtune",
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


SERVICES = {
    # roles and settings that it shows, then what its remedies say of a setting, and of one that takes a restart
    "Amazon RDS": (["rds_superuser"], ["rds.extensions"], "modify-db-parameter-group", "reboot-db-instance"),
    "Amazon Aurora": (["rds_superuser"], ["rds.extensions"], "modify-db-cluster-parameter-group", "reboot-db-instance"),
    "Google Cloud SQL": (
        ["cloudsqlsuperuser"], ["cloudsql.iam_authentication"], "gcloud sql instances patch", "restarts the instance",
    ),
    "Google AlloyDB": (
        ["alloydbsuperuser"], ["alloydb.logical_decoding"], "gcloud alloydb instances update", "restarts the instance",
    ),
    "Azure Database for PostgreSQL": (
        ["azure_pg_admin"], ["azure.extensions"], "flexible-server parameter set", "flexible-server restart",
    ),
    "Supabase": (["supabase_admin"], ["supautils.privileged_role"], "ALTER ROLE", "postgres-config update"),
    "Neon": (["neon_superuser"], ["neon.tenant_id"], "ask Neon's support", "ask Neon's support"),
    "DigitalOcean": (["doadmin"], [], "service's console", "takes a restart"),
}  # fmt: skip


@pytest.mark.majors(13, 15, 18)
def test_a_managed_service_is_told_by_what_it_shows_and_its_own_remedy_is_given(shop: Database) -> None:
    """The roles, settings and functions of a service can be made on any server: they are what is looked at."""
    dsn = shop.create_role("doctor_guest")
    shop.execute('ALTER TABLE "My T" ENABLE ROW LEVEL SECURITY; GRANT SELECT ON "My T" TO doctor_guest')
    for service, (roles, settings, change, restart) in SERVICES.items():
        for role in roles:
            shop.create_role(role)
        for name in settings:
            shop.execute(f"ALTER DATABASE {shop.database} SET {name} = 'x'")
        if service == "Amazon Aurora":
            shop.execute("CREATE FUNCTION aurora_version() RETURNS text LANGUAGE sql AS 'SELECT ''16.4.1''::text'")
        found = checks(dsn)
        assert found["service"].detail.startswith(f"{service}, by the "), service
        assert change in str(found["I/O timing"].remedy)
        assert restart in str(found["text length"].remedy)
        assert "ALTER SYSTEM" not in "".join(str(check.remedy) for check in found.values())
        assert str(found["row security"].remedy).startswith("ALTER ROLE doctor_guest BYPASSRLS; (as ")
        if not settings:
            assert found["service"].detail.partition(":")[0] == f"{service}, by the role {roles[0]} alone"
        if service == "Amazon RDS":
            # to a superuser, whom no service has, a name that came with a dump proves nothing
            own = checks(shop.dsn)
            assert f"as on {service}, but postgres is a superuser" in own["service"].detail
            assert "ALTER SYSTEM" in str(own["I/O timing"].remedy)
            assert (read(dsn).server.service, read(shop.dsn).server.service) == (service, None)
        for name in settings:
            shop.execute(f"ALTER DATABASE {shop.database} RESET {name}")
        shop.execute("DROP FUNCTION IF EXISTS aurora_version()")
        for role in roles:
            shop.execute(f"DROP ROLE {role}")
            shop.forget_role(role)
    assert checks(dsn)["service"].detail == "no managed service shows itself: settings are changed on the server"
    shop.create_role("azure_pg_admin")
    shop.execute("DROP EXTENSION pg_stat_statements")
    remedy = checks(dsn)["pg_stat_statements"].remedy
    assert remedy == (
        "add pg_stat_statements to the server parameter azure.extensions, then "
        "CREATE EXTENSION pg_stat_statements; (as a member of azure_pg_admin)"
    )


@pytest.mark.majors(13, 15, 18)
def test_the_age_of_what_is_known_is_told(shop: Database) -> None:
    dsn = shop.create_role("doctor_ages", "pg_monitor", "SELECT ON ALL TABLES IN SCHEMA public")
    shop.execute("SELECT pg_stat_statements_reset(); SELECT pg_stat_reset()")
    shop.execute('UPDATE "My T" SET a = a; ANALYZE "My T"')
    if shop.version_num < 150000:
        shop.execute("SELECT pg_sleep(1.2)")  # the collector of these writes its file now and then
    found = checks(dsn)
    if shop.version_num >= 140000:
        assert found["statement counters"].detail == (
            "statements are counted for 0 min only: what runs daily or weekly may be missing"
        )
    else:
        assert "does not say since when" in found["statement counters"].detail
    assert (found["usage counters"].status, "are counted for 0 min only" in found["usage counters"].detail) == (
        "warning", True,
    )  # fmt: skip
    shop.execute('INSERT INTO "My T" SELECT generate_series(1, 5000)')
    flush = "pg_stat_force_next_flush()" if shop.version_num >= 150000 else "pg_sleep(1.2)"
    shop.execute(f"SELECT {flush}")
    again = checks(dsn)["planner statistics"]
    assert (again.status, again.remedy) == ("warning", 'ANALYZE public."My T"')
    assert again.detail == "more than a fifth of the rows of 1 table changed since the last ANALYZE"
    shop.execute(str(again.remedy))
    shop.execute(f"SELECT {flush}")
    assert checks(dsn)["planner statistics"].detail == "every table with rows was analyzed, none longer ago than 0 min"


@pytest.mark.majors(15)
def test_a_pooler_in_statement_mode_is_no_way_in(shop: Database, pgbouncer_found: None) -> None:
    with pgbouncer(shop, 2, "statement") as dsn, pytest.raises(ConnectionFailed) as refused:
        checks(dsn)
    assert "transaction blocks not allowed in statement pooling mode" in str(refused.value)
    assert "name the server itself" in str(refused.value.hint)


@pytest.mark.majors(15)
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_pooler_and_its_mode_are_told(shop: Database, mode: str, pgbouncer_found: None) -> None:
    with pgbouncer(shop, 2, mode) as dsn:
        found = checks(dsn)["pooler"]
    said = {
        "transaction": (
            "warning",
            "in transaction mode: settings hold for one transaction only",
        ),
        "session": ("ok", "a session was kept, as in session mode"),
    }
    assert (found.status, found.detail) == (said[mode][0], f"PgBouncer stands between, {said[mode][1]}")
