-- reads: replication slots, and how much WAL each holds back
-- needs: any login
SELECT /* pgtune */
    s.slot_name::text AS name,
    s.slot_type::text AS kind,
    s.active,
    s.wal_status::text AS wal_status,
    pg_wal_lsn_diff(
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn
    )::int8 AS retained_bytes,
    greatest(age(s.xmin), age(s.catalog_xmin)) AS xmin_age
FROM pg_catalog.pg_replication_slots AS s
ORDER BY s.slot_name
