"""Databases as their owners would wish them: orders, reports, a queue, and pages of many tenants behind row security
with a log of events in partitions. Rules must have nothing to say of them.

`scale` 1 is a few hundred thousand rows each; the workload grows with its square root.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements", "max_connections": "60", "shared_buffers": "128MB",
    "random_page_cost": "1.1", "work_mem": "16MB", "track_io_timing": "on", "max_wal_size": "2GB",
    "autovacuum_naptime": "2147483",
}  # fmt: skip
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

ORDERS = """
create table customer (
    id bigint generated always as identity primary key, email text not null unique, name text not null,
    city text not null, created_at timestamptz not null default now());
create table product (
    id bigint generated always as identity primary key, name text not null, price numeric(10, 2) not null,
    stock int not null check (stock >= 0)) with (fillfactor = 80);
create table "order" (
    id bigint generated always as identity primary key, customer_id bigint not null references customer,
    status text not null, placed_at timestamptz not null, total numeric(12, 2) not null) with (fillfactor = 90);
create table order_line (
    order_id bigint not null references "order" on delete cascade, line int not null,
    product_id bigint not null references product, quantity int not null, price numeric(10, 2) not null,
    primary key (order_id, line));
create index order_customer_idx on "order" (customer_id, placed_at desc, id desc);
create index order_placed_idx on "order" (placed_at, id);
create index order_open_idx on "order" (placed_at) where status = 'open';
create index order_line_product_idx on order_line (product_id);
insert into customer (email, name, city, created_at)
  select 'c'||i||'@example.org', 'Customer '||i, 'City '||i % 300, timestamptz '2024-01-01' + i * interval '5 minutes'
  from generate_series(1, {customers}) i;
insert into product (name, price, stock) select 'Product '||i, 1 + i % 90, 1000000 from generate_series(1, 2000) i;
insert into "order" (customer_id, status, placed_at, total)
  select 1 + (i * 7919::bigint) % {customers}, case when i > {orders} - 400 then 'open' else 'shipped' end,
    timestamptz '2025-01-01' + i * interval '1 minute', 10 + i % 400 from generate_series(1, {orders}) i;
insert into order_line
  select 1 + i / 2, 1 + i % 2, 1 + (i * 31) % 2000, 1 + i % 4, 5 + i % 50 from generate_series(0, {orders} * 2 - 1) i;
"""
REPORTS = """
create table store (id int primary key, city text not null, region text not null);
create table item (id int primary key, name text not null, family text not null);
create table sale (
    sold_on date not null, store_id int not null, item_id int not null, quantity int not null,
    amount numeric(12, 2) not null, id bigint not null, primary key (sold_on, id)) partition by range (sold_on);
create index sale_day_store_idx on sale (sold_on, store_id);
insert into store select i, 'City '||i, 'Region '||i % 8 from generate_series(1, 200) i;
insert into item select i, 'Item '||i, 'Family '||i % 20 from generate_series(1, 3000) i;
"""
QUEUE = """
create table job (
    id bigint generated always as identity primary key, kind text not null, payload jsonb not null,
    state text not null default 'ready', run_at timestamptz not null, finished_at timestamptz)
  with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index job_ready_idx on job (run_at, id) where state = 'ready';
create index job_finished_idx on job (finished_at) where finished_at is not null;
insert into job (kind, payload, state, run_at, finished_at)
  select 'kind '||i % 12, jsonb_build_object('n', i, 'who', 'worker '||i % 40), 'done',
    timestamptz '2025-01-01' + i * interval '1 second', timestamptz '2025-01-01' + i * interval '1 second'
  from generate_series(1, {jobs}) i;
insert into job (kind, payload, run_at)
  select 'kind '||i % 12, jsonb_build_object('n', i, 'who', 'worker '||i % 40),
    timestamptz '2025-03-01' + i * interval '1 second'
  from generate_series(1, {ready}) i;
