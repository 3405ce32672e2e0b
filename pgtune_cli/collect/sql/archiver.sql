-- reads: whether WAL is archived
-- needs: any login
SELECT /* pgtune */
    a.archived_count AS archived,
    a.failed_count AS failed,
    a.failed_count > 0 AND a.last_failed_time > coalesce(a.last_archived_time, '-infinity') AS failing,
    extract(epoch FROM clock_timestamp() - coalesce(a.last_archived_time, a.stats_reset))::float8 AS failing_seconds
FROM pg_catalog.pg_stat_archiver AS a
