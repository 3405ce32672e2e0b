-- reads: how indexes were used since the counters were reset
-- needs: any login
SELECT /* pgtune */
    u.schemaname::text AS schema,
    u.indexrelname::text AS name,
    u.idx_scan,
    u.idx_tup_read,
    u.idx_tup_fetch
FROM pg_catalog.pg_stat_user_indexes AS u
WHERE u.relid = ANY ($1::oid[])
