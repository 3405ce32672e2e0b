-- reads: relations that another session locks, or waits to lock, against every reader (a migration, VACUUM FULL)
-- needs: any login
SELECT /* pgtune */ DISTINCT
    coalesce(i.indrelid, l.relation) AS oid
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = l.relation
WHERE l.locktype = 'relation'
  AND l.mode = 'AccessExclusiveLock'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND l.pid IS DISTINCT FROM pg_backend_pid()
