-- reads: the tablespaces with costs of their own
-- needs: any login
SELECT /* pgtune */
    t.spcname::text AS name,
    t.spcoptions AS options,
    t.oid = (SELECT d.dattablespace FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()) AS of_database
FROM pg_catalog.pg_tablespace AS t
WHERE t.spcoptions IS NOT NULL
ORDER BY t.spcname
