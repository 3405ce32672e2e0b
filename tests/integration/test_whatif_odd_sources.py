"""Sources with what the clone's server lacks, and logins that may not read everything."""

import asyncio

import msgspec
import pytest
from support.database import Database
from support.whatif_source import HERE, candidate, explain, request, session, snapshot_of

from pgtune_cli.explain.derive import shape_of
from pgtune_cli.model.catalog import (
    Catalog,
    Column,
    Extension,
    Index,
    IndexKey,
    Relation,
    RelationKind,
    RelationName,
    UserType,
)
from pgtune_cli.model.snapshot import ColumnStatistics, Server, Snapshot, Workload
from pgtune_cli.model.statement import Prepared
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.protocol import Cost

pytestmark = pytest.mark.pg


def synthetic(relation: Relation, **catalog: object) -> Snapshot:
    return Snapshot(
        pgtune_version="0",
        server=Server(version_num=160000, version="", database="d", user="u", collate="de_DE.UTF-8"),
        workload=Workload(source="workload"),
        catalog=Catalog(relations=(relation,), **catalog),  # type: ignore[arg-type]
        statistics=(
            ColumnStatistics(
                schema="public",
                table="places",
                column="spot",
                null_frac=0,
                avg_width=30,
                n_distinct=-1,
                histogram_bounds="{0101,0202,0303}",
            ),
        ),
    )


def test_types_and_collations_that_are_not_there_have_stand_ins() -> None:
    name = RelationName("public", "places")
    places = Relation(
        oid=1,
        schema="public",
        name="places",
        kind=RelationKind.TABLE,
        relpages=1000,
        reltuples=100_000,
        pages=1000,
        columns=(
            Column(attnum=1, name="spot", type="gis.geometry", not_null=True),
            Column(attnum=2, name="title", type="text", not_null=True, collation="pg_catalog.de-x-icu"),
            Column(attnum=3, name="town", type="text", not_null=True, collation="public.Käse.v1"),
        ),
    )
    by_spot = Index(
        oid=2,
        schema="public",
        name="by_spot",
        table=name,
        method="btree",
        definition="CREATE INDEX by_spot ON public.places USING btree (spot)",
        keys=(IndexKey(column="spot"),),
        relpages=500,
        reltuples=100_000,
        pages=500,
    )
    around = Index(
        oid=3,
        schema="public",
        name="around",
        table=name,
        method="gist",
        definition="CREATE INDEX around ON public.places USING gist (spot)",
        keys=(IndexKey(column="spot"),),
    )
    snapshot = synthetic(
        places,
        indexes=(by_spot, around),
        types=(UserType(schema="gis", name="geometry", kind="b", extension="postgis"),),
        extensions=(Extension("postgis", "3.4", "gis"),),
    )

    async def main() -> None:
        async with open_clone(snapshot) as clone:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            taken = await clone.connection.fetchval("SELECT datcollate FROM pg_database WHERE datname = 'clone'")
            replaced = f"replaced by {taken}: ranges of text may be estimated differently"
            assert lost == {
                "collation of the database": replaced,
                "extension postgis": "the clone's server does not have it",
                "type gis.geometry": "stands as a plain text type: its own operators are missing",
                "collation pg_catalog.de-x-icu": replaced,
                "collation public.Käse.v1": replaced,
                "index public.around": lost["index public.around"],
            }
            assert lost["index public.around"].startswith("data type gis.geometry has no default operator class")
            by_title = candidate(name, "title")
            await clone.create([by_title])
            spot, title, near = await clone.costs(
                [
                    request("SELECT * FROM places WHERE spot = '0202'"),
                    request("SELECT * FROM places WHERE title = 'x' COLLATE \"de-x-icu\"", by_title),
                    request("SELECT * FROM places WHERE spot && '0303'"),
                ]
            )
            assert isinstance(spot, Cost)
            assert shape_of(spot.plan) == ("Index Scan using by_spot on places",)
            assert isinstance(title, Cost)
            assert title.used == {by_title}
            assert near == "operator does not exist: gis.geometry && unknown"
            reason = Causes(clone.snapshot, clone.lost).of("SELECT * FROM places WHERE spot && '0303'")
            assert reason == f"type gis.geometry: {lost['type gis.geometry']}"

    asyncio.run(main())


