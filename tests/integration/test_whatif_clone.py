"""The statistics-only clone against the servers it was made from: plans, costs, candidates, what is lost."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from support.database import LOOP, Database
from support.whatif_source import QUERIES, candidate, explain, load_source, request, session, snapshot_of

from pgtune_cli.explain.derive import indexes_used, shape_of
from pgtune_cli.model.catalog import RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import PlanParameters, StatementPlan
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.quote import qualified
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.clone import Clone, open_clone
from pgtune_cli.whatif.fidelity import compare
from pgtune_cli.whatif.protocol import Cost, CostRequest

pytestmark = pytest.mark.pg

ODD = RelationName('Odd "Schema" 🙂', "Ta'ble $1")


@pytest.fixture(scope="module")
def source(pg_module: Database) -> Database:
    load_source(pg_module)
    return pg_module


@pytest.fixture(scope="module")
def snapshot(source: Database) -> Snapshot:
    return asyncio.run(snapshot_of(source.dsn))


@pytest.fixture(scope="module")
def clone(snapshot: Snapshot) -> Iterator[Clone]:
    """One for all tests that need no clone of their own; it lives in LOOP."""
    stack = AsyncExitStack()
    yield LOOP.run(stack.enter_async_context(open_clone(snapshot)))
    LOOP.run(stack.aclose())


async def costs_of(clone: Clone, *requests: CostRequest) -> list[Cost]:
    answers = await clone.costs(requests)
    assert [answer for answer in answers if isinstance(answer, str)] == []
    return [answer for answer in answers if isinstance(answer, Cost)]


@pytest.mark.majors("all")
def test_statements_have_the_sources_plan_and_cost_or_a_reason_why_not(source: Database, clone: Clone) -> None:
    async def main() -> list[tuple[str, bool, float, str | None]]:
        async with session(source) as connection:
            causes = Causes(clone.snapshot, clone.lost)
            rows = []
            for sql, cost in zip(QUERIES, await costs_of(clone, *map(request, QUERIES)), strict=True):
                plan = await explain(connection, sql)
                parameters = PlanParameters("literal", "literal")
                own = StatementPlan(
                    source="server", parameters=parameters, executed=False, total_cost=plan.total_cost, plan=plan
                )
                found = compare(own, cost, causes, sql)
                rows.append((sql, found.same_shape, cost.total_cost / plan.total_cost, found.reason))
        return rows

    rows = LOOP.run(main())
    odd = [row for row in rows if not row[1] or abs(row[2] - 1) > 0.05]
    assert [row for row in rows if (row in odd) != (row[3] is not None)] == []
    if source.version_num >= 180000:
        assert odd == []
        # what a GIN index holds is not in the catalog
        assert [row for row in rows if abs(row[2] - 1) > (0.001 if "products" in row[0] else 1e-9)] == []
    assert len(odd) <= 4, odd
    # what the planner learnt since, and can be told to leave, it leaves
    learnt = {"memoize": 14, "presorted_aggregate": 16, "group_by_reordering": 17, "self_join_elimination": 18}
    for name, since in learnt.items():
        setting = LOOP.run(clone.connection.fetchval(f"SHOW enable_{name}"))
        assert (setting == "on") == (source.version_num >= since * 10000), name


@pytest.mark.majors("all")
def test_char_n_shares_entries_where_the_source_lets_it(source: Database, clone: Clone) -> None:
    country = candidate("customers", "country")

    async def main() -> float:
        estimated = (await clone.create([country]))[country]
        async with session(source) as connection:
            transaction = connection.transaction()
            await transaction.start()
            _, built = await really_build(connection, country)
            await transaction.rollback()
        assert isinstance(estimated, int)
        return estimated / built

    assert LOOP.run(main()) == pytest.approx(1, abs=0.25)


CANDIDATES = (
    candidate("customers", "country"),
    candidate("customers", "country", "created_at desc"),
    candidate("customers", "note", predicate="note IS NOT NULL"),
    candidate("customers", "credit"),
    candidate("customers", "name", "country"),
    candidate("customers", "lower(name)", "id"),
    candidate("orders", "status"),
    candidate("orders", "customer_id", "placed_at desc"),
    candidate("orders", "total"),
    candidate("orders", "total", include=("customer_id",)),
    candidate("orders", "placed_at", predicate="status = 'paid'::sales.order_status"),
    candidate("orders", "date_trunc('day', placed_at)"),
    candidate("order_items", "product_id", "order_id"),
    candidate("order_items", "quantity"),
    candidate("order_items", "price"),
    candidate("products", "category_id", "price"),
    candidate("products", "title"),
    candidate("products", "tags"),
    candidate("products", "gross"),
    candidate("products", "attrs", method="gin"),
    candidate("events", "at"),
    candidate("events", "kind", "at desc"),
    candidate("log", "at"),
    candidate(ODD, 'dr"op'),
    candidate(ODD, "sel ect"),
    candidate("by_country", "month"),
    candidate("categories", "parent_id"),
)


def test_candidates_are_used_and_cost_as_if_they_had_been_built(source: Database, clone: Clone) -> None:
    async def main() -> None:
        async with session(source) as connection:
            sizes = await clone.create(CANDIDATES)
            asked = [request(sql, index) for index in CANDIDATES for sql in QUERIES]
            costs = iter(await costs_of(clone, *asked))
            assert clone.planner_calls < len(asked) / 3
            misfits = []
            for index in CANDIDATES:
                transaction = connection.transaction()
                await transaction.start()
                names, size = await really_build(connection, index)
                for sql in QUERIES:
                    plan, cost = await explain(connection, sql), next(costs)
                    really_used = bool({found.name for found in indexes_used(plan)} & names)
                    assert (index in cost.used) == really_used, (index, sql)
                    if index.method == "btree":
                        assert cost.total_cost == pytest.approx(plan.total_cost, rel=0.05), (index, sql)
                await transaction.rollback()
                estimated = sizes[index]
                assert isinstance(estimated, int)
                if not 0.75 <= estimated / size <= 1.25:
                    misfits.append((estimated / size, create_index_sql(index, "i", concurrently=False)))
            assert len(misfits) <= 0.1 * len(CANDIDATES), misfits

    LOOP.run(main())


async def really_build(connection: object, index: CandidateIndex) -> tuple[set[str], int]:
    """The names and the bytes of the index and its partitions."""
    await connection.execute(create_index_sql(index, "really_built", concurrently=False))  # type: ignore[attr-defined]
    rows = await connection.fetch(  # type: ignore[attr-defined]
        "SELECT relid::regclass::text, c.relname, pg_relation_size(relid) AS bytes FROM pg_partition_tree($1::regclass)"
        " JOIN pg_class c ON c.oid = relid WHERE isleaf UNION SELECT '', relname, pg_relation_size(oid) FROM pg_class"
        " WHERE oid = $1::regclass",
        qualified(RelationName(index.table.schema, "really_built")),
    )
    return {row["relname"] for row in rows}, sum({row["relname"]: row["bytes"] for row in rows}.values())


def test_a_hidden_index_is_as_good_as_dropped(source: Database, clone: Clone) -> None:
    async def main() -> None:
        async with session(source) as connection:
            for name, drop in (
                ("orders_customer", "DROP INDEX sales.orders_customer"),
                ("orders_pkey", "ALTER TABLE sales.orders DROP CONSTRAINT orders_pkey CASCADE"),
            ):
                hidden = frozenset({RelationName("sales", name)})
                queries = [sql for sql in QUERIES if "orders" in sql and "open_orders" not in sql]
                costs = await costs_of(clone, *(request(sql, hidden=hidden) for sql in queries))
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute(drop)
                for sql, cost in zip(queries, costs, strict=True):
                    plan = await explain(connection, sql)
                    assert shape_of(cost.plan) == shape_of(plan), sql
                    assert cost.total_cost == pytest.approx(plan.total_cost), sql
                await transaction.rollback()
            visible = await costs_of(clone, request("SELECT * FROM sales.orders WHERE customer_id = 12"))
            assert "orders_customer" in {index.name for index in indexes_used(visible[0].plan)}

    LOOP.run(main())


def test_parameters_are_planned_generic_and_with_their_values(clone: Clone) -> None:
    sql = "SELECT * FROM sales.orders WHERE status = $1"
    prepared = Prepared(fingerprint="f", sql=sql, parameter_types=("sales.order_status",))

    async def main() -> list[float]:
        answers = await costs_of(
            clone,
            CostRequest(prepared=prepared, values=ValueSet(name="generic", origin="generic")),
            CostRequest(prepared=prepared, values=ValueSet(name="common", origin="pg_stats", values=("done",))),
            CostRequest(prepared=prepared, values=ValueSet(name="rare", origin="pg_stats", values=("void",))),
        )
        return [answer.plan.root.plan_rows for answer in answers]

    generic, common, rare = LOOP.run(main())
    assert generic == 4000
    assert common > 4 * rare > 0


def test_answers_come_back_in_order_and_a_bad_statement_costs_no_other(clone: Clone) -> None:
    good = "SELECT * FROM sales.orders WHERE id = 1"
    bad = (
        "SELECT * FROM sales.nowhere",
        "SELECT 1; DROP TABLE sales.orders",
        "DROP TABLE sales.orders",
        "EXPLAIN SELECT 1",
    )

    async def main() -> None:
        await clone.create([candidate("orders", "total")])
        answers = await clone.costs([request(sql, candidate("orders", "total")) for sql in (good, *bad, good)])
        assert [isinstance(answer, str) for answer in answers] == [False, True, True, True, True, False]
        assert answers[1] == 'relation "sales.nowhere" does not exist'
        assert answers[0] == answers[5]
        sent = clone.planner_calls
        assert (await clone.costs([request(good, candidate("orders", "total"))]))[0] == answers[0]
        assert clone.planner_calls == sent

    LOOP.run(main())


def test_values_that_do_not_fit_are_not_repeated_in_the_reason(clone: Clone) -> None:
    prepared = Prepared(fingerprint="f", sql="SELECT * FROM sales.orders WHERE id = $1", parameter_types=("bigint",))
    values = ValueSet(name="common", origin="pg_stats", values=("secret of a customer",))

    async def main() -> list[Cost | str]:
        return await clone.costs([CostRequest(prepared=prepared, values=values)])

    assert LOOP.run(main()) == ["its values were refused (SQLSTATE 22P02)"]


def test_a_table_of_terabytes_takes_no_time_and_no_room(snapshot: Snapshot) -> None:
    blocks = 200_000_000
    relations = tuple(
        msgspec.structs.replace(r, pages=blocks, relpages=blocks, reltuples=2e10) if r.name == "orders" else r
        for r in snapshot.catalog.relations
    )
    huge = msgspec.structs.replace(snapshot, catalog=msgspec.structs.replace(snapshot.catalog, relations=relations))

    async def main() -> None:
        async with open_clone(huge) as clone:
            started = time.monotonic()
            index = candidate("orders", "total")
            size = (await clone.create([index]))[index]
            costs = await costs_of(clone, request("SELECT * FROM sales.orders WHERE total = 5", index))
            assert time.monotonic() - started < 2
            assert isinstance(size, int)
            assert size > 100 * 2**30
            assert costs[0].used == {index}
            folder = clone.data_dir / "base"
            assert sum(file.stat().st_size for file in folder.rglob("*")) > 1.5e12
            assert sum(file.stat().st_blocks * 512 for file in folder.rglob("*")) < 50e6

    asyncio.run(main())


def test_only_what_is_asked_for_and_what_it_needs_is_cloned(snapshot: Snapshot) -> None:
    wanted = frozenset({RelationName("sales", "open_orders"), RelationName("sales", "events_2")})

    async def main() -> tuple[list[str], list[Cost | str]]:
        async with open_clone(snapshot, relations=wanted) as clone:
            rows = await clone.connection.fetch(
                "SELECT relname FROM pg_class WHERE relnamespace = 'sales'::regnamespace AND relkind IN ('r', 'p', 'v')"
            )
            return sorted(row["relname"] for row in rows), await clone.costs(
                [request("SELECT * FROM sales.open_orders")]
            )

    names, costs = asyncio.run(main())
    assert names == ["customers", "events", "events_1", "events_2", "events_rest", "open_orders", "orders"]
    assert isinstance(costs[0], Cost)


def test_what_cannot_be_cloned_is_named_and_the_rest_is_there(snapshot: Snapshot) -> None:
    catalog = snapshot.catalog

    def odd(relation: object) -> object:
        if relation.name == "products":  # type: ignore[attr-defined]
            columns = tuple(
                msgspec.structs.replace(column, type="gis.geometry(Point,4326)") if column.name == "title" else column
                for column in relation.columns  # type: ignore[attr-defined]
            )
            return msgspec.structs.replace(relation, columns=columns)
        return relation

    changed = msgspec.structs.replace(
        catalog,
        relations=tuple(odd(relation) for relation in catalog.relations),
        indexes=tuple(
            msgspec.structs.replace(index, definition="CREATE INDEX nonsense") if index.name == "orders_open" else index
            for index in catalog.indexes
        ),
    )
    statistics = tuple(
        msgspec.structs.replace(row, most_common_vals="no array")
        if row.column == "country" and row.table == "customers"
        else row
        for row in snapshot.statistics
    )

    async def main() -> tuple[dict[str, str], list[Cost | str]]:
        async with open_clone(msgspec.structs.replace(snapshot, catalog=changed, statistics=statistics)) as clone:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            return lost, await clone.costs([request(sql) for sql in QUERIES])

    lost, costs = asyncio.run(main())
    assert lost["column sales.products.title"] == "stands as plain text in the clone"
    assert lost["index sales.orders_open"] == "syntax error at end of input"
    assert lost["statistics of sales.customers.country"] == "its values were refused by the clone"
    assert [cost for cost in costs if isinstance(cost, str)] == []


def test_nothing_is_left_of_a_clone(snapshot: Snapshot) -> None:
    seen: list[tuple[Path, int]] = []

    async def main() -> None:
        async with open_clone(snapshot) as clone:
            seen.append((clone.data_dir, await clone.connection.fetchval("SELECT pg_backend_pid()")))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        asyncio.run(main())
    folder, pid = seen[0]
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_candidate_that_cannot_be_is_refused_with_a_reason(clone: Clone) -> None:
    index = candidate("orders", "total")
    impossible = {
        candidate("nowhere", "a"): "there is no table sales.nowhere in the clone",
        candidate("open_orders", "id"): "sales.open_orders is not a table of this database",
        candidate("orders", "nothing"): 'column "nothing" does not exist',
        candidate("orders", "random()"): "functions in index expression must be marked IMMUTABLE",
        candidate(
            "orders", "id", predicate="true; DROP TABLE sales.orders"
        ): "not one expression: 'true; DROP TABLE sales.orders'",
    }

    async def main() -> dict[CandidateIndex, int | str]:
        sizes = await clone.create([*impossible, index])
        costs = await costs_of(clone, request("SELECT * FROM sales.orders WHERE total = 5", *impossible, index))
        assert costs[0].used == {index}
        return sizes

    sizes = LOOP.run(main())
    assert isinstance(sizes.pop(index), int)
    assert sizes == impossible


def test_foreign_tables_are_planned_as_local_ones_and_said_to_be(pg: Database) -> None:
    pg.execute(
        "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;"
        "CREATE FOREIGN TABLE elsewhere (a int) SERVER far"
    )

    async def main() -> None:
        snapshot = await snapshot_of(pg.dsn)
        assert [relation.kind for relation in snapshot.catalog.relations] == [RelationKind.FOREIGN]
        async with open_clone(snapshot) as clone:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            assert lost["foreign table public.elsewhere"] == "it is planned as a local table: its server is not asked"
            # the extension is of no use to a local table: that the clone does not have it is not told
            assert "extension postgres_fdw" not in lost
            await costs_of(clone, request("SELECT * FROM elsewhere WHERE a = 1"))

    asyncio.run(main())


@pytest.mark.parametrize("name", ["max_parallel_workers_per_gather", "parallel_leader_participation", "work_mem"])
def test_settings_that_plans_depend_on_are_the_sources_whatever_category_they_are_of(name: str, pg: Database) -> None:
    value = {"max_parallel_workers_per_gather": "0", "parallel_leader_participation": "off", "work_mem": "5MB"}[name]

    async def main() -> str:
        snapshot = await snapshot_of(pg.dsn)
        server = msgspec.structs.replace(snapshot.server, settings={**snapshot.server.settings, name: value})
        async with open_clone(msgspec.structs.replace(snapshot, server=server)) as clone:
            return str(await clone.connection.fetchval(f"SHOW {name}"))

    assert asyncio.run(main()) == value
