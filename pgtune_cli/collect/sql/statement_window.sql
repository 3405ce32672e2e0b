-- reads: when the statement counters were reset, and how many entries were dropped for want of room
-- needs: any login, and pg_stat_statements 1.9
SELECT /* pgtune */
    to_char(i.stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS since,
    i.dealloc AS evicted,
    extract(epoch FROM clock_timestamp() - i.stats_reset)::float8 AS age_seconds
FROM {schema}.pg_stat_statements_info AS i