def test_a_source_that_sorts_as_c_has_a_clone_that_does() -> None:
    """LIKE 'a%' uses a plain index under C only."""
    table = Relation(
        oid=1,
        schema="public",
        name="places",
        kind=RelationKind.TABLE,
        relpages=1000,
        reltuples=100_000,
        pages=1000,
        columns=(Column(attnum=1, name="spot", type="text", not_null=True),),
    )

    async def uses_the_index(collate: str, provider: str) -> bool:
        snapshot = synthetic(table)
        server = Server(
            version_num=180000, version="", database="d", user="u", collate=collate, locale_provider=provider
        )
        by_spot = candidate(RelationName("public", "places"), "spot")
        async with open_clone(Snapshot(
            pgtune_version="0", server=server, workload=snapshot.workload, catalog=snapshot.catalog,
            statistics=snapshot.statistics,
        )) as clone:  # fmt: skip
            await clone.create([by_spot])
            cost = (await clone.costs([request("SELECT * FROM places WHERE spot LIKE '0202%'", by_spot)]))[0]
            assert isinstance(cost, Cost)
            return by_spot in cost.used

    assert asyncio.run(uses_the_index("C", "c"))
    assert asyncio.run(uses_the_index("C.UTF-8", "b"))
    assert not asyncio.run(uses_the_index("en_US.UTF-8", "c"))
    assert not asyncio.run(uses_the_index("C", "i"))


SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, city text, zip text, note text);
INSERT INTO orders SELECT i, 'city ' || i % 100, 'zip ' || i % 100, 'x' FROM generate_series(1, 20000) i;
CREATE INDEX orders_lower ON orders (lower(note));
CREATE STATISTICS orders_place (dependencies) ON city, zip FROM orders;
CREATE TABLE hidden (id int PRIMARY KEY, kind int);
INSERT INTO hidden SELECT i, i % 7 FROM generate_series(1, 20000) i;
CREATE TABLE policed (id int, kind int);
INSERT INTO policed SELECT i, i % 7 FROM generate_series(1, 20000) i;
ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
"""
BOTH = "SELECT * FROM orders WHERE city = 'city 5' AND zip = 'zip 5'"
HIDDEN = "SELECT * FROM hidden WHERE kind = 3"


def test_a_login_that_may_not_read_everything_gets_its_plans_and_the_reasons(pg: Database) -> None:
    pg.execute(SCHEMA + "ANALYZE")
    dsn = pg.create_role("reader", "SELECT ON orders")

    async def main() -> None:
        snapshot = await snapshot_of(dsn)
        assert [s.name for s in snapshot.catalog.extended_statistics] == ["orders_place"]
        async with open_clone(snapshot) as clone:
            assert clone.lost == ()
            causes = Causes(clone.snapshot, clone.lost)
            one, both, hidden = await clone.costs(
                [request(sql) for sql in ("SELECT * FROM orders WHERE id = 5", BOTH, HIDDEN)]
            )
            async with session(pg) as connection:
                assert isinstance(one, Cost)
                assert one.total_cost == (await explain(connection, "SELECT * FROM orders WHERE id = 5")).total_cost
            assert isinstance(both, Cost)
            assert isinstance(hidden, Cost)
            assert causes.of(HIDDEN) == "missing statistics: all of public.hidden"
            assert causes.of(BOTH) == "missing statistics: the extended statistics public.orders_place"
            lower = "SELECT * FROM orders WHERE lower(note) = 'x'"
            assert causes.of(lower) == "missing statistics: the expressions of index public.orders_lower"
            assert causes.of("SELECT * FROM policed").startswith("missing statistics")

    asyncio.run(main())


def test_a_table_without_columns_is_in_the_clone(pg: Database) -> None:
    pg.execute("CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; ANALYZE")

    async def main() -> None:
        async with open_clone(await snapshot_of(pg.dsn, ("SELECT count(*) FROM bare",))) as clone:
            assert clone.lost == ()
            (cost,) = await clone.costs([request("SELECT count(*) FROM bare")])
            assert isinstance(cost, Cost)

    asyncio.run(main())


def test_operators_and_aggregates_of_the_database_are_in_the_clone(pg: Database) -> None:
    pg.execute(
        "CREATE SCHEMA ops; SET search_path = ops;"
        "CREATE FUNCTION like_it(text, text) RETURNS bool LANGUAGE sql IMMUTABLE STRICT"
        " AS 'SELECT $1 = $2 AND length($1) > 0';"
        "CREATE OPERATOR <<>> (LEFTARG = text, RIGHTARG = text, FUNCTION = like_it, RESTRICT = eqsel,"
        " COMMUTATOR = <<>>);"
        "CREATE OPERATOR <~~~> (LEFTARG = text, RIGHTARG = text, FUNCTION = like_it);"
        "CREATE FUNCTION add_up(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';"
        "CREATE AGGREGATE total (int) (SFUNC = add_up, STYPE = int, INITCOND = '0');"
        "CREATE AGGREGATE rows_of (*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0', PARALLEL = SAFE);"
        "CREATE FUNCTION native(text) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'textlen';"
        "CREATE OPERATOR # (RIGHTARG = text, FUNCTION = native);"
        "CREATE TABLE t (a text, b int); INSERT INTO t SELECT i % 50, i FROM generate_series(1, 5000) i; ANALYZE t"
    )
    queries = (
        "SELECT * FROM ops.t WHERE a OPERATOR(ops.<<>>) '7'",
        "SELECT a, ops.total(b), ops.rows_of(*) FROM ops.t GROUP BY a",
        "SELECT * FROM ops.t WHERE OPERATOR(ops.#) a > 3",
    )

    async def main() -> None:
        async with open_clone(await snapshot_of(pg.dsn, queries)) as clone, session(pg) as connection:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            assert sorted(lost) == ["function ops.native(text)", "operator ops.#(NONE, text)"]
            found = await clone.costs([request(sql) for sql in queries])
            for sql, cost in zip(queries[:2], found, strict=False):
                assert isinstance(cost, Cost), cost
                assert cost.total_cost == (await explain(connection, sql)).total_cost
            assert isinstance(found[2], str)
            reason = Causes(clone.snapshot, clone.lost).of(queries[2])
            assert reason == "operator ops.#(NONE, text): function ops.native(text) does not exist"

    asyncio.run(main())


DEFINED = (
    "SELECT * FROM d.bill WHERE price OPERATOR(d.<) '50'",
    "SELECT price, count(*) FROM d.bill GROUP BY price",
    "SELECT a.id FROM d.bill a JOIN d.bill b ON a.price OPERATOR(d.=) b.price WHERE b.id < 9",
    "SELECT price::int8 FROM d.bill WHERE price::int8 > 4990",
    "SELECT id FROM d.bill WHERE kind = 7 AND id < 900",
    "SELECT * FROM d.bill ORDER BY kind USING OPERATOR(d.|<) LIMIT 4",
    "SELECT * FROM d.bill WHERE kind OPERATOR(d.|=) 3",
    "SELECT colour::text FROM d.bill WHERE id < 50",
    "SELECT * FROM d.bill WHERE open && '[03:00,03:05)'::d.hours",
    "SELECT * FROM d.bill WHERE span @> 'a7'::text",
    "SELECT * FROM d.bill WHERE code LIKE 'c77%'",
    "SELECT * FROM d.bill WHERE to_tsvector('d.english', body) = to_tsvector('d.english', 'bills')",
    "SELECT nextval('d.numbers')",
    "SELECT d.next_number() FROM d.bill WHERE id < 5",
    "SELECT * FROM d.guarded WHERE d.leaks_not(kind) AND id < 300",
    "INSERT INTO d.bill (kind) SELECT kind FROM d.bill",
    "UPDATE d.joined SET kind = 3 WHERE id < 100",
    "DELETE FROM d.joined WHERE id < 100",
)


@pytest.mark.majors(15, 18)
def test_what_else_a_database_defines_is_in_the_clone(pg: Database) -> None:
    """Base types by another name, operator classes, casts, ranges, text search, sequences, rules, triggers."""
    pg.execute((HERE / "definitions.sql").read_text(encoding="utf-8"))
    pg.execute("VACUUM ANALYZE d.bill")

    async def main() -> None:
        async with open_clone(await snapshot_of(pg.dsn, DEFINED)) as clone, session(pg) as connection:
            assert clone.lost == ()
            misfits = []
            for sql, cost in zip(DEFINED, await clone.costs([request(sql) for sql in DEFINED]), strict=True):
                plan = await explain(connection, sql)
                if isinstance(cost, str) or (cost.total_cost, shape_of(cost.plan)) != (plan.total_cost, shape_of(plan)):
                    misfits.append((sql, plan.total_cost, cost if isinstance(cost, str) else cost.total_cost))
            assert misfits == []

    asyncio.run(main())


def test_row_security_is_planned_for_the_role_that_runs_the_statement(pg: Database) -> None:
    """The plan of that role on the source, and the clone's, from the snapshot of a superuser."""
    for role in ("seller", "auditor", "boss", "head"):
        pg.create_role(role)
    pg.execute(
        "CREATE TABLE deals (id int PRIMARY KEY, shop int, owner text, total int);"
        "GRANT ALL ON deals TO seller, auditor, boss;"
        "INSERT INTO deals SELECT i, i % 200, 'o' || i % 10, i FROM generate_series(1, 20000) i;"
        "CREATE INDEX deals_shop ON deals (shop); ALTER TABLE deals ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY of_shop ON deals FOR SELECT TO seller USING (shop = 7);"
        "CREATE POLICY own ON deals AS RESTRICTIVE TO seller USING (owner = 'o7' OR total > 5);"
        "CREATE POLICY all_of_it ON deals TO auditor USING (total > 0) WITH CHECK (false);"
        "CREATE VIEW sellers_deals AS SELECT id, total FROM deals; ALTER VIEW sellers_deals OWNER TO seller;"
        "GRANT SELECT ON sellers_deals TO auditor, boss;"
        "GRANT auditor TO head; ALTER ROLE boss BYPASSRLS; ALTER ROLE boss SET random_page_cost = 1.1;"
        "ALTER ROLE auditor SET work_mem = '64kB'"
    )
    pg.execute("VACUUM ANALYZE deals")
    queries = (
        "SELECT * FROM deals WHERE total < 900",
        "SELECT * FROM deals ORDER BY total",
        "UPDATE deals SET total = 1",
        "SELECT * FROM sellers_deals WHERE total < 900",
    )

    async def main() -> None:
        snapshot = await snapshot_of(pg.dsn, queries)
        assert [policy.name for policy in snapshot.catalog.policies] == ["all_of_it", "of_shop", "own"]
        seen = set()
        async with open_clone(snapshot) as clone, session(pg) as connection:
            assert clone.lost == ()
            for role in ("seller", "auditor", "boss", "postgres"):
                await connection.execute(f"SET SESSION AUTHORIZATION {role}")
                settings = {"boss": "SET random_page_cost = 1.1", "auditor": "SET work_mem = '64kB'"}
                await connection.execute(settings.get(role, "SELECT 1"))
                for sql in queries:
                    asked = msgspec.structs.replace(request(sql), role=role)
                    (cost,) = await clone.costs([asked])
                    assert isinstance(cost, Cost), cost
                    plan = await explain(connection, sql)
                    assert shape_of(cost.plan) == shape_of(plan), (role, sql)
                    assert cost.total_cost == plan.total_cost, (role, sql)
                    seen.add((sql, plan.total_cost))
                await connection.execute("RESET SESSION AUTHORIZATION; RESET ALL")
        assert len(seen) > 8
        run_by = tuple(msgspec.structs.replace(row, role="seller") for row in snapshot.workload.rows)
        workload = msgspec.structs.replace(snapshot.workload, rows=run_by)
        async with open_clone(msgspec.structs.replace(snapshot, workload=workload)) as clone:
            own = request(queries[0])
            asked = msgspec.structs.replace(own, prepared=Prepared(fingerprint=fingerprint(queries[0]), sql=queries[0]))
            found = await clone.costs([asked, msgspec.structs.replace(own, role="seller")])
            assert found[0] == found[1]
            role = clone.role_of(asked.prepared.fingerprint, queries[0])
            assert role == "seller"
            async with clone.connected_as(role) as connection:
                assert await explain(connection, queries[0]) == found[0].plan

    asyncio.run(main())


