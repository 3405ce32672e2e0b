"""A database and a test run against it, with regressions to plant: what the gate's tests and its benchmark work on."""

import asyncio
import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg

SCHEMA = """
CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL, city text NOT NULL, note text NOT NULL DEFAULT '');
CREATE TABLE orders (
    id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, status text NOT NULL, total numeric NOT NULL,
    placed_at timestamptz NOT NULL, country text NOT NULL, zip text NOT NULL
) WITH (fillfactor = 80);
CREATE TABLE item (
    id int PRIMARY KEY, order_id int NOT NULL, product_id int NOT NULL, quantity int NOT NULL, price numeric NOT NULL
);
CREATE TABLE visit (day date NOT NULL, customer_id int NOT NULL, path text NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE job (id bigserial PRIMARY KEY, done boolean NOT NULL DEFAULT false, body text NOT NULL);
CREATE INDEX customer_email ON customer (email);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_placed ON orders (placed_at, id);
CREATE INDEX item_order ON item (order_id);
CREATE FUNCTION label(int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN ''customer '' || $1; END';
CREATE STATISTICS orders_place (dependencies, mcv) ON country, zip FROM orders;
"""
PARTITIONS = "".join(
    f"CREATE TABLE visit_{month:02} PARTITION OF visit "
    f"FOR VALUES FROM ('2026-{month:02}-01') TO ('{2026 + month // 12}-{month % 12 + 1:02}-01');"
    for month in range(1, 13)
)
ROWS = """
INSERT INTO customer SELECT i, 'c' || i || '@example.com', 'city ' || i % 90, repeat('x', 80)
FROM generate_series(1, {customers}) AS i;
INSERT INTO orders SELECT i, 1 + (i * 7919) % {customers}, CASE i % 20 WHEN 0 THEN 'open' ELSE 'paid' END, i % 500,
    timestamptz '2026-01-01' + i * interval '5 minutes', 'c' || i % 40, 'z' || i % 40
FROM generate_series(1, {orders}) AS i;
INSERT INTO item SELECT i, 1 + i % {orders}, 1 + (i * 31) % 700, 1 + i % 5, i % 90
FROM generate_series(1, {orders} * 2) AS i;
INSERT INTO visit SELECT date '2026-01-01' + (i % 360), 1 + (i * 13) % {customers}, '/p/' || i % 300
FROM generate_series(1, {orders}) AS i;
INSERT INTO job (body) SELECT 'job ' || i FROM generate_series(1, 2000) AS i;
ANALYZE;
"""


@dataclass
class Application:
    """What the test suite sends. A regression replaces one of its texts, or how often it is sent."""

    by_email: str = "SELECT id, city FROM customer WHERE email = $1"
    of_customer: str = "SELECT id, total FROM orders WHERE customer_id = $1 ORDER BY id"
    latest: str = "SELECT id, status FROM orders ORDER BY placed_at DESC, id DESC LIMIT 20"
    items: str = "SELECT i.product_id, i.price FROM item i JOIN orders o ON o.id = i.order_id WHERE o.customer_id = $1"
    in_place: str = "SELECT count(*) FROM orders o JOIN item i ON i.order_id = o.id WHERE o.country = $1 AND o.zip = $2"
    per_city: str = "SELECT c.city, sum(o.total) FROM customer c JOIN orders o ON o.customer_id = c.id GROUP BY c.city"
    sorted_items: str = "SELECT id, price FROM item WHERE quantity >= $1 ORDER BY price, id"
    of_day: str = "SELECT path, count(*) FROM visit WHERE day = $1 AND customer_id < $2 GROUP BY path"
    paid: str = "UPDATE orders SET total = total + 1, status = $2 WHERE id = $1"
    take: str = "DELETE FROM job WHERE id = (SELECT id FROM job WHERE NOT done ORDER BY id LIMIT 1)"
    add: str = "INSERT INTO job (body) VALUES ($1)"
    count_paid: str = "SELECT count(*) FROM orders WHERE customer_id BETWEEN $1 AND $1 + 1"
    labels: str = "SELECT label(id) FROM customer WHERE id = $1"
    one_order: str = "SELECT * FROM orders WHERE id = $1"
    order_lookups: int = 40
    settings: dict[str, str] = field(default_factory=dict)

    async def run(self, dsn: str, seed: int = 1) -> None:
        """One run on a connection of its own: the same calls with the same values for the same seed."""
        chance = random.Random(seed)
        connection = await asyncpg.connect(dsn, statement_cache_size=0)
        try:
            for name, value in self.settings.items():
                await connection.execute(f"SET {name} = '{value}'")
            for _ in range(30):
                await self._page(connection, chance)
            for _ in range(self.order_lookups):
                await connection.fetch(self.one_order, chance.randint(1, 5000))
            for _ in range(3):
                await connection.fetch(self.per_city)
                await connection.fetch(self.sorted_items, chance.randint(1, 2))
        finally:
            await connection.close()

    async def _page(self, connection: Any, chance: random.Random) -> None:
        customer = chance.randint(1, 900)
        await connection.fetch(self.by_email, f"c{customer}@example.com")
        await connection.fetch(self.of_customer, customer)
        await connection.fetch(self.latest)
        await connection.fetch(self.items, customer)
        place = chance.randint(0, 39)
        await connection.fetch(self.in_place, f"c{place}", f"z{place}")
        day = chance.randint(0, 300)
        values = (asyncpg_date(day), 200) if "day = $1" in self.of_day else (200,)
        await connection.fetch(self.of_day, *values)
        await connection.fetch(self.paid, chance.randint(1, 5000), chance.choice(["open", "paid", "sent"]))
        await connection.fetch(self.add, "job")
        await connection.fetch(self.take)
        await connection.fetch(self.count_paid, customer)
        await connection.fetch(self.labels, customer)


