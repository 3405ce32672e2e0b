-- reads: how tables were used since the counters were reset
-- needs: any login
SELECT /* pgtune */
    u.relid AS oid,
    u.schemaname::text AS schema,
    u.relname::text AS name,
    u.seq_scan,
    u.seq_tup_read,
    u.idx_scan,
    u.n_tup_ins,
    u.n_tup_upd,
    u.n_tup_del,
    u.n_tup_hot_upd,
    u.n_live_tup,
    u.n_dead_tup,
    u.n_mod_since_analyze,
    to_char(greatest(u.last_analyze, u.last_autoanalyze) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        AS last_analyze,
    (extract(epoch FROM clock_timestamp() - greatest(u.last_analyze, u.last_autoanalyze)) / 86400)::float8
        AS analyzed_days,
    to_char(greatest(u.last_vacuum, u.last_autovacuum) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        AS last_vacuum,
    -- n_tup_newpage_upd came with 16
    (to_jsonb(u) ->> 'n_tup_newpage_upd')::int8 AS n_tup_newpage_upd,
    u.n_ins_since_vacuum,
    u.vacuum_count + u.autovacuum_count AS vacuums
FROM pg_catalog.pg_stat_user_tables AS u
WHERE u.relid = ANY ($1::oid[])