def test_costs_of_tablespaces_are_in_the_clone(pg: Database) -> None:
    pg.execute("SET allow_in_place_tablespaces = on")
    for name in ("fast disk", "slow"):
        pg.execute(f"CREATE TABLESPACE \"{name}\" LOCATION ''")
    try:
        pg.execute(
            'ALTER TABLESPACE "fast disk" SET (random_page_cost = 1.01, seq_page_cost = 0.5);'
            "ALTER TABLESPACE slow SET (random_page_cost = 40);"
            'CREATE TABLE near (a int, b int) TABLESPACE "fast disk"; CREATE TABLE far (a int, b int) TABLESPACE slow;'
            "INSERT INTO near SELECT i, i % 300 FROM generate_series(1, 30000) i; INSERT INTO far SELECT * FROM near;"
            'CREATE INDEX near_b ON near (b) TABLESPACE "fast disk"; CREATE INDEX far_b ON far (b) TABLESPACE slow'
        )
        pg.execute("VACUUM ANALYZE")
        queries = [f"SELECT * FROM {table} WHERE b {test}" for table in ("near", "far") for test in ("= 5", "< 60")]

        async def main() -> None:
            async with open_clone(await snapshot_of(pg.dsn, tuple(queries))) as clone, session(pg) as connection:
                assert clone.lost == ()
                for sql, cost in zip(queries, await clone.costs([request(sql) for sql in queries]), strict=True):
                    assert isinstance(cost, Cost), cost
                    assert cost.total_cost == (await explain(connection, sql)).total_cost

        asyncio.run(main())
    finally:
        pg.execute("DROP TABLE IF EXISTS near, far")
        pg.execute('DROP TABLESPACE "fast disk"')
        pg.execute("DROP TABLESPACE slow")