def asyncpg_date(day: int) -> Any:
    from datetime import date, timedelta

    return date(2026, 1, 1) + timedelta(days=day)


@dataclass(frozen=True)
class Regression:
    """DDL that breaks and mends, a change of the application, and how the gate must name it."""

    name: str
    statement: str
    """a part of the text that must fail"""
    cause: str
    """a part of a reason or a cause that must be told"""
    broken: str = ""
    mended: str = ""
    change: Callable[[Application], None] = lambda application: None


def _set(**values: Any) -> Callable[[Application], None]:
    def change(application: Application) -> None:
        for name, value in values.items():
            setattr(application, name, value)

    return change


REGRESSIONS = (
    Regression(
        "an index is dropped", "WHERE email = $1", "customer_email", "DROP INDEX customer_email",
        "CREATE INDEX customer_email ON customer (email)",
    ),
    Regression(
        "a predicate is wrapped in a function", "lower(email)", "its text changed",
        change=_set(by_email="SELECT id, city FROM customer WHERE lower(email) = $1"),
    ),
    Regression("N+1", "FROM orders WHERE id = $1", "calls", change=_set(order_lookups=800)),
    Regression(
        "a column's type no longer fits its index", "FROM item i JOIN orders", "was integer, is text",
        "ALTER TABLE item ALTER order_id TYPE text; ANALYZE item",
        "ALTER TABLE item ALTER order_id TYPE int USING order_id::int; ANALYZE item",
        change=_set(
            items="SELECT i.product_id, i.price FROM item i JOIN orders o ON o.id = i.order_id::int "
            "WHERE o.customer_id = $1",
            in_place="SELECT count(*) FROM orders o JOIN item i ON i.order_id::int = o.id "
            "WHERE o.country = $1 AND o.zip = $2",
        ),
    ),
    Regression(
        "a page is reached by OFFSET", "OFFSET", "its text changed",
        change=_set(latest="SELECT id, status FROM orders ORDER BY placed_at DESC, id DESC LIMIT 20 OFFSET 15000"),
    ),
    Regression(
        "extended statistics are dropped", "o.country = $1", "orders_place",
        "DROP STATISTICS orders_place; ANALYZE orders",
        "CREATE STATISTICS orders_place (dependencies, mcv) ON country, zip FROM orders; ANALYZE orders",
    ),
    Regression(
        "work_mem is lowered", "ORDER BY price, id", "temp blocks per call", change=_set(settings={"work_mem": "64kB"})
    ),
    Regression(
        "a predicate is lost", "FROM orders", "rows per call",
        change=_set(of_customer="SELECT id, total FROM orders WHERE customer_id >= $1 ORDER BY id"),
    ),
    Regression(
        "hash joins are off", "c.city, sum", "blocks per call",
        change=_set(settings={"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off"}),
    ),
    Regression(
        "an index is added on an updated column", "UPDATE orders SET total", "orders_total",
        "CREATE INDEX orders_total ON orders (total)", "DROP INDEX orders_total",
    ),
    Regression(
        "the partition key is no longer filtered", "FROM visit", "the plan reads",
        change=_set(of_day="SELECT path, count(*) FROM visit WHERE customer_id < $1 GROUP BY path"),
    ),
    Regression(
        "ten times slower by a function", "FROM customer WHERE email", "threshold",
        "CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(0.12); RETURN $1; END'",
        "DROP FUNCTION slowly(text)",
        change=_set(by_email="SELECT id, slowly(city) FROM customer WHERE email = $1"),
    ),
    Regression(
        "a function got slower behind an unchanged text", "label(id)", "function public.label(integer) was changed",
        "CREATE OR REPLACE FUNCTION label(int) RETURNS text LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(0.005); RETURN ''customer '' || $1; END'",
        "CREATE OR REPLACE FUNCTION label(int) RETURNS text LANGUAGE plpgsql AS "
        "'BEGIN RETURN ''customer '' || $1; END'",
    ),
    Regression(
        "a wider predicate", "BETWEEN $1 AND $1 + $2", "blocks per call",
        change=_set(count_paid="SELECT count(*) FROM orders WHERE customer_id BETWEEN $1 AND $1 + 900"),
    ),
)  # fmt: skip


def load(execute: Callable[[str], Any], customers: int = 1000, orders: int = 20_000) -> None:
    execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    execute(SCHEMA + PARTITIONS)
    execute(ROWS.format(customers=customers, orders=orders))
    for table in ("customer", "orders", "item", "job"):
        execute(f"VACUUM ANALYZE {table}")


def run(dsn: str, application: Application, seed: int = 1) -> None:
    asyncio.run(application.run(dsn, seed))


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """A machine whose cores are taken."""
    with contextlib.ExitStack() as stack:
        for _ in range(processes):
            hog = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(hog.kill)
        yield