"""

TENANTS = """
create table tenant (id bigint generated always as identity primary key, name text not null unique);
create table member (
    id bigint generated always as identity primary key, tenant_id bigint not null references tenant,
    email text not null, joined_at timestamptz not null default now());
create unique index member_email_key on member (tenant_id, lower(email));
create table page (
    id bigint generated always as identity primary key, tenant_id bigint not null references tenant,
    parent_id bigint references page, author_id bigint not null references member, title text not null,
    body text not null, published_at timestamptz, updated_at timestamptz not null,
    search tsvector generated always as (to_tsvector('simple', title)) stored) with (fillfactor = 90);
create index page_children_idx on page (parent_id, title, id);
create index page_recent_idx on page (tenant_id, published_at desc, id desc) where published_at is not null;
create index page_author_idx on page (author_id);
create index page_search_idx on page using gin (search);
create table page_view (
    page_id bigint not null references page, day date not null, views int not null,
    primary key (page_id, day)) with (fillfactor = 60);
create table change (
    stream_id bigint not null, version int not null, tenant_id bigint not null, made_at timestamptz not null,
    kind text not null, payload jsonb not null,
    primary key (stream_id, version, made_at)) partition by range (made_at);
create index change_tenant_idx on change (tenant_id, made_at desc);
create table change_2025_h1 partition of change for values from ('2025-01-01') to ('2025-07-01');
create table change_2025_h2 partition of change for values from ('2025-07-01') to ('2026-01-01');
create table change_2026_h1 partition of change for values from ('2026-01-01') to ('2026-07-01');
insert into tenant (name) select 'Tenant '||i from generate_series(1, 200) i;
insert into member (tenant_id, email)
  select 1 + i % 200, 'm'||i||'@example.org' from generate_series(1, {members}) i;
insert into page (tenant_id, parent_id, author_id, title, body, published_at, updated_at)
  select 1 + i % 200, case when i > 2000 then i - 200 * (1 + i % 9) end, 1 + (i * 7919::bigint) % {members},
    'Page '||i||' of '||i % 97, repeat(md5(i::text), 12),
    case when (i / 200) % 5 > 0 then timestamptz '2025-01-01' + i * interval '3 minutes' end,
    timestamptz '2025-01-01' + i * interval '3 minutes' from generate_series(1, {pages}) i;
insert into page_view select i, date '2025-12-01', i % 40 from generate_series(1, {pages}, 3) i;
insert into change
  select 1 + i % {pages}, 1 + i / {pages}, 1 + i % 200,
    timestamptz '2025-01-01' + i * interval '1 second' * (31536000 / {changes}), 'edited',
    jsonb_build_object('field', 'title', 'n', i) from generate_series(0, {changes} - 1) i;
