-- reads: index scans of the transaction itself, which are pgtune's own
-- needs: any login
SELECT /* pgtune */
    i.indexrelid AS oid,
    pg_stat_get_xact_numscans(i.indexrelid) AS scans
FROM pg_catalog.pg_index AS i
WHERE ($1::oid[] IS NULL OR i.indexrelid = ANY ($1::oid[]))
    AND i.indexrelid >= 16384
    AND pg_stat_get_xact_numscans(i.indexrelid) > 0
