"""What must not run is not run, as superuser too, and the server is as it was; harmless statements do run."""

import asyncio
import time
from typing import Any

import pytest

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import Statement

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 15, 18)]

LONG = "w" * 63
"""as long as a name can be: PostgreSQL cuts off what is behind."""
SETUP = """
create extension pg_stat_statements;
create extension dblink;
create extension tablefunc;
create extension pg_trgm;
create extension citext;
create sequence sq;
select nextval('sq');
create table side (a int);
create table customer (id int primary key, name text, email citext, j jsonb, at timestamptz default now());
insert into customer select i, 'name ' || i, 'mail' || i, jsonb_build_object('k', i) from generate_series(1, 50) i;
create function writes() returns int language plpgsql as $$ begin insert into side values (1); return 1; end $$;
create function lies_stable(int) returns int language plpgsql stable
  as $$ begin perform dblink_exec({link}, 'insert into side values (8)'); return 1; end $$;
create function lies_immutable(int) returns int language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (9)'); return 1; end $$;
create function notifies(text) returns bool language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (7)'); return true; end $$;
create function of_row(customer) returns int language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (6)'); return 1; end $$;
create function compares(text, int) returns bool language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (5)'); return true; end $$;
create operator <<>> (leftarg = text, rightarg = int, procedure = compares);
create view v_volatile as select id, writes() as w from customer;
create view v_limit as select id from customer limit writes();
create view v_nested as select * from v_limit;
create view v_constant as select 5 as x;
create domain checked as text check (notifies(value));
create table guarded (id int, name text);
insert into guarded values (1, 'x');
alter table guarded enable row level security;
alter table guarded force row level security;
create policy p on guarded using (lies_stable(id) = 1);
create table with_default (id int, b int default lies_immutable(1));
create table to_cast (a int);
create type pair as (a int, b int);
create function pair_to_int(pair) returns int language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (4)'); return 1; end $$;
create cast (pair as int) with function pair_to_int(pair);
create function "É"() returns int language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (3)'); return 1; end $$;
create function {long}() returns int language plpgsql immutable
  as $$ begin perform dblink_exec({link}, 'insert into side values (2)'); return 1; end $$;
create materialized view mv as select 1 a;
analyze;
"""

DANGEROUS = """
select nextval('sq')
select setval('sq', 99)
select pg_sleep(0.2)
select pg_sleep_for('1 second')
select pg_advisory_lock(42)
select pg_try_advisory_lock(43)
select pg_advisory_xact_lock(44)
select pg_advisory_unlock_all()
select lo_create(0)
select lo_import('/etc/hostname')
select lo_from_bytea(0, 'x')
select lo_unlink(1)
select pg_notify('ch', 'x')
select pg_terminate_backend(0)
select pg_cancel_backend(0)
select pg_reload_conf()
select pg_rotate_logfile()
select pg_switch_wal()
select pg_create_restore_point('x')
select pg_logical_emit_message(false, 'a', 'b')
select pg_stat_reset()
select pg_stat_statements_reset()
select pg_stat_reset_single_table_counters('customer'::regclass)
select pg_stat_reset_shared('bgwriter')
select set_config('work_mem', '1GB', false)
select pg_read_file('PG_VERSION')
select pg_read_binary_file('PG_VERSION')
select pg_ls_dir('.')
select * from pg_ls_waldir()
select pg_stat_file('PG_VERSION')
select dblink_exec({link}, 'insert into side values (1)')
select * from dblink({link}, 'insert into side values (2) returning 1') as t(a int)
select writes()
select lies_stable(1)
select lies_stable(id) from customer
select lies_immutable(1)
select * from customer where id = lies_immutable(3)
select lies_immutable(x) from (select 5 as x) s
select lies_immutable(x) from v_constant
select lies_immutable($1)
select c.of_row from customer c
select (row(1, 'a', 'b', '{}', now())::customer).of_row
select name <<>> 5 from customer
select 'x' <<>> 5
select name from customer where name operator(public.<<>>) 5
select 'x'::checked
select $1::checked
select cast(name as checked) from customer
select row(1, 2)::pair::int
select '{x}'::_checked
select '{x}'::checked[]
select É()
select "É"()
select {long}()
select {long}_and_more()
select id from customer limit {long}_and_more()
select * from v_volatile
select * from v_limit
select * from v_nested
select * from guarded
select * from customer where id = 1 for update
select * from customer where id = 1 for share
select * from customer for no key update
select * from customer for key share skip locked
with d as (delete from side returning *) select * from d
with i as (insert into side values (3) returning *) select * from i
insert into side values (3)
insert into side select writes()
insert into with_default (id) values (1)
update side set a = 1
delete from side
merge into side using (select 1 x) s on a = s.x when not matched then insert values (9)
create table ctas as select 1
create temp table tt as select 1
select * into newt from customer
select id into temp newtemp from customer
refresh materialized view mv
explain analyze insert into side values (1)
declare c cursor for select writes()
copy customer to program 'touch /tmp/pgtune_pwned'
do $$ begin insert into side values (1); end $$
call writes()
select query_to_xml('insert into side values (7)', true, true, '')
select query_to_xml('select nextval(''sq'')', true, true, '')
select table_to_xml('customer', true, true, '')
select txid_current()
select pg_current_xact_id()
select pg_export_snapshot()
select setseed(0.5)
select pg_promote()
select pg_wal_replay_pause()
select pg_backup_start('x')
select pg_start_backup('x')
select pg_create_physical_replication_slot('s1')
select pg_create_logical_replication_slot('s2', 'test_decoding')
select pg_drop_replication_slot('nope')
select pg_import_system_collations('pg_catalog')
select brin_summarize_new_values('customer_pkey'::regclass)
select gin_clean_pending_list('customer_pkey'::regclass)
select ts_stat('select writes()::text::tsvector')
select * from crosstab('select 1, writes(), 3') as (a int, b int, c int)
select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, writes()::text::tsquery')
select 1; insert into side values (1)
select U&"wr\\0069tes"()
select "writes"()
select public . writes /* x */ ()
select id from customer order by writes()
select count(*) filter (where writes() = 1) from customer
select id from customer limit writes()
select id from customer offset (select writes())
select sum(id) over (order by id rows between writes() preceding and current row) from customer
values (writes())
select * from generate_series(1, writes())
select * from customer tablesample system (writes())
select case when id > 100000 then writes() else 0 end from customer
select exists (select 1 from v_volatile)
select * from pg_stat_get_activity(null), lateral (select writes()) x
select * from customer where id in (select writes())
""".strip().splitlines()

