-- Statements for the gates of EXPLAIN: what must never run, and what must. "-- dangerous [14+]: name" and
-- "-- harmless [14+]: name" head one statement each, "-- setup [14+]" what the database needs; a major in brackets is
-- the first one that takes it. {link} is a connection string back into the database, {long} a name of 63 letters.
-- Whatever calls trace() leaves a row behind by another session, where no transaction of ours undoes it.

-- setup
create extension pg_stat_statements;
create extension dblink;
create extension tablefunc;
create extension pg_trgm;
create extension citext;
create extension isn;
create extension pg_prewarm;
create extension file_fdw;
create sequence sq;
select nextval('sq');
create table side (a int);
create table customer (id int primary key, name text, email citext, j jsonb, at timestamptz default now());
insert into customer select i, 'name ' || i, 'mail' || i, jsonb_build_object('k', i) from generate_series(1, 50) i;
create function trace(text) returns int language plpgsql as $$ begin perform public.dblink_exec({link}, 'insert into side values (1)'); return 1; end $$;
create function writes() returns int language plpgsql as $$ begin insert into side values (1); return 1; end $$;
create function lies_stable(int) returns int language plpgsql stable as $$ begin return public.trace('s'); end $$;
create function lies_immutable(int) returns int language plpgsql immutable as $$ begin return public.trace('i'); end $$;
create function lies_of(x int) returns int language plpgsql immutable as $$ begin return public.trace('n'); end $$;
create function lies_of(x text) returns int language plpgsql immutable as $$ begin return public.trace('t'); end $$;
create function lies_of(x timestamp) returns int language plpgsql immutable as $$ begin return public.trace('d'); end $$;
create function lies_variadic(variadic int[]) returns int language plpgsql immutable as $$ begin return public.trace('v'); end $$;
create function notifies(text) returns bool language plpgsql immutable as $$ begin return public.trace('n') = 1; end $$;
create function of_row(customer) returns int language plpgsql immutable as $$ begin return public.trace('r'); end $$;
create function compares(text, int) returns bool language plpgsql immutable as $$ begin return public.trace('c') = 1; end $$;
create function sql_volatile(int) returns int language sql volatile as 'select public.lies_immutable($1)';
create function sql_constant(int) returns int language sql volatile as 'select public.lies_immutable(7) + $1';
create function sql_ignores(int) returns int language sql immutable as 'select 5';
create function set_of() returns setof int language sql stable as 'select public.lies_immutable(3)';
create function pg_temp.in_temp() returns int language plpgsql immutable as $$ begin return public.trace('p'); end $$;
create function initcap(int) returns int language plpgsql immutable as $$ begin return public.trace('o'); end $$;
create operator <<>> (leftarg = text, rightarg = int, procedure = compares);
create function equals(text, text) returns bool language plpgsql volatile as $$ begin return public.trace('e') = 1; end $$;
create operator ==~ (leftarg = text, rightarg = text, procedure = equals, restrict = eqsel, join = eqjoinsel);
create function root_of(text) returns text language plpgsql immutable as $$ begin return public.trace('u'); end $$;
create operator |/ (rightarg = text, procedure = root_of);
create schema shadow;
create function shadow.repeat(text, int, int) returns text language plpgsql immutable as $$ begin return public.trace('h'); end $$;
create view v_volatile as select id, writes() as w from customer;
create view v_limit as select id from customer limit writes();
create view v_nested as select * from v_limit;
create view v_barrier with (security_barrier) as select id from customer where lies_stable(id) = 1;
create view v_constant as select 5 as x;
create domain checked as text check (notifies(value));
create domain checked_again as checked;
create domain checked_thrice as checked_again;
create type holder as (a int, b checked_thrice);
create table guarded (id int, name text);
insert into guarded values (1, 'x');
alter table guarded enable row level security;
alter table guarded force row level security;
create policy p on guarded using (lies_stable(id) = 1);
create table with_default (id int, b int default lies_immutable(1));
create table with_rule (id int);
create rule r as on insert to with_rule do also select lies_immutable(2);
create table with_generated (id int, g int generated always as (lies_immutable(id)) stored);
create table with_index (id int, a int);
create index i on with_index ((lies_immutable(5) + a));
create table with_partial (id int, a int);
create index j on with_partial (id) where a > lies_immutable(6);
create table with_check (id int, a int);
create table with_check_child () inherits (with_check);
alter table with_check add constraint c check (a > lies_immutable(8));
create table with_key (id int, a int) partition by list ((lies_immutable(9) + a));
create table with_key_1 partition of with_key default;
create function hash_of(int, int8) returns int8 language plpgsql immutable as $$ begin return public.trace('k'); end $$;
create operator class hash_class for type int using hash as operator 1 =, function 2 hash_of(int, int8);
create table with_class (id int) partition by hash (id hash_class);
create table with_class_1 partition of with_class for values with (modulus 2, remainder 0);
create table with_class_2 partition of with_class for values with (modulus 2, remainder 1);
create type pair as (a int, b int);
create function pair_to_int(pair) returns int language plpgsql immutable as $$ begin return public.trace('a'); end $$;
create cast (pair as int) with function pair_to_int(pair) as implicit;
create table with_pair (id int, p pair);
create function keep(int, int) returns int language plpgsql volatile as $$ begin return public.trace('g'); end $$;
create aggregate kept (int) (sfunc = keep, stype = int, initcond = '0');
create function "É"() returns int language plpgsql immutable as $$ begin return public.trace('z'); end $$;
create function {long}() returns int language plpgsql immutable as $$ begin return public.trace('l'); end $$;
create materialized view mv as select 1 a;
create server files foreign data wrapper file_fdw;
create foreign table far (a text) server files options (program 'touch {trace_file}; echo 1');
create function fires() returns trigger language plpgsql as $$ begin perform public.trace('f'); return new; end $$;
create trigger t before insert on side for each row when (false) execute function fires();
alter extension citext add function lies_variadic(int[]);
create function of_citext(int) returns int language sql immutable as 'select public.lies_immutable($1)';
alter extension citext add function of_citext(int);
create type mood as enum ('sad', 'ok');
create domain positive as int check (value > 0);
create table plain (id int primary key, m mood, p positive, low text generated always as ('x' || id) stored);
insert into plain (id, m, p) select i, 'ok', i from generate_series(1, 20) i;
create index plain_low on plain (lower(low), (id + 1)) where id > 3;
create table parted (id int, at date) partition by range (at);
create table parted_1 partition of parted for values from ('2024-01-01') to ('2025-01-01');
create view v_plain as select id, lower(name) as low from customer where id > 2;
create table ours (id int, owner name);
alter table ours enable row level security;
alter table ours force row level security;
create policy mine on ours using (owner = current_user);
analyze;

