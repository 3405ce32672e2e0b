-- reads: the counters of this database, the age of its oldest transaction id, and since when the server runs
-- needs: any login
SELECT /* pgtune */
    -- several columns came with 14 and 18
    to_jsonb(s)::text AS counters,
    age(d.datfrozenxid) AS xid_age,
    mxid_age(d.datminmxid) AS multixact_age,
    (extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) / 86400)::float8 AS uptime_days
FROM pg_catalog.pg_database AS d
JOIN pg_catalog.pg_stat_database AS s ON s.datid = d.oid
WHERE d.datname = current_database()
