-- Reproducible chance: a hash of the row's number and of a seed for each column, never random().
create function pg_temp.u(i bigint, seed integer) returns double precision
language sql immutable parallel safe
as $$ select (hashint8extended(i, seed) & 9007199254740991)::double precision / 9007199254740992.0 $$;

-- 1..n, a few very often and most seldom; the popular ones lie scattered over the range.
create function pg_temp.skewed(i bigint, seed integer, n bigint, skew double precision) returns bigint
language sql immutable parallel safe
as $$ select 1 + (floor(n * power(pg_temp.u(i, seed), skew))::bigint * 1000003) % n $$;

create function pg_temp.pick(choices text[], at double precision) returns text
language sql immutable parallel safe
as $$ select choices[1 + floor(at * cardinality(choices))::integer] $$;

-- How many rows of a table to make; set by the loader from the scale.
create function pg_temp.size(table_name text) returns bigint
language sql stable
as $$ select current_setting('shop.' || table_name)::bigint $$;

-- Three years up to the end of 2025. `part` is 0..1 of all rows in order of time: business grows, and every year
-- has its peak before Christmas.
create function pg_temp.moment(part double precision, jitter double precision) returns timestamptz
language sql immutable parallel safe
as $$
    select timestamptz '2023-01-01 00:00:00+00' + interval '1 day' * (
        1094 * power(part, 0.7) + 11 + 23 * sin(2 * pi() * (3 * power(part, 0.7) - 0.42)) + jitter)
$$;
