-- A database with the faults that rules of the schema look for. Statements end with a semicolon at a line's end.
create extension pg_stat_statements;
create table parent (id bigint primary key, name text not null);
insert into parent select i, 'parent '||i from generate_series(1, 2000) i;
create table child (id bigint primary key, parent_id int not null references parent);
insert into child select i, 1 + i % 2000 from generate_series(1, 4000) i;
create index child_parent_id_idx on child (parent_id);

create table hollow (id int primary key, kind int not null, filler text not null);
insert into hollow select i, i, repeat('h', 60) from generate_series(1, 120000) i;
create index hollow_kind_idx on hollow (kind);
delete from hollow where id % 12 <> 0;

create table ending (id serial primary key, note text);
select setval('ending_id_seq', 2000000000);
insert into ending (note) select 'n' from generate_series(1, 1200);
create sequence ticket_number maxvalue 1000;
select setval('ticket_number', 900);
create sequence round_robin maxvalue 8 cycle;
select setval('round_robin', 8);

create table heap_of_rows (id int primary key, v text);
insert into heap_of_rows select i, 'v'||i from generate_series(1, 110000) i;

create table dying (id int primary key, v int not null, pad text) with (fillfactor = 100);
insert into dying select i, 0, repeat('d', 40) from generate_series(1, 40000) i;

create table job_state (id int primary key, state text not null, progress int not null, pad text);
insert into job_state select i, 'new', 0, repeat('j', 100) from generate_series(1, 2000) i;
create index job_state_state_idx on job_state (state);

create table packed (id int primary key, note text not null, seen int not null);
insert into packed select i, repeat('p', 100), 0 from generate_series(1, 4000) i;

create table overindexed (id int primary key, a int, b int, c int, d int, e int, f int, g int, h int);
create index on overindexed (a);
create index on overindexed (b);
create index on overindexed (c);
create index on overindexed (d);
create index on overindexed (e);
create index on overindexed (f);
create index on overindexed (g);
create index on overindexed (h);
insert into overindexed select i, i, i, i, i, i, i, i, i from generate_series(1, 5000) i;

create table flagged (id int primary key, done boolean not null, rare boolean not null);
insert into flagged select i, i % 2 = 0, i % 2000 = 0 from generate_series(1, 200000) i;
create index flagged_done_idx on flagged (done);
create index flagged_rare_idx on flagged (rare);

create table padded (id int primary key, code char(20) not null, sex char(1) not null);
insert into padded select i, 'c'||i, 'x' from generate_series(1, 2000) i;
create table reading (at timestamp primary key, value float8 not null);
insert into reading select timestamp '2025-01-01' + i * interval '1 minute', i from generate_series(1, 2000) i;

create table scattered (id uuid primary key default gen_random_uuid(), n int not null);
insert into scattered (n) select i from generate_series(1, 60000) i;

create table wide (id int primary key, story text not null, n int not null);
alter table wide alter column story set storage plain;
insert into wide select i, repeat('w', 1300), i from generate_series(1, 2500) i;
create table document (id int primary key, body text not null);
alter table document alter column body set storage external;
insert into document select i, repeat(md5(i::text), 2000) from generate_series(1, 60) i;

create table place (id bigint primary key, country text not null, city text not null, zip text not null);
insert into place select i, 'C'||i % 50, 'City '||i % 50, 'Z'||i % 50 from generate_series(1, 60000) i;

create table measured (day date not null, n int not null) partition by range (day);
create table measured_a partition of measured for values from ('2025-01-01') to ('2025-02-01');
create table measured_b partition of measured for values from ('2025-02-01') to ('2025-03-01');
create table measured_c partition of measured for values from ('2025-03-01') to ('2025-04-01');
create table measured_d partition of measured for values from ('2025-04-01') to ('2026-04-01');
create table measured_rest partition of measured default;
insert into measured select date '2025-01-01' + i % 90, i from generate_series(1, 900) i;
insert into measured select date '2025-04-01' + i % 300, i from generate_series(1, 120000) i;
insert into measured select date '2027-01-01' + i % 30, i from generate_series(1, 15000) i;

create unlogged table scratch (id int primary key, v text);
insert into scratch select i, 'v' from generate_series(1, 2000) i;
create table neglected (id int primary key, v int) with (autovacuum_enabled = off);
insert into neglected select i, i from generate_series(1, 20000) i;

create table country (code text primary key, name text not null);
insert into country select 'c'||i, 'Country '||i from generate_series(1, 200) i;
create table event (id bigint primary key, created_at timestamptz not null, payload text not null);
insert into event
  select i, timestamptz '2025-01-01' + i * interval '1 second', repeat('e', 150) from generate_series(1, 60000) i;
create table visitor (id int primary key, visits int not null);
insert into visitor select i, 0 from generate_series(1, 1000) i;

vacuum analyze parent;
vacuum analyze child;
vacuum analyze hollow;
vacuum analyze flagged;
vacuum analyze scattered;
vacuum analyze country;
vacuum analyze event;
vacuum analyze visitor;
vacuum analyze wide;
vacuum analyze document;
vacuum analyze place;
vacuum analyze dying;
vacuum analyze job_state;
vacuum analyze packed;
vacuum analyze measured;
analyze;