HARMLESS = """
select 1
values (1), (2)
table customer
select * from customer
select * from customer where id = $1
select id, name from customer where name like $1
select * from customer where email = $1
select * from customer where email ilike $1 limit $2
select * from customer where name % $1
select similarity(name, $1) from customer
select count(*), max(id), string_agg(name, ',') from customer
select lower(name), upper(name), length(name), substr(name, 1, 3) from customer
select substring(name from 2 for 3), trim(name), position('a' in name) from customer
select coalesce(name, 'x'), nullif(id, 3), greatest(id, 2) from customer
select * from customer order by at desc limit 5 offset 10
select date_trunc('day', at), count(*) from customer group by 1
select extract(year from at) from customer
select at at time zone 'UTC' from customer
select now(), current_date, current_user, clock_timestamp()
select random(), gen_random_uuid()
select * from customer where at > now() - interval '1 day'
select j ->> 'k', j -> 'k' from customer where j @> '{"k": 3}'
select jsonb_object_keys(j) from customer
select jsonb_build_object('a', id) from customer
select * from customer, jsonb_each(j)
select * from generate_series(1, 10) g
select * from unnest(array[1, 2]) with ordinality u(a, n)
with x as (select * from customer) select count(*) from x
with recursive t(n) as (select 1 union all select n + 1 from t where n < 10) select * from t
select * from customer a join customer b using (id)
select * from customer a left join customer b on a.id = b.id + 1
select * from customer where exists (select 1 from side where a = id)
select * from customer where id not in (select a from side where a is not null)
select id, row_number() over (partition by name order by at) from customer
select rank() over w from customer window w as (order by id)
select percentile_cont(0.5) within group (order by id) from customer
select count(*) filter (where id > 3) from customer
select id from customer union select a from side
select id from customer except all select a from side
select distinct on (name) * from customer order by name, at
select array_agg(id order by at) from customer
select * from customer tablesample system (50)
select pg_size_pretty(pg_relation_size('customer'))
select * from pg_class limit 5
select relname from pg_catalog.pg_stat_user_tables
select current_setting('work_mem')
select to_char(at, 'YYYY'), to_tsvector('simple', name) @@ to_tsquery('simple', 'name') from customer
select name ~ '^n', regexp_replace(name, 'a', 'b') from customer
select format('%s', name), concat(name, id), md5(name) from customer
select case when id > 3 then 'a' else 'b' end from customer
select id::text, name::varchar(10), '5'::int from customer
select (id, name) from customer where (id, name) > (1, 'a')
select * from customer where id between $1 and $2
select * from customer where id = any($1)
select * from customer where id in ($1, $2, $3)
select * from customer cross join lateral (select count(*) from side where a < customer.id) x
select grouping(name), count(*) from customer group by rollup (name)
select id from customer where name similar to 'n%'
select abs(id), mod(id, 3), id % 3, power(id, 2), round(id / 3.0, 2) from customer
select generate_series(1, 3), id from customer
select * from (values (1, 'a'), (2, 'b')) v(id, name)
select exists (select 1 from customer where id = 3)
select a."id" as "strange ""name" from customer as a
select int4range(1, id) @> 3, inet '10.0.0.1' << '10.0.0.0/8' from customer where id > 1
""".strip().splitlines()

