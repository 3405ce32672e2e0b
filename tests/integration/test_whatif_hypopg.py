"""HypoPG behind the same protocol, on a server that has it."""

import asyncio
import os

import asyncpg
import pytest
from support.database import Database
from support.whatif_source import candidate, request, snapshot_of

from pgtune_cli.collect.connection import connect
from pgtune_cli.errors import ServerRefused
from pgtune_cli.explain.derive import indexes_used
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.whatif.hypopg import HypopgWhatIf
from pgtune_cli.whatif.protocol import Cost, CostRequest

pytestmark = [pytest.mark.pg, pytest.mark.majors(15)]

SCHEMA = """
CREATE SCHEMA sales;
CREATE TABLE sales.orders (id int PRIMARY KEY, customer_id int, total int);
INSERT INTO sales.orders SELECT i, i % 5000, i % 77 FROM generate_series(1, 50000) i;
CREATE INDEX orders_total ON sales.orders (total);
CREATE TABLE sales.events (at date, kind int) PARTITION BY RANGE (at);
CREATE TABLE sales.events_1 PARTITION OF sales.events FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE sales.events_2 PARTITION OF sales.events DEFAULT;
INSERT INTO sales.events SELECT '2025-01-01'::date + i % 360, i FROM generate_series(1, 20000) i;
"""
BY_CUSTOMER = candidate("orders", "customer_id")
LOOKUP = "SELECT * FROM sales.orders WHERE customer_id = 77"


@pytest.fixture
def source(pg: Database) -> Database:
    if not pg.fetch("SELECT FROM pg_available_extensions WHERE name = 'hypopg'"):
        assert os.environ.get("PGTUNE_CI") != "1", "HypoPG is not installed"
        pytest.skip("HypoPG is not installed")
    pg.execute('CREATE SCHEMA "Odd"; CREATE EXTENSION hypopg SCHEMA "Odd";' + SCHEMA)
    pg.execute("VACUUM (ANALYZE)")
    return pg


async def indexes_seen(connection: asyncpg.Connection) -> int:
    return await connection.fetchval('SELECT count(*) FROM "Odd".hypopg_list_indexes')


def test_a_hypothetical_index_is_used_and_gone_afterwards(source: Database) -> None:
    async def main() -> None:
        connection = await connect(source.dsn)
        catalog = (await snapshot_of(source.dsn)).catalog
        whatif = HypopgWhatIf(connection, catalog)
        sizes = await whatif.create([BY_CUSTOMER])
        assert 500_000 < int(sizes[BY_CUSTOMER]) < 3_000_000
        before, after = await whatif.costs([request(LOOKUP), request(LOOKUP, BY_CUSTOMER)])
        assert isinstance(before, Cost)
        assert isinstance(after, Cost)
        assert (before.used, after.used) == (frozenset(), {BY_CUSTOMER})
        assert after.total_cost < before.total_cost / 5
        assert await indexes_seen(connection) == 0
        assert whatif.planner_calls == 2
        assert await whatif.costs([request(LOOKUP, BY_CUSTOMER)]) == [after]
        assert whatif.planner_calls == 2
        await connection.close()

    asyncio.run(main())


def test_a_generic_plan_is_never_one_from_before_the_index_or_with_it(source: Database) -> None:
    """A plan that was cached without the index is not told of it, and one with it could not even be executed."""
    text = "SELECT * FROM sales.orders WHERE customer_id = $1"
    prepared = Prepared(fingerprint="f", sql=text, parameter_types=("integer",))
    generic = ValueSet(name="generic", origin="generic")

    def asked(*indexes: CandidateIndex) -> CostRequest:
        return CostRequest(prepared=prepared, values=generic, indexes=frozenset(indexes))

    async def main() -> None:
        connection = await connect(source.dsn)
        costs = []
        for indexes in ((), (BY_CUSTOMER,), ()):
            whatif = HypopgWhatIf(connection)
            await whatif.create([BY_CUSTOMER])
            costs += await whatif.costs([asked(*indexes)])
            assert await connection.fetch("SELECT FROM pg_prepared_statements") == []
        before, with_index, after = costs
        assert isinstance(before, Cost)
        assert isinstance(with_index, Cost)
        assert with_index.used == {BY_CUSTOMER}
        assert with_index.total_cost < before.total_cost / 2
        assert after == before
        await connection.close()

    asyncio.run(main())


