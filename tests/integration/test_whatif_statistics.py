"""Every kind of statistics, from a source into its clone: extended ones, of expressions, the ends of indexes."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from support.database import Database
from support.whatif_source import explain, request, session, snapshot_of

from pgtune_cli.explain.derive import shape_of
from pgtune_cli.model.extended import CommonRow
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.protocol import Cost, NewStatistics

pytestmark = pytest.mark.pg

SUPPORT = Path(__file__).parent.parent / "support"


STATISTICS = "SELECT s::text FROM pg_catalog.pg_stats AS s WHERE schemaname = 'public' ORDER BY 1"


def lines_of(name: str) -> tuple[str, ...]:
    lines = (SUPPORT / name).read_text(encoding="utf-8").splitlines()
    return tuple(line.rstrip(";") for line in lines if line.strip() and not line.startswith("--"))


QUERIES = lines_of("clone_probe_queries.sql")
TAGS = tuple(sql for sql in QUERIES if "tags" in sql)
"""what a GIN index holds is not in the catalog"""


@pytest.fixture(scope="module")
def probes(pg_module: Database) -> Database:
    for sql in lines_of("clone_probes.sql"):
        pg_module.execute(sql)
    if pg_module.version_num >= 140000:
        for sql in lines_of("clone_probes_14.sql"):
            pg_module.execute(sql)
    return pg_module


class Compared(msgspec.Struct, frozen=True):
    same_shape: bool
    ratio: float
    reason: str


async def compared(database: Database, snapshot: Snapshot) -> tuple[dict[str, Compared], list[str]]:
    """Each statement on both, and what is lost."""
    async with open_clone(snapshot) as clone, session(database) as connection:
        causes = Causes(clone.snapshot, clone.lost)
        found = {}
        for sql, cost in zip(QUERIES, await clone.costs([request(sql) for sql in QUERIES]), strict=True):
            plan = await explain(connection, sql)
            assert isinstance(cost, Cost), cost
            same = shape_of(plan) == shape_of(cost.plan)
            found[sql] = Compared(same, cost.total_cost / plan.total_cost, causes.of(sql))
        return found, [skipped.what for skipped in clone.lost]


@pytest.mark.majors(18)
def test_statistics_that_were_tried_leave_nothing_behind(probes: Database) -> None:
    """Lists that a column had none of, or is tried without."""
    asyncio.run(_tried(probes))


async def _tried(database: Database) -> None:
    snapshot = await snapshot_of(database.dsn, QUERIES)
    known = {one.column: one for one in snapshot.statistics if one.table == "tickets"}
    assert known["id"].most_common_vals is None
    listed = msgspec.structs.replace(
        known["id"], most_common_vals="{1}", most_common_freqs=(0.5,), histogram_bounds=None
    )  # fmt: skip
    bare = msgspec.structs.replace(known["state"], most_common_vals=None, most_common_freqs=None)
    asked = [request("SELECT * FROM tickets WHERE id < 2"), request("SELECT * FROM tickets WHERE state = 'new'")]
    async with open_clone(snapshot) as clone:
        before = await clone.connection.fetch(STATISTICS)
        old = [one.plan.root.plan_rows for one in await clone.costs(asked) if isinstance(one, Cost)]
        tried = await clone.costs_with(NewStatistics(columns=(listed, bare)), asked)
        assert await clone.connection.fetch(STATISTICS) == before
    assert old == [pytest.approx(1, abs=1), pytest.approx(1000, rel=0.1)]
    new = [one.plan.root.plan_rows for one in tried if isinstance(one, Cost)]
    # the common half, and half of the rest, as no histogram tells of it; one of three values
    assert new == [pytest.approx(15_000, rel=0.01), pytest.approx(6667, rel=0.01)]


def within(found: dict[str, Compared], tolerance: float) -> dict[str, Compared]:
    return {sql: one for sql, one in found.items() if one.same_shape and abs(one.ratio - 1) <= tolerance}


@pytest.mark.majors(13, 18)
def test_every_kind_of_statistics_decides_as_it_does_on_the_source(probes: Database) -> None:
    snapshot = asyncio.run(snapshot_of(probes.dsn, QUERIES))
    found, lost = asyncio.run(compared(probes, snapshot))
    assert lost == []
    assert [skipped for skipped in snapshot.skipped if "statistics" in skipped.what or "values" in skipped.what] == []
    assert len(snapshot.extremes) >= 14
    assert found.keys() - within(found, 0.05) == set()
    if probes.version_num >= 180000:
        assert found.keys() - within(found, 1e-9) == set(TAGS)


def test_a_login_that_may_only_select_knows_what_it_misses(probes: Database) -> None:
    dsn = probes.create_role("reader", "SELECT ON ALL TABLES IN SCHEMA public")
    snapshot = asyncio.run(snapshot_of(dsn, QUERIES))
    assert snapshot.extended == ()
    (hidden,) = [skipped for skipped in snapshot.skipped if skipped.what.startswith("extended statistics")]
    assert hidden.why == "they are shown to the table's owner alone"
    found, lost = asyncio.run(compared(probes, snapshot))
    assert lost == []
    odd = {sql: one.reason for sql, one in found.items() if sql not in within(found, 1e-9) and sql not in TAGS}
    assert 0 < len(odd) < len(QUERIES) / 2
    assert [reason for reason in odd.values() if not reason.startswith("missing statistics: the e")] == []
    (lower,) = [reason for sql, reason in odd.items() if "lower(note) =" in sql]
    assert lower == "missing statistics: the expressions of index public.readings_lower"
    option = " WITH INHERIT TRUE, SET FALSE" if probes.version_num >= 160000 else ""
    grant = f"GRANT postgres TO reader{option}"
    assert hidden.remedy == (
        f"log in as postgres (--user): no lesser right than the owner's shows them; or, for a while, {grant}"
    )
    probes.execute(grant)
    assert asyncio.run(snapshot_of(dsn, QUERIES)).extended != ()
    probes.execute("REVOKE postgres FROM reader")


def test_data_of_extended_statistics_that_do_not_fit_are_named_and_nothing_else_is_lost(probes: Database) -> None:
    snapshot = asyncio.run(snapshot_of(probes.dsn, QUERIES))
    wrong = CommonRow(("one value",), 0.5, 0.5)
    extended = tuple(
        msgspec.structs.replace(one, common=(wrong,), distinct=(), dependencies=())
        if one.name == "tickets_common"
        else msgspec.structs.replace(
            one, expressions=tuple(msgspec.structs.replace(e, most_common_vals="no array") for e in one.expressions)
        )
        for one in snapshot.extended
    )
    found, lost = asyncio.run(compared(probes, msgspec.structs.replace(snapshot, extended=extended)))
    assert sorted(lost) == [
        "extended statistics public.readings_expression",
        "extended statistics public.readings_expressions",
        "extended statistics public.tickets_common",
    ]
    assert "SELECT site, town, count(*) FROM readings GROUP BY 1, 2" in within(found, 1e-9)


def test_ends_of_an_index_that_are_dear_or_dangerous_to_read_are_left_out(pg: Database) -> None:
    """A table whose index the planner may not use has its ends at the far side of a whole scan."""
    pg.execute(
        "CREATE TABLE t (a int, pad text); INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i;"
        "CREATE INDEX t_a ON t (a); CREATE TABLE u (a int); INSERT INTO u SELECT generate_series(1, 2000);"
        "CREATE INDEX u_a ON u (a); ANALYZE;"
        "CREATE TABLE lying AS SELECT * FROM u; CREATE TABLE checked AS SELECT * FROM u;"
        "CREATE FUNCTION lies() RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
        " $$BEGIN PERFORM pg_advisory_lock(4711); RETURN 1; END$$;"
        'CREATE FUNCTION "Lies, ""too"""(int) RETURNS bool LANGUAGE sql IMMUTABLE AS \'SELECT $1 > 0\';'
        "CREATE INDEX ON lying (a); CREATE INDEX ON lying (a) WHERE a > lies();"
        'CREATE INDEX ON checked (a); ALTER TABLE checked ADD CHECK ("Lies, ""too"""(a)); ANALYZE'
    )
    role = pg.create_role("slow", "SELECT ON t", "SELECT ON u", "SELECT ON lying", "SELECT ON checked")
    pg.execute("SELECT pg_advisory_lock(4711)")  # whoever calls lies() waits until it fails
    pg.execute("ALTER ROLE slow SET enable_indexscan = off; ALTER ROLE slow SET enable_indexonlyscan = off")
    snapshot = asyncio.run(snapshot_of(role, ()))
    assert [(one.table.name, one.low, one.high) for one in snapshot.extremes] == [("u", "1", "2000")]
    said = {one.what: one.why for one in snapshot.skipped if one.what.startswith("smallest")}
    what = "smallest and largest values of public."
    assert said == {
        f"{what}t.a": "reading them takes more than a look at the ends of an index",
        # the planner calls what stands there with its constants, whoever reads the table
        f"{what}checked.a and 1 more": "reading them may call functions of the database's own",
    }
