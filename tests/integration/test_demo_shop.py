"""The shop and its workload on a real server, small."""

import asyncio
from typing import Any

import pytest
from support.database import Database

from pgtune_cli.collect.connection import Connection, PostgresError, connect
from pgtune_cli.demo.shop import load_shop
from pgtune_cli.demo.workload import STATEMENTS, calls_at, run_workload

pytestmark = pytest.mark.pg
SCALE = 0.02
SAME_CUSTOMERS = [("olivia.wilson1@mail.example", "FR", "retail"), ("james.johnson500@example.com", "PL", "retail")]

_TEXTS = """
    select r.rolname as role, sum(s.calls)::int as calls, count(*)::int as texts
    from pg_stat_statements s
    join pg_database d on d.oid = s.dbid join pg_roles r on r.oid = s.userid
    where d.datname = current_database() and s.query !~* '^(set|reset) '
    group by 1 order by 1
"""
_UNUSED = """
    select indexrelname from pg_stat_user_indexes join pg_index using (indexrelid)
    where idx_scan = 0 and not indisunique and indexrelname !~ '_id$'
    order by 1
"""


async def fill(pg: Database) -> None:
    async def superuser() -> Connection:
        return await connect(pg.dsn, read_only=False)

    connection = await superuser()
    await load_shop(connection, SCALE)
    await connection.close()
    await run_workload(superuser, SCALE)


@pytest.fixture(scope="module")
def shop(pg_module: Database) -> Database:
    asyncio.run(fill(pg_module))
    return pg_module


def column(rows: list[Any]) -> list[Any]:
    return [row[0] for row in rows]


def test_the_tables_have_their_share_of_two_million_rows(shop: Database) -> None:
    counted = {
        name: shop.fetch(f"select count(*) from {name}")[0][0]
        for name in ("addresses", "categories", "events", "orders", "reviews")
    }
    assert counted == {
        "addresses": 3000 - calls_at(SCALE, 90),  # those of the deleted customers went with them
        "categories": 64,
        "events": 5000 + calls_at(SCALE, 600),
        "orders": 6000 + calls_at(SCALE, 240) - calls_at(SCALE, 60),
        "reviews": 2400 + calls_at(SCALE, 60),
    }


def test_the_rows_are_the_same_every_time(shop: Database) -> None:
    rows = shop.fetch("select email, country, segment from customers where id in (1, 500) order by id")
    assert [tuple(row) for row in rows] == SAME_CUSTOMERS


def test_customers_live_where_their_city_lies(shop: Database) -> None:
    assert shop.fetch("select city from addresses group by city having count(distinct (country, region)) > 1") == []


def test_every_order_costs_what_its_lines_cost(shop: Database) -> None:
    assert (
        column(
            shop.fetch(
                "select id from orders o where id <= 6000 and total <> shipping_cost + "
                "(select sum(quantity * unit_price) from order_items where order_id = o.id and line_no < 7)"
            )
        )
        == []
    )


def test_each_statement_was_counted_under_its_role_as_often_as_it_is_called(shop: Database) -> None:
    calls = {"shop_app": 0, "shop_analyst": 0}
    for statement in STATEMENTS:
        calls[statement.role] += calls_at(SCALE, statement.calls)
    rows = {row["role"]: row for row in shop.fetch(_TEXTS)}
    assert {role: rows[role]["calls"] for role in calls} == calls
    assert sum(rows[role]["texts"] for role in calls) == len(STATEMENTS) - 1  # two share one
    assert set(rows) - set(calls) <= {"postgres"}  # the test's own


def test_only_the_planted_indexes_are_unused(shop: Database) -> None:
    assert column(shop.fetch(_UNUSED)) == ["ix_orders_currency"]


def test_the_audit_log_alone_has_stale_statistics(shop: Database) -> None:
    rows = shop.fetch("select relname from pg_stat_user_tables where n_mod_since_analyze > n_live_tup / 2 order by 1")
    assert column(rows) == ["audit_log"]


def test_pgtune_reads_the_shop_and_cannot_write_to_it(shop: Database) -> None:
    async def main() -> tuple[int, str, bool]:
        reader = await connect(shop.dsn_as("pgtune_reader"), read_only=False)
        try:
            orders = await reader.fetchval("select count(*) from orders")
            read_only = await reader.fetchval("show transaction_read_only")
            texts = await reader.fetchval("select bool_and(query !~ 'insufficient') from pg_stat_statements")
            await reader.execute("set default_transaction_read_only = off")
            with pytest.raises(PostgresError, match="permission denied for table orders"):
                await reader.execute("delete from orders")
            return orders, read_only, texts
        finally:
            await reader.close()

    orders, read_only, texts = asyncio.run(main())
    assert (orders > 6000, read_only, texts) == (True, "on", True)


def test_the_load_does_not_count_as_usage(shop: Database) -> None:
    inserted = shop.fetch("select n_tup_ins from pg_stat_user_tables where relname = 'orders'")[0][0]
    assert inserted == calls_at(SCALE, 240)


@pytest.mark.majors(13, 15)
def test_the_shop_opens_on_older_servers(pg: Database) -> None:
    asyncio.run(fill(pg))
    rows = pg.fetch("select email, country, segment from customers where id in (1, 500) order by id")
    assert [tuple(row) for row in rows] == SAME_CUSTOMERS
    assert len(pg.fetch(_TEXTS)) >= 2