def test_a_partitioned_table_gets_one_on_each_partition(source: Database) -> None:
    async def main() -> None:
        connection = await connect(source.dsn)
        whatif = HypopgWhatIf(connection)
        by_kind = candidate("events", "kind")
        assert isinstance((await whatif.create([by_kind]))[by_kind], int)
        cost = (await whatif.costs([request("SELECT * FROM sales.events WHERE kind = 5", by_kind)]))[0]
        assert isinstance(cost, Cost)
        assert cost.used == {by_kind}
        assert len(indexes_used(cost.plan)) == 2
        await connection.close()

    asyncio.run(main())


def test_a_bad_candidate_and_a_bad_statement_are_answers_and_cost_no_other(source: Database) -> None:
    async def main() -> None:
        connection = await connect(source.dsn)
        whatif = HypopgWhatIf(connection)
        nowhere, bad_column = candidate("nowhere", "a"), candidate("orders", "b")
        sizes = await whatif.create([nowhere, bad_column, BY_CUSTOMER])
        assert [isinstance(size, str) for size in sizes.values()] == [True, True, False]
        answers = await whatif.costs([request(sql, BY_CUSTOMER) for sql in (LOOKUP, "SELECT * FROM nowhere", LOOKUP)])
        assert [isinstance(answer, str) for answer in answers] == [False, True, False]
        assert await indexes_seen(connection) == 0
        assert await connection.fetch("SELECT FROM pg_prepared_statements") == []
        await connection.close()

    asyncio.run(main())


def test_an_existing_index_is_hidden_or_the_answer_says_why_not(source: Database) -> None:
    sql = "SELECT * FROM sales.orders WHERE total = 7"

    async def main() -> None:
        connection = await connect(source.dsn)
        version = source.fetch("SELECT extversion FROM pg_extension WHERE extname = 'hypopg'")[0]["extversion"]
        whatif = HypopgWhatIf(connection)
        answers = await whatif.costs(
            [request(sql, hidden=frozenset({RelationName("sales", "orders_total")})), request(sql)]
        )
        if [int(part) for part in version.split(".")[:2]] >= [1, 4]:
            assert isinstance(answers[0], Cost)
            assert indexes_used(answers[0].plan) == frozenset()
        else:
            assert answers[0] == "HypoPG hides existing indexes from version 1.4 on"
        assert isinstance(answers[1], Cost)
        assert {index.name for index in indexes_used(answers[1].plan)} == {"orders_total"}
        await connection.close()

    asyncio.run(main())


def test_without_the_extension_the_error_says_how_to_get_it(pg: Database) -> None:
    async def main() -> None:
        connection = await connect(pg.dsn)
        try:
            await HypopgWhatIf(connection).create([BY_CUSTOMER])
        finally:
            await connection.close()

    with pytest.raises(ServerRefused, match="HypoPG is not installed in this database") as caught:
        asyncio.run(main())
    assert caught.value.hint == "CREATE EXTENSION hypopg"


def test_what_is_sent_to_the_source_carries_the_mark_of_pgtune(source: Database) -> None:
    source.execute("CREATE EXTENSION pg_stat_statements")

    async def main() -> None:
        connection = await connect(source.dsn)
        try:
            whatif = HypopgWhatIf(connection)
            await whatif.create([BY_CUSTOMER])
            await whatif.costs(
                [request(LOOKUP, BY_CUSTOMER, hidden=frozenset({RelationName("sales", "orders_total")}))]
            )
        finally:
            await connection.close()

    asyncio.run(main())
    sent = source.fetch("SELECT query FROM pg_stat_statements WHERE query LIKE 'SELECT%hypopg%' AND dbid = "
                        "(SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip
    assert sent
    assert [row["query"] for row in sent if "/* pgtune */" not in row["query"]] == []