-- setup 14+
create statistics with_statistics on (lies_immutable(4) + a), id from with_partial;
create function atomic(int) returns int language sql volatile return public.lies_immutable($1);

-- setup 18+
create table with_virtual (id int, g int generated always as (5) virtual);

-- dangerous: terminates a session
select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sentinel';

-- dangerous: cancels a session
select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'sentinel';

-- dangerous: attribute notation of a text
select ('x'::text).lies_of;

-- dangerous: attribute notation of a call
select (lower('x')).lies_of;

-- dangerous: attribute notation of a parameter
select ($1::text).lies_of;

-- dangerous: attribute notation of a builtin function
select (0.01::float8).pg_sleep;

-- dangerous: attribute notation where no plan shows it
select id from customer limit ((42::bigint).pg_try_advisory_lock)::int;

-- dangerous: a builtin function in FROM becomes a constant
select lies_immutable(x) from abs(-5) as x;

-- dangerous: a schema qualified function in FROM becomes a constant
select lies_immutable(x) from customer, lateral pg_catalog.abs(-5) as x;

-- dangerous: a volatile SQL function is inlined
select sql_volatile(5);

-- dangerous: a constant within an inlined SQL function
select sql_constant(id) from customer;

-- dangerous: a column that an SQL function ignores
select lies_immutable(sql_ignores(id)) from customer;

-- dangerous: an SQL function in FROM is inlined
select * from set_of();

-- dangerous 14+: an SQL function with a body of statements
select atomic(5);

-- dangerous: an argument by name
select lies_of(x => 5) from customer;

-- dangerous: an argument that is cast
select lies_immutable(cast(5 as int)) from customer;

-- dangerous: an argument that is a typed literal
select lies_of(timestamp '2024-01-01') from customer;

-- dangerous: coalesce of a constant and a column
select lies_immutable(coalesce(5, id)) from customer;

