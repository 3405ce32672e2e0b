"""Captures the plans of this folder from real servers: `python tests/plans/capture.py DSN [DSN …]`.

Each DSN is a superuser's connection to a scratch server; a database `pgtune_plans` is made there and dropped.
Files are named `<shape>.pg<major>.json` and hold what EXPLAIN (…, FORMAT JSON) printed.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

HERE = Path(__file__).resolve().parent
DATABASE = "pgtune_plans"
SCHEMA = """
create table customer (id bigint primary key, email text not null, name text, city text, active boolean not null);
create table orders (id bigint primary key, customer_id bigint not null references customer, status text not null,
                     total numeric(10,2) not null, placed_at timestamptz not null, note text);
create index orders_customer_id_idx on orders (customer_id);
create index orders_placed_at_idx on orders (placed_at);
create table event (id bigint, at date not null, kind text) partition by range (at);
create table event_1 partition of event for values from ('2024-01-01') to ('2024-07-01');
create table event_2 partition of event for values from ('2024-07-01') to ('2025-01-01');
insert into customer select i, 'user'||i||'@example.com', 'Name '||i, 'City '||(i % 50), i % 10 <> 0
  from generate_series(1, 2000) i;
insert into orders select i, 1 + (i * 7) % 2000, case when i % 100 = 0 then 'pending' else 'done' end, (i % 500) + 0.5,
  timestamptz '2024-01-01 00:00+00' + i * interval '10 minutes', repeat('x', i % 80) from generate_series(1, 40000) i;
