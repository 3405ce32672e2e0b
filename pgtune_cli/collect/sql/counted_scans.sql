-- reads: index scans of the transaction itself, which are pgtune's own
-- needs: any login
SELECT /* pgtune */
    i.indexrelid AS oid,
    pg_catalog.pg_stat_get_xact_numscans(i.indexrelid) AS scans
FROM pg_catalog.pg_index AS i
WHERE ($1::pg_catalog.oid[] IS NULL OR i.indexrelid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[]))
    AND i.indexrelid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    AND pg_catalog.pg_stat_get_xact_numscans(i.indexrelid) OPERATOR(pg_catalog.>) 0::pg_catalog.int8