def test_definitions_that_could_not_be_read_are_named_as_missing() -> None:
    column = (Column(attnum=1, name="a", type="integer", not_null=True),)
    table = Relation(oid=1, schema="public", name="t", kind=RelationKind.TABLE, columns=column)
    view = Relation(oid=2, schema="public", name="v", kind=RelationKind.VIEW, columns=column)
    parent = Relation(oid=3, schema="public", name="p", kind=RelationKind.PARTITIONED, columns=column)
    part = Relation(
        oid=4, schema="public", name="p1", kind=RelationKind.TABLE, columns=column, partition_of=parent.relation_name
    )
    snapshot = synthetic(table)
    catalog = Catalog(relations=(table, view, parent, part))

    async def main() -> None:
        async with open_clone(msgspec.structs.replace(snapshot, catalog=catalog)) as clone:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            assert lost.pop("collation of the database").startswith("replaced by ")
            assert lost == {
                "view public.v": "its query could not be read from the source",
                "table public.p": "its partition key could not be read from the source",
                "table public.p1": "the bound of this partition could not be read from the source",
            }

    asyncio.run(main())


def test_causes_that_are_no_objects_are_named(pg: Database) -> None:
    pg.execute(SCHEMA + "DROP INDEX orders_lower; ANALYZE")

    async def main() -> None:
        snapshot = await snapshot_of(pg.dsn)
        causes = Causes(snapshot, ())
        assert causes.of("SELECT * FROM policed") == "row security: no policies of public.policed could be read"
        assert causes.of("SELECT * FROM pg_class") == "it reads the system catalogs, and the clone has its own"
        assert causes.of(BOTH) == "not known; the data or their statistics may have changed in between"

    asyncio.run(main())
