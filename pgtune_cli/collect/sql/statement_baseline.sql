-- reads: the counters of the statements of this database without their texts: the first reading of a window
-- needs: pg_read_all_stats (a part of pg_monitor) for the statements of other roles
SELECT /* pgtune */
    s.userid,
    s.queryid,
    to_jsonb(s)::text AS counters
FROM {schema}.pg_stat_statements(false) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND s.queryid IS NOT NULL
