-- reads: since when the usage counters count; a database whose counters were never reset has no such date
-- needs: any login
SELECT /* pgtune */
    to_char(d.stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
    (extract(epoch FROM clock_timestamp() - d.stats_reset) / 86400)::float8 AS days
FROM pg_catalog.pg_stat_database AS d
WHERE d.datname = current_database()