-- dangerous: a field of a constant row
select lies_immutable((row(5, 6)::pair).a) from customer;

-- dangerous: a case that is decided
select lies_immutable(case when true then 5 else id end) from customer;

-- dangerous: a column and null
select lies_immutable(id + null) from customer;

-- dangerous: a collation
select lies_of('x' collate "C") from customer;

-- dangerous: a variadic argument, in an extension that everybody knows
select lies_variadic(1, 2);

-- dangerous: a function that was added to an extension that everybody knows
select of_citext(5);

-- dangerous: a variadic array
select lies_variadic(variadic array[1, 2]) from customer;

-- dangerous: a volatile operator, called with the most common values
select * from customer where name ==~ 'x';

-- dangerous: a volatile operator in a join
select 1 from customer a join customer b on a.name ==~ b.name;

-- dangerous: a prefix operator that has a builtin name
select |/ 'x'::text;

-- dangerous: an operator by its full name, over lines and comments
select name operator /* x */ ( public -- y
  . <<>> ) 5 from customer;

-- dangerous: a builtin name with another argument
select initcap(5);

-- dangerous: a builtin name in another schema
select shadow.repeat('x', 2, 3);

-- dangerous: a builtin name in a quoted schema
select "shadow" . "repeat" ('x', 2, 3);

-- dangerous: a function of a temporary schema
select pg_temp.in_temp();

-- dangerous: a name in letters of both cases
select LiEs_Immutable(5);

