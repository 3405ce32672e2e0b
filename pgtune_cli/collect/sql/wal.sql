-- reads: how much WAL was written (14 and later)
-- needs: any login
SELECT /* pgtune */
    w.wal_bytes::float8 AS wal_bytes,
    (extract(epoch FROM clock_timestamp() - w.stats_reset) / 86400)::float8 AS days
FROM pg_catalog.pg_stat_wal AS w