STATE = """
select (select array_agg(a order by a) from side) as side,
       (select last_value from sq) as sequence,
       (select array_agg(relname::text order by relname) from pg_class where relnamespace = 'public'::regnamespace) as relations,
       (select count(*) from pg_largeobject_metadata) as large_objects,
       (select count(*) from pg_replication_slots) as slots,
       (select count(*) from pg_locks where locktype = 'advisory' and database = (
          select oid from pg_database where datname = current_database())) as advisory_locks,
       (select stats_reset from pg_stat_database where datname = current_database()) as statistics_reset,
       (select stats_reset from pg_stat_bgwriter) as bgwriter_reset,
       (select count(*) > 10 from pg_stat_statements) as statements_kept,
       (select count(*) from pg_collation) as collations,
       (select array_agg(name || setting order by name) from pg_settings where name in ('work_mem', 'default_statistics_target')) as settings,
       (select timeline_id from pg_control_checkpoint()) as timeline,
       pg_is_in_recovery() as recovery
"""  # noqa: E501


def explained(pg: Any, queries: list[str], **options: Any) -> dict[str, StatementPlans]:
    statements = [
        Statement(fingerprint=query, query=query, calls=10, total_exec_time_ms=10.0, mean_exec_time_ms=1.0, rows=30)
        for query in queries
    ]

    async def main() -> dict[str, StatementPlans]:
        connection = await connect(pg.dsn)
        try:
            snapshot = await collect(connection, CollectOptions())
            return await explain_statements(connection, snapshot, statements, ExplainOptions(**options))
        finally:
            await connection.close()

    return asyncio.run(main())


@pytest.fixture
def database(pg: Any) -> Any:
    pg.link = f"'host={pg.socket_dir} port={pg.port} dbname={pg.database} user=postgres'"
    for command in SETUP.replace("{link}", pg.link).replace("{long}", LONG).strip().split(";\n"):
        pg.execute(command)
    for number in range(12):
        pg.execute(f"select {number} as column_{number}")
    # before 15 the statistics collector writes the time of the first reset when it comes to it
    deadline = time.monotonic() + 10
    while pg.version_num < 150000 and time.monotonic() < deadline:
        if pg.fetch("select stats_reset from pg_stat_database where datname = current_database()")[0][0]:
            break
        time.sleep(0.1)
    return pg


def test_nothing_dangerous_runs_and_each_says_why(database: Any) -> None:
    queries = [query.replace("{link}", database.link).replace("{long}", LONG) for query in DANGEROUS]
    before = dict(database.fetch(STATE)[0])
    found = explained(database, queries)
    assert dict(database.fetch(STATE)[0]) == before
    executed = [query for query, one in found.items() if any(plan.executed for plan in one.plans)]
    assert executed == []
    assert [query for query, one in found.items() if not one.not_executed] == []
    assert [one.not_executed for one in found.values() if "\n" in (one.not_executed or "")] == []


def test_harmless_statements_do_run(database: Any) -> None:
    found = explained(database, HARMLESS)
    assert {query: one.not_executed for query, one in found.items() if one.not_executed} == {}
    assert all(one.plans[0].executed and one.plans[0].execution_time_ms is not None for one in found.values())


def test_nothing_runs_when_execution_is_turned_off(database: Any) -> None:
    found = explained(database, HARMLESS[:10], execute=False)
    assert {one.not_executed for one in found.values()} == {"execution is turned off"}
    assert not any(plan.executed for one in found.values() for plan in one.plans)


