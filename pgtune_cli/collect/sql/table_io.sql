-- reads: blocks of tables and of their indexes found in shared_buffers and read from outside, since the reset
-- needs: any login
SELECT /* pgtune */
    u.schemaname::text AS schema,
    u.relname::text AS name,
    u.heap_blks_hit + coalesce(u.idx_blks_hit, 0) + coalesce(u.toast_blks_hit, 0) + coalesce(u.tidx_blks_hit, 0)
        AS blks_hit,
    u.heap_blks_read + coalesce(u.idx_blks_read, 0) + coalesce(u.toast_blks_read, 0) + coalesce(u.tidx_blks_read, 0)
        AS blks_read
FROM pg_catalog.pg_statio_user_tables AS u
WHERE u.relid = ANY ($1::oid[])
