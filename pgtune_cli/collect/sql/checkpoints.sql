-- reads: checkpoints by time and by demand (up to 16)
-- needs: any login
SELECT /* pgtune */
    b.checkpoints_timed AS timed,
    b.checkpoints_req AS requested,
    (extract(epoch FROM clock_timestamp() - b.stats_reset) / 86400)::float8 AS days
FROM pg_catalog.pg_stat_bgwriter AS b
