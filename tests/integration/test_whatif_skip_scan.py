"""A clone of an older server does not promise what only PostgreSQL 18 can do."""

import asyncio

import pytest
from support.database import Database
from support.whatif_source import explain, request, session, snapshot_of

from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.protocol import Cost

pytestmark = [pytest.mark.pg, pytest.mark.majors(15, 18)]

QUERY = "SELECT * FROM task WHERE tenant = 4711"
INDEX = CandidateIndex(table=RelationName("public", "task"), keys=(IndexKey(column="state"), IndexKey(column="tenant")))


def test_an_index_counts_by_its_later_key_where_the_source_can_skip(pg: Database) -> None:
    pg.execute(
        "CREATE TABLE task (id int, state text, tenant int, note text);"
        "INSERT INTO task SELECT i, (ARRAY['open', 'done', 'held'])[1 + i % 3], i % 20000, repeat('x', 100)"
        " FROM generate_series(1, 200000) AS i"
    )
    pg.execute("VACUUM ANALYZE task")

    async def planned() -> tuple[Cost | str, Cost | str, float]:
        snapshot = await snapshot_of(pg.dsn, (QUERY,))
        async with open_clone(snapshot) as clone:
            assert not isinstance((await clone.create([INDEX]))[INDEX], str)
            before, cost = await clone.costs([request(QUERY), request(QUERY, INDEX)])
        pg.execute("CREATE INDEX task_state_tenant ON task (state, tenant)")
        async with session(pg) as connection:
            return before, cost, (await explain(connection, QUERY)).total_cost

    before, cost, really = asyncio.run(planned())
    assert isinstance(before, Cost)
    assert isinstance(cost, Cost)
    if pg.version_num >= 180000:
        assert cost.used == {INDEX}
        assert cost.total_cost == pytest.approx(really, rel=0.05)
        assert cost.total_cost < before.total_cost / 10
    else:
        # the server would read the whole index: dear, and nothing to advise
        assert really > before.total_cost / 10
        assert (cost.used, cost.total_cost) == (frozenset(), before.total_cost)