insert into event select i, date '2024-01-01' + (i % 360), 'kind '||(i % 7) from generate_series(1, 5000) i;
analyze;
"""
ANALYZE = "analyze, buffers, verbose, settings"
NO_PARALLEL = ("max_parallel_workers_per_gather = 0",)
PARALLEL = (
    "parallel_setup_cost = 0",
    "parallel_tuple_cost = 0",
    "min_parallel_table_scan_size = 0",
    "min_parallel_index_scan_size = 0",
    "max_parallel_workers_per_gather = 2",
)
SHAPES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "seq_scan_filter": (ANALYZE, NO_PARALLEL, "select * from orders where note = 'it''s secret' and total > 12.5"),
    "costs_only": ("verbose", NO_PARALLEL, "select * from orders where status = 'pending'"),
    "not_verbose": ("analyze, buffers", NO_PARALLEL, "select * from orders where customer_id = 77"),
    "no_timing": (ANALYZE + ", timing off", NO_PARALLEL, "select count(*) from orders where status = 'pending'"),
    "index_scan": (ANALYZE, NO_PARALLEL, "select * from orders where id = 4711"),
    "index_only_scan": (ANALYZE, NO_PARALLEL, "select placed_at from orders where placed_at < '2024-01-03'"),
    "bitmap_or": (
        ANALYZE,
        NO_PARALLEL,
        "select * from orders where customer_id in (5, 9) or placed_at between '2024-02-01' and '2024-02-02'",
    ),
    "nested_loop_inner_index": (
        ANALYZE,
        NO_PARALLEL,
        "select o.id, email from customer c join orders o on customer_id = c.id where c.city = 'City 7' and c.id < 99",
    ),
    "memoize": (
        ANALYZE,
        (*NO_PARALLEL, "enable_hashjoin = off", "enable_mergejoin = off"),
        "select count(email) from orders o join customer c on c.id = o.customer_id where o.id < 9000",
    ),
    "merge_join": (
        ANALYZE,
        (*NO_PARALLEL, "enable_hashjoin = off", "enable_nestloop = off"),
        "select count(*) from customer c join orders o on o.customer_id = c.id where c.id < 900",
    ),
    "hash_join_batches": (
        ANALYZE,
        (*NO_PARALLEL, "work_mem = '64kB'", "enable_mergejoin = off"),
        "select count(*) from orders a join orders b on a.id = b.id and a.total < b.total + 1",
    ),
    "sort_spill": (ANALYZE, (*NO_PARALLEL, "work_mem = '64kB'"), "select * from orders order by note, total"),
    "limit_top_n": (ANALYZE, NO_PARALLEL, "select * from orders order by total desc limit 10 offset 30"),
    "parallel_aggregate": (ANALYZE, PARALLEL, "select status, count(*) from orders where total > 3 group by status"),
    "parallel_in_a_loop": (
        ANALYZE,
        (*PARALLEL, "enable_hashjoin = off", "enable_mergejoin = off", "enable_material = off"),
        "select v.x, o.id from (values (1), (2), (3)) v(x) left join orders o on o.total > 498 + v.x",
    ),
    "initplan": (
        ANALYZE,
        NO_PARALLEL,
        "select * from orders where total > (select avg(total) * 1.9 from orders where status = 'done')",
    ),
    "initplan_in_parallel": (
        ANALYZE,
        PARALLEL,
        "select count(*) from orders where total > (select avg(total) from customer c join orders o on o.id = c.id)",
    ),
    "subplan_correlated": (
        ANALYZE,
        NO_PARALLEL,
        "select c.id, (select max(o.total) from orders o where o.customer_id = c.id) from customer c where c.id < 50",
    ),
    "subplan_hashed": (
        ANALYZE,
        NO_PARALLEL,
        "select count(*) from orders where customer_id not in (select id from customer where city = 'City 3')",
    ),
    "exists_semi_join": (
        ANALYZE,
        NO_PARALLEL,
        "select * from customer c where c.id < 30 and exists (select 1 from orders o where o.customer_id = c.id)",
    ),
    "cte_read_twice": (
        ANALYZE,
        NO_PARALLEL,
        "with big as materialized (select customer_id, sum(total) s from orders group by 1)"
        " select * from big a join big b on a.customer_id = b.customer_id where a.s > 100",
    ),
    "recursive_cte": (
        ANALYZE,
        NO_PARALLEL,
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 50) select sum(n) from t",
    ),
    "append_partitions": (ANALYZE, NO_PARALLEL, "select kind, count(*) from event where at > '2024-03-01' group by 1"),
    "window_run_condition": (
        ANALYZE,
        NO_PARALLEL,
        "select * from (select id, row_number() over (order by placed_at) r from orders) x where r < 6",
    ),
    "function_and_values": (
        ANALYZE,
        NO_PARALLEL,
        "select * from generate_series(10, 30) g(n) join (values (11, 'eleven'), (12, 'twelve')) v(n, word) using (n)",
    ),
    "never_executed": (
        ANALYZE,
        (*NO_PARALLEL, "enable_mergejoin = off", "enable_hashjoin = off"),
        "select * from customer c join orders o on o.customer_id = c.id where c.email = 'nobody@example.com'",
    ),
    "disabled_seq_scan": (ANALYZE, (*NO_PARALLEL, "enable_seqscan = off"), "select * from customer where city = 'x'"),
    "jit": (ANALYZE, (*NO_PARALLEL, "jit = on", "jit_above_cost = 0"), "select sum(total * 2) from orders"),
    "jsonb_and_arrays": (
        ANALYZE,
        NO_PARALLEL,
        """select * from (select id, jsonb_build_object('k', note, 'n', 5) j, array[id, 3] a from orders offset 0) x
           where j @> '{"k": "xxx"}' and a && '{5,7}' and (j ->> 'secret key') is null""",
    ),
    "hostile_names": (
        ANALYZE,
        NO_PARALLEL,
        """select "it's; --" as "sel ""x", '1' as b from (select 'quoted ''value' as "it's; --", random() r) "a 'b"
           where "it's; --" <> 'x' and r < 2""",
    ),
}


async def capture(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"drop database if exists {DATABASE}")
    await admin.execute(f"create database {DATABASE}")
    connection = await asyncpg.connect(dsn, database=DATABASE, statement_cache_size=0)
    try:
        await connection.execute(SCHEMA)
        await connection.execute("vacuum orders")
        major = connection.get_server_version().major
        for name, (options, settings, query) in SHAPES.items():
            transaction = connection.transaction()
            await transaction.start()
            for setting in settings:
                await connection.execute(f"set local {setting}")
            plan = await connection.fetchval(f"explain ({options}, format json) {query}")
            await transaction.rollback()
            (HERE / f"{name}.pg{major}.json").write_text(f"{plan}\n", encoding="utf-8")
    finally:
        await connection.close()
        await admin.execute(f"drop database {DATABASE}")
        await admin.close()


async def main(dsns: list[str]) -> None:
    for dsn in dsns:
        await capture(dsn)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
