-- reads: the extensions of this database
-- needs: any login
SELECT /* pgtune */
    e.extname::text AS name,
    e.extversion AS version,
    n.nspname::text AS schema,
    quote_ident(n.nspname) AS schema_sql
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
