-- reads: the expressions of extended statistics, in their order (14 and later)
-- needs: any login
SELECT /* pgtune */
    n.nspname::text AS schema,
    s.stxname::text AS name,
    pg_get_statisticsobjdef_expressions(s.oid) AS expressions
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
WHERE s.stxrelid = ANY ($1::oid[])
