"""Captures the plans that rules are tried with: `python tests/plans/capture_rules.py DSN [DSN …]`.

Each DSN is a superuser's connection to a scratch server; a database `pgtune_rule_plans` is made there and dropped.
Files are named `<fault>.pg<major>.json` and hold what EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) printed.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

HERE = Path(__file__).resolve().parent
DATABASE = "pgtune_rule_plans"
SCHEMA = """
create table place (id bigint primary key, country text not null, city text not null, zip text not null, note text);
insert into place select i, 'C'||(i % 50) / 5, 'City '||i % 50, 'Z'||i % 50, repeat('x', 60)
  from generate_series(1, 60000) i;
create index place_city_idx on place (city);
create table fresh (id bigint primary key, payload text) with (autovacuum_enabled = false);
insert into fresh select i, 'x' from generate_series(1, 30000) i;
create table wide (id bigint primary key, bucket int not null, filler text not null);
insert into wide select i, i % 50, repeat('y', 200) from generate_series(1, 200000) i;
create index wide_bucket_idx on wide (bucket);
vacuum analyze place;
vacuum analyze wide;
analyze fresh;
"""
SERIAL = ("max_parallel_workers_per_gather = 0",)
PARALLEL = ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0")
SHAPES: dict[str, tuple[tuple[str, ...], str]] = {
    "rule_discarding_scan": (SERIAL, "select * from place where zip = 'Z27'"),
    "rule_discarding_scan_with_limit": (SERIAL, "select * from place where zip = 'Z27' limit 1"),
    "rule_keeping_scan": (SERIAL, "select * from place where zip <> 'Z27'"),
    "rule_underestimate": (
        SERIAL,
        "select * from place where country = 'C7' and city = 'City 37' and zip = 'Z37' and length(note) > 10",
    ),
    "rule_underestimate_below_a_join": (
        SERIAL,
        "select a.id, b.id from place a join place b on b.id = a.id + 1 "
        "where a.country = 'C1' and a.city = 'City 7' and a.zip = 'Z7' and length(a.note) > 10 limit 5000",
    ),
    "rule_lossy_bitmap": (
        (*SERIAL, "work_mem = '64kB'", "enable_seqscan = off"),
        "select count(filler) from wide where bucket in (1, 2, 3)",
    ),
    "rule_exact_bitmap": (
        (*SERIAL, "enable_seqscan = off"),
        "select count(filler) from wide where bucket in (1, 2, 3)",
    ),
    "rule_heap_fetches": (
        (*SERIAL, "enable_seqscan = off", "enable_bitmapscan = off"),
        "select count(id) from fresh where id > 100",
    ),
    "rule_no_heap_fetches": (
        (*SERIAL, "enable_seqscan = off", "enable_bitmapscan = off"),
        "select count(id) from place where id > 100",
    ),
    "rule_no_workers": (
        (*PARALLEL, "max_parallel_workers_per_gather = 2", "max_parallel_workers = 0"),
        "select count(*) from wide where length(filler) > 5",
    ),
    "rule_all_workers": (
        (*PARALLEL, "max_parallel_workers_per_gather = 2"),
        "select count(*) from wide where length(filler) > 5",
    ),
}


async def main(dsns: list[str]) -> None:
    for dsn in dsns:
        admin = await asyncpg.connect(dsn, statement_cache_size=0)
        await admin.execute(f"drop database if exists {DATABASE} with (force)")
        await admin.execute(f"create database {DATABASE}")
        try:
            await capture(dsn)
        finally:
            await admin.execute(f"drop database {DATABASE} with (force)")
            await admin.close()


async def capture(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, database=DATABASE, statement_cache_size=0)
    try:
        for statement in SCHEMA.split(";\n"):
            if statement.strip():
                await connection.execute(statement)
        major = connection.get_server_version().major
        for name, (settings, query) in SHAPES.items():
            async with connection.transaction():
                for setting in settings:
                    await connection.execute(f"set local {setting}")
                explain = f"explain (analyze, buffers, verbose, settings, format json) {query}"
                document = await connection.fetchval(explain)
            (HERE / f"{name}.pg{major}.json").write_text(document + "\n", encoding="utf-8")
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
