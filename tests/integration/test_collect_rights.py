"""What each kind of role gets, and what it is told to ask for."""

import pytest
from support.collecting import read
from support.database import Database

from pgtune_cli.model.snapshot import Skipped

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]


@pytest.fixture
def shop(pg: Database) -> Database:
    pg.execute("CREATE EXTENSION pg_stat_statements")
    pg.execute('CREATE SCHEMA "Other S"')
    pg.execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)")
    pg.execute('CREATE TABLE "Other S"."T" (a int); INSERT INTO "Other S"."T" SELECT generate_series(1, 100)')
    pg.execute('CREATE INDEX ON "Other S"."T" (a)')
    pg.execute('ANALYZE t, "Other S"."T"')
    pg.fetch("SELECT count(*) FROM t WHERE a > 5")
    return pg


def test_the_recommended_role_reads_everything(shop: Database) -> None:
    shop.execute('GRANT USAGE ON SCHEMA "Other S" TO PUBLIC')
    dsn = shop.create_role(
        "rights_reader",
        "pg_monitor",
        "SELECT ON ALL TABLES IN SCHEMA public",
        'SELECT ON ALL TABLES IN SCHEMA "Other S"',
    )
    snapshot = read(dsn)
    assert snapshot.skipped == ()
    assert (snapshot.server.superuser, snapshot.server.owner) == (False, False)
    assert {(each.schema, each.table) for each in snapshot.statistics} == {("public", "t"), ("Other S", "T")}
    assert "SELECT count(*) FROM t WHERE a > $1" in {row.query for row in snapshot.workload.rows}
    superuser = read(shop.dsn)
    assert superuser.catalog == snapshot.catalog


def test_a_bare_login_gets_the_catalog_and_the_grants_it_needs(shop: Database) -> None:
    dsn = shop.create_role('Odd "name"')
    snapshot = read(dsn)
    quoted = '"Odd ""name"""'
    assert snapshot.catalog == read(shop.dsn).catalog
    assert (snapshot.statistics, snapshot.workload.rows) == ((), ())
    statements, tables = snapshot.skipped
    assert "statements of other roles" in statements.what
    assert statements.remedy == f"GRANT pg_monitor TO {quoted}"
    assert tables == Skipped(
        "planner statistics of Other S.T, public.t",
        'role Odd "name" may not SELECT from them',
        f'GRANT USAGE ON SCHEMA "Other S", public TO {quoted}; '
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "Other S", public TO {quoted}',
    )


def test_the_grants_that_are_named_are_enough(shop: Database) -> None:
    dsn = shop.create_role('Needs "more"')
    for skipped in read(dsn).skipped:
        assert skipped.remedy is not None
        shop.execute(skipped.remedy)
    assert read(dsn).skipped == ()


def test_an_owner_is_known_as_one(shop: Database) -> None:
    dsn = shop.create_role("rights_owner", "pg_monitor")
    shop.execute('ALTER TABLE t OWNER TO rights_owner; GRANT USAGE ON SCHEMA "Other S" TO rights_owner')
    shop.execute('GRANT SELECT ON "Other S"."T" TO rights_owner')
    snapshot = read(dsn)
    assert (snapshot.server.superuser, snapshot.server.owner, snapshot.skipped) == (False, True, ())
    shop.execute("ALTER TABLE t OWNER TO postgres")


def test_row_security_hides_statistics_and_it_is_said(shop: Database) -> None:
    shop.execute('ALTER TABLE t ENABLE ROW LEVEL SECURITY; DROP TABLE "Other S"."T"')
    dsn = shop.create_role("rights_secured", "pg_monitor", "SELECT ON t")
    assert read(dsn).skipped == (
        Skipped(
            "planner statistics of public.t",
            "row security hides them from this role",
            "ALTER ROLE rights_secured BYPASSRLS",
        ),
    )


def test_a_column_that_may_be_read_has_its_statistics(shop: Database) -> None:
    shop.execute('ALTER TABLE t ADD b int; UPDATE t SET b = a; ANALYZE t; DROP TABLE "Other S"."T"')
    dsn = shop.create_role("rights_column", "pg_monitor", "SELECT (b) ON t")
    snapshot = read(dsn)
    assert [each.column for each in snapshot.statistics] == ["b"]