@pytest.mark.majors(18)
def test_trusted_functions_run_unless_they_are_volatile(pg: Any) -> None:
    pg.execute("create table t (a int)")
    pg.execute("create function twice(int) returns int language sql immutable as 'select $1 * 2'")
    pg.execute("create function rolls() returns int language sql volatile as 'select 4'")
    found = explained(pg, ["select twice(a) from t", "select twice(3)", "select rolls()"], trust_functions=True)
    assert [one.not_executed for one in found.values()] == [
        None,
        None,
        "it calls rolls(), a volatile function of the database's own",
    ]


@pytest.mark.majors(18)
def test_a_function_of_columns_is_planned_and_one_of_constants_is_not(pg: Any) -> None:
    pg.execute("create table t (a int)")
    pg.execute("create function twice(int) returns int language sql immutable as 'select $1 * 2'")
    found = explained(pg, ["select twice(a) from t", "select twice(3)"])
    reasons = [(bool(one.plans), one.not_explained, one.not_executed) for one in found.values()]
    calls = "a function of the database's own; --trust-functions allows it"
    assert reasons == [
        (True, None, f"it calls twice(), {calls}"),
        (False, f"planning it may call twice(), {calls}", f"planning it may call twice(), {calls}"),
    ]


@pytest.mark.majors(15)
def test_strings_are_read_as_the_gates_read_them(pg: Any) -> None:
    pg.execute("create table side (a int)")
    pg.execute(
        "create function writes() returns int immutable language plpgsql"
        " as $$ begin perform set_config('pgtune.ran', 'yes', false); raise exception 'ran'; end $$"
    )
    pg.execute(f"alter database {pg.database} set standard_conforming_strings = off")
    query = r"select 'a\'', writes(), 'b\''"
    assert explained(pg, [query])[query].not_explained == "it is not SQL to this server: syntax error at character 27"


RANGES = """
create function counts(anyelement) returns anyelement language plpgsql immutable
  as $$ begin perform set_config('pgtune.ran', 'yes', false); return $1; end $$;
create function difference(float8, float8) returns float8 language plpgsql immutable
  as $$ begin return $1 - $2; end $$;
create function compares(int, int) returns int language plpgsql immutable
  as $$ begin return $1 - $2; end $$;
create operator class backwards for type int using btree as operator 1 >, operator 2 >=, operator 3 =,
  operator 4 <=, operator 5 <, function 1 compares(int, int);
create domain checked as int check (counts(value) > 0);
create type colour as enum ('red', 'blue');
create type plain as range (subtype = float8, subtype_diff = float8mi);
create type hue as range (subtype = colour);
create type measured as range (subtype = float8, subtype_diff = difference);
create type ordered as range (subtype = int, subtype_opclass = backwards);
create type over_domain as range (subtype = checked);
create type canonical;
create function canonical_of(canonical) returns canonical language internal immutable as 'int4range_canonical';
create type canonical as range (subtype = int, canonical = canonical_of);
"""


@pytest.mark.majors(13, 18)
def test_a_range_type_of_the_database_is_executed_unless_its_maker_wrote_code_for_it(pg: Any) -> None:
    names = ["plain", "hue", "measured", "ordered", "over_domain", "canonical"]
    for command in RANGES.strip().split(";\n"):
        pg.execute(command)
    for name in names:
        pg.execute(f"create table t_{name} (r {name}, id int)")
    queries = [f"select r from t_{name} where id = 1" for name in names]
    constructors = ["select plain(1, 2)", "select id from t_plain where r && plain(1, 5, '[]')"]
    found = explained(pg, queries + constructors)
    refused = "type {} runs code of the database's own ({})"
    assert [one.not_executed for one in found.values()] == [
        None,
        None,
        refused.format("measured", "its range functions"),
        refused.format("ordered", "the operator class of its bounds"),
        refused.format("over_domain", "the type of its bounds"),
        refused.format("canonical", "its range functions"),
        None,
        None,
    ]
    assert all(one.plans for one in found.values())


@pytest.mark.majors(18)
def test_a_multirange_is_as_its_range_is(pg: Any) -> None:
    for command in RANGES.strip().split(";\n"):
        pg.execute(command)
    pg.execute("create table t (id int, a plain_multirange, b plain[])")
    pg.execute("create table u (id int, a measured_multirange)")
    queries = ["select a, b from t", "select plain_multirange(plain(1, 2))", "select id from u"]
    assert [one.not_executed for one in explained(pg, queries).values()] == [
        None,
        None,
        "type measured_multirange runs code of the database's own (its range functions)",
    ]