-- dangerous: a name behind strings that look like its end
select 'a''', E'b\'', $x$ ' $x$, $$ " $$, lies_immutable(5), 'c''';

-- dangerous: a name behind nested comments
select /* a /* b */ ' */ lies_immutable /* -- */ (5);

-- dangerous: a name behind a string in two parts
select 'a' -- comment '
  'b', lies_immutable(5);

-- dangerous: a string with Unicode escapes in front
select U&'\0027 x', lies_immutable(5);

-- dangerous: a domain over a domain over a domain
select 'x'::checked_thrice;

-- dangerous: a domain within a composite type
select '(1,x)'::holder;

-- dangerous: a domain within a composite type within an array
select '{"(1,x)"}'::holder[];

-- dangerous: a domain within a row of jsonb
select jsonb_populate_record(null::holder, '{"b": "x"}');

-- dangerous: a domain within a set of records
select * from jsonb_to_recordset('[{"b": "x"}]') as r (b checked);

-- dangerous: a domain by the name of a function
select checked('x');

-- dangerous: a domain by a typed literal
select checked 'x';

-- dangerous: a value for a domain
select $1::holder;

-- dangerous: a cast that nobody wrote down
select p + 1 from with_pair;

-- dangerous: a cast within a comparison
select id from with_pair where p = 5;

-- dangerous: an aggregate made of functions of one's own
select kept(id) from customer;

-- dangerous: an aggregate as a window function
select kept(id) over (order by id) from customer;

-- dangerous: an aggregate of a set
select kept(distinct id order by id) filter (where id > 3) from customer;

-- dangerous: an expression of an index
select a from with_index where a = 3;

-- dangerous: the condition of an index
select id from with_partial where id = 3 and a > 7;

-- dangerous: a check of a table with heirs
select id from with_check where a = 3;

-- dangerous: a check of the parent
select id from with_check_child where a = 3;

-- dangerous: a key of partitions
select id from with_key where a = 3;

-- dangerous: an operator class of partitions
select id from with_class where id = 3;

-- dangerous: a partition of such a table
select id from with_class_1 where id = 3;

-- dangerous 18+: a virtual column that is a constant
select lies_immutable(g) from with_virtual;

-- dangerous: a rule
insert into with_rule values (1);

-- dangerous: a generated column
insert into with_generated (id) values (1);

-- dangerous: a view with a barrier
select * from v_barrier;

-- dangerous: a foreign table that runs a program
select * from far;

-- dangerous: a join with a foreign table
select * from customer join far on far.a = customer.name;

-- dangerous: lo_get
select lo_get(1);

-- dangerous: lo_put
select lo_put(1, 0, 'x');

-- dangerous: lo_export
select lo_export(1, '{trace_file}');

-- dangerous: lo_creat
select lo_creat(-1);

-- dangerous: lo_open
select lo_open(1, 131072);

-- dangerous: lo_truncate
select lo_truncate(0, 1);

-- dangerous: an advisory lock by two keys
select pg_try_advisory_lock_shared(1, 2);

-- dangerous: an advisory lock for every row
select id from customer where pg_try_advisory_xact_lock(id);

-- dangerous: an advisory unlock
select pg_advisory_unlock(42);

-- dangerous: a notification for every row
select pg_notify('ch', name) from customer;

-- dangerous: an origin of replication
select pg_replication_origin_create('o');

-- dangerous: changes of a slot
select * from pg_logical_slot_get_changes('s2', null, null);

-- dangerous: a copy of a slot
select pg_copy_physical_replication_slot('s1', 's3');

-- dangerous: a slot that advances
select pg_replication_slot_advance('s1', '0/1');

-- dangerous: a slot made in a CTE
with s as materialized (select pg_create_physical_replication_slot('s4')) select * from s;

-- dangerous: pages into the cache
select pg_prewarm('customer');

-- dangerous: a file
select pg_file_write('x', 'y', false);

-- dangerous: a reset of one function
select pg_stat_reset_single_function_counters('writes'::regproc);

-- dangerous: a reset of the slru counters
select pg_stat_reset_slru('Notify');

-- dangerous: a snapshot of statistics
select pg_stat_clear_snapshot();

-- dangerous: the lock manager
select pg_blocking_pids(pg_backend_pid());

-- dangerous: the value of another session's sequence
select lastval();

-- dangerous: the value of a sequence that was never asked for
select currval('sq');

-- dangerous: memory contexts into the log
select pg_log_backend_memory_contexts(pg_backend_pid());

-- dangerous: a setting of an extension that everybody knows
select isn_weak(true);

-- dangerous: a setting within a condition
select id from customer where set_config('search_path', 'shadow', true) is not null;

-- dangerous: a setting for the session in a subquery
select (select set_config('statement_timeout', '0', false)), name from customer;

-- dangerous: statistics that are imported
select pg_restore_relation_stats('relation', 'customer'::regclass, 'reltuples', 5::real);

-- dangerous: the schema as XML
select schema_to_xml('public', true, true, '');

-- dangerous: a cursor as XML
select cursor_to_xml('c', 1, true, true, '');

-- dangerous: a query as XML, in a view's clothes
with x as (select query_to_xml('select writes()', true, true, '') as d) select d from x;

-- dangerous: MERGE in a CTE
with m as (merge into side using (select 1 x) s on a = s.x when matched then delete returning a) select * from m;

-- dangerous: UPDATE in a CTE in a subquery
select * from (with u as (update side set a = 2 returning a) select * from u) x;

-- dangerous: a parenthesised write
(with i as (insert into side values (4) returning *) select * from i);

-- dangerous: row locks in a subquery
select * from (select id from customer for update) x;

-- dangerous: row locks in a CTE
with l as (select id from customer for no key update) select * from l;

-- dangerous: LOCK
lock table customer in access exclusive mode;

-- dangerous: VACUUM
vacuum customer;

-- dangerous: ALTER SYSTEM
alter system set work_mem = '1GB';

-- dangerous: SET
set work_mem = '1GB';

-- dangerous: LISTEN
listen ch;

-- dangerous: NOTIFY
notify ch;

-- dangerous: PREPARE TRANSACTION
prepare transaction 'x';

-- dangerous: TRUNCATE
truncate side;

-- dangerous: EXECUTE
execute pz(1);

-- dangerous: EXPLAIN ANALYZE
explain (analyze) select writes();

-- dangerous: CREATE MATERIALIZED VIEW
create materialized view mv2 as select 1;

-- dangerous: COPY FROM
copy side from program 'echo 1';

-- dangerous: select nextval sq
select nextval('sq');

-- dangerous: select setval sq 99
select setval('sq', 99);

-- dangerous: select pg_sleep 0 2
select pg_sleep(0.2);

-- dangerous: select pg_sleep_for 1 second
select pg_sleep_for('1 second');

-- dangerous: select pg_advisory_lock 42
select pg_advisory_lock(42);

-- dangerous: select pg_try_advisory_lock 43
select pg_try_advisory_lock(43);

-- dangerous: select pg_advisory_xact_lock 44
select pg_advisory_xact_lock(44);

-- dangerous: select pg_advisory_unlock_all
select pg_advisory_unlock_all();

-- dangerous: select lo_create 0
select lo_create(0);

-- dangerous: select lo_import etc hostname
select lo_import('/etc/hostname');

-- dangerous: select lo_from_bytea 0 x
select lo_from_bytea(0, 'x');

-- dangerous: select lo_unlink 1
select lo_unlink(1);

-- dangerous: select pg_notify ch x
select pg_notify('ch', 'x');

-- dangerous: select pg_reload_conf
select pg_reload_conf();

-- dangerous: select pg_rotate_logfile
select pg_rotate_logfile();

-- dangerous: select pg_switch_wal
select pg_switch_wal();

-- dangerous: select pg_create_restore_point x
select pg_create_restore_point('x');

-- dangerous: select pg_logical_emit_message false a b
select pg_logical_emit_message(false, 'a', 'b');

-- dangerous: select pg_stat_reset
select pg_stat_reset();

-- dangerous: select pg_stat_statements_reset
select pg_stat_statements_reset();

-- dangerous: select pg_stat_reset_single_table_counters customer regclass
select pg_stat_reset_single_table_counters('customer'::regclass);

-- dangerous: select pg_stat_reset_shared bgwriter
select pg_stat_reset_shared('bgwriter');

-- dangerous: select set_config work_mem 1gb false
select set_config('work_mem', '1GB', false);

-- dangerous: select pg_read_file pg_version
select pg_read_file('PG_VERSION');

-- dangerous: select pg_read_binary_file pg_version
select pg_read_binary_file('PG_VERSION');

-- dangerous: select pg_ls_dir
select pg_ls_dir('.');

-- dangerous: select from pg_ls_waldir
select * from pg_ls_waldir();

-- dangerous: select pg_stat_file pg_version
select pg_stat_file('PG_VERSION');

-- dangerous: select dblink_exec dblink insert into side values
select dblink_exec({link}, 'insert into side values (1)');

-- dangerous: select from dblink dblink insert into side
select * from dblink({link}, 'insert into side values (2) returning 1') as t(a int);

-- dangerous: select writes
select writes();

-- dangerous: select lies_stable 1
select lies_stable(1);

-- dangerous: select lies_stable id from customer
select lies_stable(id) from customer;

-- dangerous: select lies_immutable 1
select lies_immutable(1);

-- dangerous: select from customer where id lies_immutable 3
select * from customer where id = lies_immutable(3);

-- dangerous: select lies_immutable x from select 5 as
select lies_immutable(x) from (select 5 as x) s;

-- dangerous: select lies_immutable x from v_constant
select lies_immutable(x) from v_constant;

-- dangerous: select lies_immutable 1 again
select lies_immutable($1);

-- dangerous: select c of_row from customer c
select c.of_row from customer c;

-- dangerous: select row 1 a b now customer
select (row(1, 'a', 'b', '{}', now())::customer).of_row;

-- dangerous: select name 5 from customer
select name <<>> 5 from customer;

-- dangerous: select x 5
select 'x' <<>> 5;

-- dangerous: select name from customer where name operator
select name from customer where name operator(public.<<>>) 5;

-- dangerous: select x checked
select 'x'::checked;

-- dangerous: select 1 checked
select $1::checked;

-- dangerous: select cast name as checked from customer
select cast(name as checked) from customer;

-- dangerous: select row 1 2 pair int
select row(1, 2)::pair::int;

-- dangerous: select x _checked
select '{x}'::_checked;

-- dangerous: select x checked again
select '{x}'::checked[];

-- dangerous: select
select É();

-- dangerous: select again
select "É"();

-- dangerous: select long_name
select {long}();

-- dangerous: select long_name_and_more
select {long}_and_more();

-- dangerous: select id from customer limit long_name_and_more
select id from customer limit {long}_and_more();

-- dangerous: select from v_volatile
select * from v_volatile;

-- dangerous: select from v_limit
select * from v_limit;

-- dangerous: select from v_nested
select * from v_nested;

-- dangerous: select from guarded
select * from guarded;

-- dangerous: select from customer where id 1 for
select * from customer where id = 1 for update;

-- dangerous: select from customer where id 1 for again
select * from customer where id = 1 for share;

-- dangerous: select from customer for no key update
select * from customer for no key update;

-- dangerous: select from customer for key share skip
select * from customer for key share skip locked;

-- dangerous: with d as delete from side returning
with d as (delete from side returning *) select * from d;

-- dangerous: with i as insert into side values
with i as (insert into side values (3) returning *) select * from i;

-- dangerous: insert into side values 3
insert into side values (3);

-- dangerous: insert into side select writes
insert into side select writes();

-- dangerous: insert into with_default id values 1
insert into with_default (id) values (1);

-- dangerous: update side set a 1
update side set a = 1;

-- dangerous: delete from side
delete from side;

-- dangerous: merge into side using select 1 x
merge into side using (select 1 x) s on a = s.x when not matched then insert values (9);

-- dangerous: create table ctas as select 1
create table ctas as select 1;

-- dangerous: create temp table tt as select 1
create temp table tt as select 1;

-- dangerous: select into newt from customer
select * into newt from customer;

-- dangerous: select id into temp newtemp from customer
select id into temp newtemp from customer;

-- dangerous: refresh materialized view mv
refresh materialized view mv;

-- dangerous: explain analyze insert into side values 1
explain analyze insert into side values (1);

-- dangerous: declare c cursor for select writes
declare c cursor for select writes();

-- dangerous: copy customer to program touch tmp pgtune_pwned
copy customer to program 'touch {trace_file}';

-- dangerous: do begin insert into side values 1
do $$ begin insert into side values (1); end $$;

-- dangerous: call writes
call writes();

-- dangerous: select query_to_xml insert into side values 7
select query_to_xml('insert into side values (7)', true, true, '');

-- dangerous: select query_to_xml select nextval sq true true
select query_to_xml('select nextval(''sq'')', true, true, '');

-- dangerous: select table_to_xml customer true true
select table_to_xml('customer', true, true, '');

-- dangerous: select txid_current
select txid_current();

-- dangerous: select pg_current_xact_id
select pg_current_xact_id();

-- dangerous: select pg_export_snapshot
select pg_export_snapshot();

-- dangerous: select setseed 0 5
select setseed(0.5);

-- dangerous: select pg_promote
select pg_promote();

-- dangerous: select pg_wal_replay_pause
select pg_wal_replay_pause();

-- dangerous: select pg_backup_start x
select pg_backup_start('x');

-- dangerous: select pg_start_backup x
select pg_start_backup('x');

-- dangerous: select pg_create_physical_replication_slot s1
select pg_create_physical_replication_slot('s1');

-- dangerous: select pg_create_logical_replication_slot s2 test_decoding
select pg_create_logical_replication_slot('s2', 'test_decoding');

-- dangerous: select pg_drop_replication_slot nope
select pg_drop_replication_slot('nope');

-- dangerous: select pg_import_system_collations pg_catalog
select pg_import_system_collations('pg_catalog');

-- dangerous: select brin_summarize_new_values customer_pkey regclass
select brin_summarize_new_values('customer_pkey'::regclass);

-- dangerous: select gin_clean_pending_list customer_pkey regclass
select gin_clean_pending_list('customer_pkey'::regclass);

-- dangerous: select ts_stat select writes text tsvector
select ts_stat('select writes()::text::tsvector');

-- dangerous: select from crosstab select 1 writes 3
select * from crosstab('select 1, writes(), 3') as (a int, b int, c int);

-- dangerous: select ts_rewrite a tsquery select a tsquery
select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, writes()::text::tsquery');

-- dangerous: select 1 insert into side values 1
select 1; insert into side values (1);

-- dangerous: select u wr 0069tes
select U&"wr\0069tes"();

-- dangerous: select writes again
select "writes"();

-- dangerous: select public writes x
select public . writes /* x */ ();

-- dangerous: select id from customer order by writes
select id from customer order by writes();

-- dangerous: select count filter where writes 1 from
select count(*) filter (where writes() = 1) from customer;

-- dangerous: select id from customer limit writes
select id from customer limit writes();

-- dangerous: select id from customer offset select writes
select id from customer offset (select writes());

-- dangerous: select sum id over order by id
select sum(id) over (order by id rows between writes() preceding and current row) from customer;

-- dangerous: values writes
values (writes());

-- dangerous: select from generate_series 1 writes
select * from generate_series(1, writes());

-- dangerous: select from customer tablesample system writes
select * from customer tablesample system (writes());

-- dangerous: select case when id 100000 then writes
select case when id > 100000 then writes() else 0 end from customer;

-- dangerous: select exists select 1 from v_volatile
select exists (select 1 from v_volatile);

-- dangerous: select from pg_stat_get_activity null lateral select writes
select * from pg_stat_get_activity(null), lateral (select writes()) x;

-- dangerous: select from customer where id in select
select * from customer where id in (select writes());

-- harmless: select 1
select 1;

-- harmless: values 1 2
values (1), (2);

-- harmless: table customer
table customer;

-- harmless: select from customer
select * from customer;

-- harmless: select from customer where id 1
select * from customer where id = $1;

-- harmless: select id name from customer where name
select id, name from customer where name like $1;

-- harmless: select from customer where email 1
select * from customer where email = $1;

-- harmless: select from customer where email ilike 1
select * from customer where email ilike $1 limit $2;

-- harmless: select from customer where name 1
select * from customer where name % $1;

-- harmless: select similarity name 1 from customer
select similarity(name, $1) from customer;

-- harmless: select count max id string_agg name from
select count(*), max(id), string_agg(name, ',') from customer;

-- harmless: select lower name upper name length name
select lower(name), upper(name), length(name), substr(name, 1, 3) from customer;

-- harmless: select substring name from 2 for 3
select substring(name from 2 for 3), trim(name), position('a' in name) from customer;

-- harmless: select coalesce name x nullif id 3
select coalesce(name, 'x'), nullif(id, 3), greatest(id, 2) from customer;

-- harmless: select from customer order by at desc
select * from customer order by at desc limit 5 offset 10;

-- harmless: select date_trunc day at count from customer
select date_trunc('day', at), count(*) from customer group by 1;

-- harmless: select extract year from at from customer
select extract(year from at) from customer;

-- harmless: select at at time zone utc from
select at at time zone 'UTC' from customer;

-- harmless: select now current_date current_user clock_timestamp
select now(), current_date, current_user, clock_timestamp();

-- harmless: select random gen_random_uuid
select random(), gen_random_uuid();

-- harmless: select from customer where at now interval
select * from customer where at > now() - interval '1 day';

-- harmless: select j k j k from customer
select j ->> 'k', j -> 'k' from customer where j @> '{"k": 3}';

-- harmless: select jsonb_object_keys j from customer
select jsonb_object_keys(j) from customer;

-- harmless: select jsonb_build_object a id from customer
select jsonb_build_object('a', id) from customer;

-- harmless: select from customer jsonb_each j
select * from customer, jsonb_each(j);

-- harmless: select from generate_series 1 10 g
select * from generate_series(1, 10) g;

-- harmless: select from unnest array 1 2 with
select * from unnest(array[1, 2]) with ordinality u(a, n);

-- harmless: with x as select from customer select
with x as (select * from customer) select count(*) from x;

-- harmless: with recursive t n as select 1
with recursive t(n) as (select 1 union all select n + 1 from t where n < 10) select * from t;

-- harmless: select from customer a join customer b
select * from customer a join customer b using (id);

-- harmless: select from customer a left join customer
select * from customer a left join customer b on a.id = b.id + 1;

-- harmless: select from customer where exists select 1
select * from customer where exists (select 1 from side where a = id);

-- harmless: select from customer where id not in
select * from customer where id not in (select a from side where a is not null);

-- harmless: select id row_number over partition by name
select id, row_number() over (partition by name order by at) from customer;

-- harmless: select rank over w from customer window
select rank() over w from customer window w as (order by id);

-- harmless: select percentile_cont 0 5 within group order
select percentile_cont(0.5) within group (order by id) from customer;

-- harmless: select count filter where id 3 from
select count(*) filter (where id > 3) from customer;

-- harmless: select id from customer union select a
select id from customer union select a from side;

-- harmless: select id from customer except all select
select id from customer except all select a from side;

-- harmless: select distinct on name from customer order
select distinct on (name) * from customer order by name, at;

-- harmless: select array_agg id order by at from
select array_agg(id order by at) from customer;

-- harmless: select from customer tablesample system 50
select * from customer tablesample system (50);

-- harmless: select pg_size_pretty pg_relation_size customer
select pg_size_pretty(pg_relation_size('customer'));

-- harmless: select from pg_class limit 5
select * from pg_class limit 5;

-- harmless: select relname from pg_catalog pg_stat_user_tables
select relname from pg_catalog.pg_stat_user_tables;

-- harmless: select current_setting work_mem
select current_setting('work_mem');

-- harmless: select to_char at yyyy to_tsvector simple name
select to_char(at, 'YYYY'), to_tsvector('simple', name) @@ to_tsquery('simple', 'name') from customer;

-- harmless: select name n regexp_replace name a b
select name ~ '^n', regexp_replace(name, 'a', 'b') from customer;

-- harmless: select format s name concat name id
select format('%s', name), concat(name, id), md5(name) from customer;

-- harmless: select case when id 3 then a
select case when id > 3 then 'a' else 'b' end from customer;

-- harmless: select id text name varchar 10 5
select id::text, name::varchar(10), '5'::int from customer;

-- harmless: select id name from customer where id
select (id, name) from customer where (id, name) > (1, 'a');

-- harmless: select from customer where id between 1
select * from customer where id between $1 and $2;

-- harmless: select from customer where id any 1
select * from customer where id = any($1);

-- harmless: select from customer where id in 1
select * from customer where id in ($1, $2, $3);

-- harmless: select from customer cross join lateral select
select * from customer cross join lateral (select count(*) from side where a < customer.id) x;

-- harmless: select grouping name count from customer group
select grouping(name), count(*) from customer group by rollup (name);

-- harmless: select id from customer where name similar
select id from customer where name similar to 'n%';

-- harmless: select abs id mod id 3 id
select abs(id), mod(id, 3), id % 3, power(id, 2), round(id / 3.0, 2) from customer;

-- harmless: select generate_series 1 3 id from customer
select generate_series(1, 3), id from customer;

-- harmless: select from values 1 a 2 b
select * from (values (1, 'a'), (2, 'b')) v(id, name);

-- harmless: select exists select 1 from customer where
select exists (select 1 from customer where id = 3);

-- harmless: select a id as strange name from
select a."id" as "strange ""name" from customer as a;

-- harmless: select int4range 1 id 3 inet 10
select int4range(1, id) @> 3, inet '10.0.0.1' << '10.0.0.0/8' from customer where id > 1;

-- harmless: the size of everything
select pg_total_relation_size('customer'), pg_table_size('customer'), pg_indexes_size('customer');

-- harmless: times of every kind
select now(), timeofday(), statement_timestamp(), transaction_timestamp(), clock_timestamp();

-- harmless: privileges and definitions
select has_table_privilege('customer', 'select'), pg_get_viewdef('v_plain'::regclass), inet_client_addr();

-- harmless: activity
select pg_stat_get_activity(null) limit 1;

-- harmless: where a relation is stored
select pg_relation_filenode('customer');

-- harmless: locks
select * from pg_locks;

-- harmless: a view of builtin functions
select * from v_plain where low = 'name 3';

-- harmless: a policy of builtin functions
select * from ours where id = $1;

-- harmless: an enum, a domain, a stored column and an index of expressions
select id, p, low from plain where m = $1 and p = $2 and lower(low) = 'x' and id > 3;

-- harmless: partitions
select * from parted where at = $1;

-- harmless: functions of an extension that are written in SQL
select replace(email, 'a', 'b'), split_part(email, 'a', 1), regexp_replace(email, 'a', 'b') from customer;

-- harmless: ORDER BY USING
select name from customer order by name using <;

-- harmless: geometry
select point(1, 2) <-> point(3, 4), box '((0,0),(1,1))' @> point '(0.5,0.5)';

-- harmless: ranges and their operators
select int4range(1, 5) &< int4range(2, 7), daterange('2024-01-01', null) -|- daterange(null, '2024-01-01');

-- harmless: an aggregate of an empty ordered set
select rank(3) within group (order by id), mode() within group (order by name) from customer;

-- harmless: a field of a row and a slice of an array
select (c).name, (array[1, 2, 3])[1:2], (row(1, 2)).f1 from customer c;

-- harmless 14+: depth first
with recursive t (id) as (select 1 union all select id + 1 from t where id < 5) search depth first by id set o
select * from t;

-- harmless: TABLESAMPLE of two kinds
select * from customer tablesample bernoulli (50) repeatable (3);

-- harmless: names that are keywords, strings that look like code
select id as "select", 'writes()' as "writes()", $q$ lies_immutable(5) $q$ as q from customer;

-- harmless: columns that are called like functions
select x.lies_of, x.writes from (select 1 as lies_of, 2 as writes) x;
