"""Captures the plans that rules are tried with: `python tests/plans/capture_rules.py DSN [DSN …]`.

Each DSN is a superuser's connection to a scratch server; a database `pgtune_rule_plans` is made there and dropped.
Files are named `<fault>.pg<major>.json` and hold what EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) printed.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.snapshot_file import save

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
create table buyer (id bigint primary key, country int not null, name text not null);
insert into buyer select i, i % 20, repeat('n', 80) from generate_series(1, 20000) i;
create table bill (id bigint primary key, buyer_id bigint not null, paid bool not null, note text not null, old int);
insert into bill select i, 1 + (i * 7919) % 20000, i > 59990, repeat('b', 100), 1 from generate_series(1, 60000) i;
create index bill_buyer_idx on bill (buyer_id);
create table parent (id bigint primary key);
insert into parent select generate_series(1, 2000);
create table child (id bigint primary key, parent_id bigint not null references parent on delete cascade);
insert into child select i, 1 + i % 1000 from generate_series(1, 20000) i;
create table bulk (id bigint not null, filler text not null);
insert into bulk select i, repeat('z', 500) from generate_series(1, 240000) i;
create function slow_check(text) returns bool language plpgsql as 'begin return $1 > ''a''; end';
create table metre (at date not null, reading int not null, meter int not null) partition by range (at);
do $$ begin for m in 1..12 loop
  execute format('create table metre_%s partition of metre for values from (%L) to (%L)', m,
    date '2026-01-01' + make_interval(months => m - 1),
    date '2026-01-01' + make_interval(months => m)); end loop; end $$;
insert into metre select date '2026-01-01' + i % 365, i, i % 5000 from generate_series(1, 60000) i;
create index metre_reading_idx on metre (reading);
create table skew (k int not null, filler text not null);
insert into skew select i, repeat('s', 40) from generate_series(1, 120000) i;
create table visit (id bigint primary key, buyer_id bigint not null, seldom_id bigint not null);
insert into visit select i, 1 + i % 50, i from generate_series(1, 20000) i;
alter table visit alter seldom_id set (n_distinct = 40);
create extension pg_trgm;
create table word (id int not null, body text not null);
insert into word select i, 'abcx bcdx cdey '||i from generate_series(1, 40000) i;
insert into word select i, 'abcde '||i from generate_series(1, 50) i;
create index word_body_idx on word using gin (body gin_trgm_ops);
create extension postgres_fdw;
vacuum analyze buyer, bill, parent, child, bulk, metre, skew, visit, word;
update skew set k = 0 where k % 10 < 6;
vacuum analyze place;
vacuum analyze wide;
analyze fresh;
"""
WHERE = "select current_database() as base, current_setting('port') as port, " + (
    "split_part(current_setting('unix_socket_directories'), ',', 1) as host, current_user as who"
)
FAR = """
create server other foreign data wrapper postgres_fdw options (host '{host}', port '{port}', dbname '{base}');
create user mapping for current_user server other options (user '{who}', password_required 'false');
create foreign table far (id bigint not null, country text not null) server other options (table_name 'place');
analyze far;
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
    "rule_loop_over_many": (
        SERIAL,
        "select count(b.name) from bill a join buyer b on b.id = a.buyer_id "
        "where length(a.note) = 100 and a.old + 1 = 2",
    ),
    "rule_loop_over_few": (SERIAL, "select b.name from bill a join buyer b on b.id = a.buyer_id where a.id < 20"),
    "rule_index_filter": (
        (*SERIAL, "enable_seqscan = off"),
        "select id from wide where bucket in (1, 2, 3, 4, 5, 6) and length(filler) < 10",
    ),
    "rule_index_filter_keeps": (
        (*SERIAL, "enable_seqscan = off"),
        "select id from wide where bucket in (1, 2, 3, 4, 5, 6) and length(filler) > 10",
    ),
    "rule_ordered_to_find": ((*SERIAL, "enable_sort = off"), "select * from bill where paid order by id limit 5"),
    "rule_ordered_at_once": ((*SERIAL, "enable_sort = off"), "select * from bill where not paid order by id limit 5"),
    "rule_repeated_subplan": (
        SERIAL,
        "select id, (select count(*) from bill where bill.buyer_id = buyer.id and not paid) from buyer",
    ),
    "rule_subplan_of_a_page": (
        SERIAL,
        "select id, (select count(*) from bill where bill.buyer_id = buyer.id) from buyer where id < 20",
    ),
    "rule_cte_again": (
        (*SERIAL, "enable_hashjoin = off", "enable_mergejoin = off", "enable_material = off"),
        "with b as materialized (select id, country from buyer where id <= 4000) "
        "select count(*) from place p join b on b.id = p.id % 3000 where p.id < 800",
    ),
    "rule_cte_once": (SERIAL, "with b as materialized (select id from buyer) select count(*) from b"),
    "rule_materialized_again": (
        (*SERIAL, "work_mem = '64MB'"),
        "select count(*) from (select id from buyer where id <= 3000) a, (select id from bill where id <= 3000) b "
        "where a.id + b.id < 5",
    ),
    "rule_big_scan_alone": (
        ("max_parallel_workers_per_gather = 0",),
        "select count(*) from bulk where length(filler) > 5",
    ),
    "rule_big_scan_shared": (
        ("max_parallel_workers_per_gather = 2",),
        "select count(*) from bulk where length(filler) > 5",
    ),
    "rule_planning_long": (
        ("plan_cache_mode = force_custom_plan", "join_collapse_limit = 12", "geqo = off"),
        "select count(*) from "
        + " join ".join(["parent p0", *(f"parent p{n} using (id)" for n in range(1, 9))])
        + " where p0.id = 7",
    ),
    "rule_planning_short": (SERIAL, "select count(*) from bill"),
    "rule_partitions_for_nothing": (
        (*SERIAL, "enable_partition_pruning = on"),
        "select meter from metre where reading = 4711",
    ),
    "rule_partitions_pruned": (SERIAL, "select meter from metre where at = date '2026-05-03' and reading = 5"),
    "rule_triggers_long": (SERIAL, "delete from parent where id <= 60"),
    "rule_triggers_short": (SERIAL, "delete from parent where id > 1999"),
    "rule_rows_in_temporary_files": (
        (*SERIAL, "work_mem = '64kB'"),
        "with b as materialized (select id, filler from wide where id <= 80000) select count(filler) from b",
    ),
    "rule_rows_in_memory": (
        (*SERIAL, "work_mem = '64MB'"),
        "with b as materialized (select id, filler from wide where id <= 80000) select count(filler) from b",
    ),
    "rule_foreign_filtered_here": (
        SERIAL,
        "select id from far where slow_check(country) and id < 20000 and not slow_check(country)",
    ),
    "rule_foreign_filtered_there": (SERIAL, "select id from far where country = 'C7' and id < 200"),
    "rule_memoize_misses": (
        (*SERIAL, "enable_hashjoin = off", "enable_mergejoin = off"),
        "select count(b.name) from visit v join buyer b on b.id = v.seldom_id",
    ),
    "rule_memoize_hits": (
        (*SERIAL, "enable_hashjoin = off", "enable_mergejoin = off"),
        "select count(b.name) from visit v join buyer b on b.id = v.buyer_id",
    ),
    "rule_skewed_hash": (
        (*SERIAL, "work_mem = '1MB'", "enable_mergejoin = off", "enable_nestloop = off"),
        "select count(s.k), max(w.filler) from wide w join skew s on s.k = w.id where length(s.filler) = 40",
    ),
    "rule_even_hash": (
        (*SERIAL, "work_mem = '64MB'", "enable_mergejoin = off", "enable_nestloop = off"),
        "select count(*) from bill a join buyer b on b.id = a.buyer_id where length(a.note) > 5",
    ),
    "rule_node_disabled": ((*SERIAL, "enable_seqscan = off"), "select count(*) from skew where k = 5"),
    "rule_recheck_removes": (
        (*SERIAL, "enable_seqscan = off"),
        "select id from word where body like '%abcde%'",
    ),
    "rule_recheck_keeps": ((*SERIAL, "enable_seqscan = off"), "select id from word where body like '%bcdx%'"),
    "rule_hashed_groups_spill": (
        (*SERIAL, "work_mem = '256kB'", "enable_sort = off"),
        "select md5(id::text) as mark, count(*) from wide group by 1",
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
        await connection.execute(FAR.format(**await connection.fetchrow(WHERE)))
        major = connection.get_server_version().major
        for name, (settings, query) in SHAPES.items():
            if major < 14 and "memoize" in name:
                continue
            writes = connection.transaction()
            await writes.start()
            for setting in settings:
                await connection.execute(f"set local {setting}")
            document = await connection.fetchval(f"explain (analyze, buffers, verbose, settings, format json) {query}")
            await writes.rollback()
            (HERE / f"{name}.pg{major}.json").write_text(document + "\n", encoding="utf-8")
        await capture_catalog(dsn, HERE / f"rule_plans.pg{major}.pgtune")
    finally:
        await connection.close()


async def capture_catalog(dsn: str, file: Path) -> None:
    """What the plans' tables are: the snapshot that cases give beside a plan."""
    reader = await connect(dsn.replace("/postgres?", f"/{DATABASE}?"))
    try:
        save(await collect(reader, CollectOptions(top=1)), file)
    finally:
        await reader.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
