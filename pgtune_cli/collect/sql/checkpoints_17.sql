-- reads: checkpoints by time and by demand (17 and later)
-- needs: any login
SELECT /* pgtune */
    c.num_timed AS timed,
    c.num_requested AS requested,
    (extract(epoch FROM clock_timestamp() - c.stats_reset) / 86400)::float8 AS days
FROM pg_catalog.pg_stat_checkpointer AS c
