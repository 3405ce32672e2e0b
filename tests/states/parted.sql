-- A partitioned table under indexes that a DBA would tidy up. Statements end with a semicolon at a line's end.
create extension pg_stat_statements;
create table reading (id bigint not null, sensor int not null, at date not null, kind int not null, value int not null)
  partition by range (at);
create table "Reading 2025" partition of reading for values from ('2025-01-01') to ('2026-01-01');
create table reading_2026 partition of reading for values from ('2026-01-01') to ('2027-01-01') partition by list (kind);
create table reading_2026_a partition of reading_2026 for values in (0, 1);
create table reading_2026_b partition of reading_2026 default;
insert into reading select i, i % 500, date '2025-01-01' + i % 700, i % 4, i from generate_series(1, 120000) i;
alter table reading add primary key (id, at, kind);
create index reading_sensor_idx on reading (sensor);
create index reading_sensor_again on reading (sensor) include (value);
create index reading_value_idx on reading (value);
create index reading_id_idx on reading (id);
create index reading_at_idx on reading (at);
create index of_one_partition on "Reading 2025" (at);
create index reading_2026_only on only reading_2026 (value, sensor);
create index reading_2026_a_value_sensor_idx on reading_2026_a (value, sensor);
alter index reading_2026_only attach partition reading_2026_a_value_sensor_idx;
create index "reading 2026 b, its own" on reading_2026_b (value, sensor);
create index reading_only on only reading (kind, value);
vacuum analyze;
analyze reading;
select pg_stat_reset();