alter table page enable row level security;
create policy page_of_tenant on page using (tenant_id = current_setting('app.tenant')::bigint);
create role {role};
grant select, insert, update on all tables in schema public to {role};
grant usage on all sequences in schema public to {role};
"""


async def tenants(session: asyncpg.Connection, scale: float, work: Callable[[int], int]) -> None:
    members, pages, changes = int(40_000 * scale), int(120_000 * scale), int(400_000 * scale)
    role = f"site_{await session.fetchval('select current_database()')}"
    await _run(session, TENANTS.format(members=members, pages=pages, changes=changes, role=role))
    await _settle(session)
    await session.execute(f"set role {role}")
    for number in range(work(900)):
        tenant = 1 + number * 7 % 200
        async with session.transaction():
            await session.execute("select set_config('app.tenant', $1, true)", str(tenant))
            await _browse(session, tenant, number, members, pages)
    await session.execute("reset role")


async def _browse(session: asyncpg.Connection, tenant: int, number: int, members: int, pages: int) -> None:
    await session.fetch(
        "select id from member where tenant_id = $1 and lower(email) = lower($2)",
        tenant, f"m{tenant - 1 + 200 * (number % (members // 200))}@example.org")  # fmt: skip
    recent = await session.fetch(
        "select id, title, published_at from page where tenant_id = $1 and published_at is not null"
        " order by published_at desc, id desc limit 20", tenant)  # fmt: skip
    await session.fetch(
        "select id, title, published_at from page where tenant_id = $1 and published_at is not null"
        " and (published_at, id) < ($2, $3) order by published_at desc, id desc limit 20",
        tenant, recent[-1]["published_at"], recent[-1]["id"])  # fmt: skip
    one = recent[number % len(recent)]["id"]
    await session.fetchrow("select title, body, author_id from page where id = $1", one)
    await session.fetch("select id, title from page where parent_id = $1 order by title, id", one)
    await session.fetch(
        "with recursive up as (select id, parent_id, title, 1 as depth from page where id = $1 union all"
        " select p.id, p.parent_id, p.title, up.depth + 1 from up join page p on p.id = up.parent_id"
        " where up.depth < 30) select id, title from up order by depth desc", one)  # fmt: skip
    await session.execute(
        "insert into page_view (page_id, day, views) values ($1, $2, 1)"
        " on conflict (page_id, day) do update set views = page_view.views + 1", one, date(2026, 1, 1))  # fmt: skip
    if number % 5 == 0:
        await session.fetch(
            "select id, title from page where search @@ plainto_tsquery('simple', $1) and tenant_id = $2"
            " order by id limit 20", f"page {tenant - 1 + 200 * (number % (pages // 200))}", tenant)  # fmt: skip
        await session.execute("update page set title = $2, updated_at = $3 where id = $1",
                              one, f"Title {number}", datetime(2026, 1, 2, tzinfo=UTC))  # fmt: skip
        await session.execute(
            "insert into change (stream_id, version, tenant_id, made_at, kind, payload)"
            " values ($1, $2, $3, $4, 'edited', $5)",
            one, 1000 + number, tenant, datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=number), '{"n": 1}',
        )  # fmt: skip
        await session.fetch(
            "select stream_id, kind, made_at from change where tenant_id = $1 and made_at >= $2"
            " order by made_at desc limit 50", tenant, datetime(2025, 12, 20, tzinfo=UTC))  # fmt: skip


async def orders(session: asyncpg.Connection, scale: float, work: Callable[[int], int]) -> None:
    customers, count = int(100_000 * scale), int(300_000 * scale)
    await _run(session, ORDERS.format(customers=customers, orders=count))
    await _settle(session)
    for number in range(work(1200)):
        customer = 1 + number * 13 % customers
        await session.fetch("select id, name, city from customer where id = $1", customer)
        await session.fetch("select id from customer where email = $1", f"c{customer}@example.org")
        page = await session.fetch(
            'select id, status, placed_at, total from "order" where customer_id = $1'
            " order by placed_at desc, id desc limit 10", customer)  # fmt: skip
        if page:
            await session.fetch(
                "select l.line, l.quantity, l.price, p.name from order_line l join product p on p.id = l.product_id"
                " where l.order_id = $1 order by l.line", page[0]["id"])  # fmt: skip
            await session.fetch(
                'select id, total from "order" where (placed_at, id) > ($1, $2) order by placed_at, id limit 20',
                page[0]["placed_at"], page[0]["id"])  # fmt: skip
        if number % 4 == 0:
            await _buy(session, customer, number)
    for _ in range(work(60)):
        await session.fetch("select id, customer_id from \"order\" where status = 'open' order by placed_at limit 50")


async def _buy(session: asyncpg.Connection, customer: int, number: int) -> None:
    async with session.transaction():
        made = await session.fetchval(
            'insert into "order" (customer_id, status, placed_at, total) values ($1, $2, $3, $4) returning id',
            customer, "paid", BEGIN + timedelta(days=300, seconds=number), 20)  # fmt: skip
        products = [1 + number % 2000, 1 + (number + 7) % 2000]
        await session.execute(
            "insert into order_line select $1, l.line, l.product, 1, 10"
            " from unnest($2::int[], $3::bigint[]) as l (line, product)", made, [1, 2], products)  # fmt: skip
        await session.execute("update product set stock = stock - 1 where id = any ($1::bigint[])", products)


async def reports(session: asyncpg.Connection, scale: float, work: Callable[[int], int]) -> None:
    await _run(session, REPORTS)
    count = int(500_000 * scale)
    for month in range(12):
        first, last = date(2025, month + 1, 1), date(2025 + month // 11, (month + 1) % 12 + 1, 1)
        await session.execute(
            f"create table sale_{month + 1:02} partition of sale"
            f" for values from ('{first}') to ('{last}')")  # fmt: skip
    await session.execute(
        "insert into sale select date '2025-01-01' + (i * 365::bigint / $1)::int, 1 + i % 200, 1 + (i * 17) % 3000,"
        " 1 + i % 5, 1 + i % 90, i from generate_series(0, $1 - 1) i", count)  # fmt: skip
    await _settle(session)
    for number in range(work(24)):
        first = date(2025, 1 + number % 12, 1)
        await session.fetch(
            "select s.region, sum(f.amount) from sale f join store s on s.id = f.store_id"
            " where f.sold_on >= $1 and f.sold_on < $2 group by s.region order by s.region",
            first, first + timedelta(days=28))  # fmt: skip
        await session.fetch(
            "select i.family, sum(f.quantity) from sale f join item i on i.id = f.item_id"
            " where f.sold_on >= $1 and f.sold_on < $2 group by i.family order by 2 desc, 1",
            first, first + timedelta(days=7))  # fmt: skip
        await session.fetch(
            "select sold_on, sum(amount) from sale where sold_on = $1 and store_id = $2 group by sold_on",
            first + timedelta(days=3), 1 + number)  # fmt: skip


async def queue(session: asyncpg.Connection, scale: float, work: Callable[[int], int]) -> None:
    await _run(session, QUEUE.format(jobs=int(200_000 * scale), ready=work(3000)))
    await _settle(session)
    for number in range(work(2400)):
        async with session.transaction():
            job = await session.fetchrow(
                "select id, kind, payload from job where state = 'ready' and run_at <= $1"
                " order by run_at, id limit 1 for update skip locked", datetime(2026, 1, 1, tzinfo=UTC))  # fmt: skip
            assert job is not None
            await session.execute(
                "update job set state = 'done', finished_at = $2 where id = $1", job["id"],
                datetime(2025, 6, 1, tzinfo=UTC) + timedelta(seconds=number))  # fmt: skip
        if number % 3 == 0:
            await session.execute(
                "insert into job (kind, payload, run_at)"
                " select k, p, $3 from unnest($1::text[], $2::jsonb[]) as j (k, p)",
                ["mail", "mail"], ['{"n": 1}', '{"n": 2}'], datetime(2025, 4, 1, tzinfo=UTC))  # fmt: skip
        if number % 400 == 399:
            await session.execute("delete from job where finished_at < $1", BEGIN + timedelta(seconds=number * 4))


DATABASES: dict[str, Callable[[asyncpg.Connection, float, Callable[[int], int]], Awaitable[None]]] = {
    "orders": orders, "reports": reports, "queue": queue, "tenants": tenants,
}  # fmt: skip


async def build(dsn_for: Callable[[str], str], database: str, name: str, scale: float) -> None:
    """Load it, vacuum it, let its application work for a while, and vacuum it as autovacuum would."""
    session = await asyncpg.connect(dsn_for(database), statement_cache_size=200)
    await session.execute("create extension if not exists pg_stat_statements")
    await DATABASES[name](session, scale, lambda calls: max(int(calls * math.sqrt(scale)), 4))
    await session.close()
    session = await asyncpg.connect(dsn_for(database), statement_cache_size=0)
    await session.execute("vacuum analyze")
    await session.close()


async def _run(session: asyncpg.Connection, script: str) -> None:
    for statement in _statements(script):
        await session.execute(statement)


def _statements(script: str) -> Sequence[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]


async def _settle(session: asyncpg.Connection) -> None:
    """The load is not the workload."""
    await session.execute("vacuum analyze")
    await session.execute("select pg_stat_statements_reset()")
