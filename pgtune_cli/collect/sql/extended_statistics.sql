-- reads: what CREATE STATISTICS covers
-- needs: any login
SELECT /* pgtune */
    s.stxrelid AS oid,
    n.nspname::text AS schema,
    s.stxname::text AS name,
    s.stxkind::text[] AS kinds,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(s.stxkeys::int2[]) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.stxrelid AND a.attnum = u.attnum
        ORDER BY u.place
    ) AS columns,
    pg_get_statisticsobjdef(s.oid) AS definition
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
WHERE s.stxrelid = ANY ($1::oid[])
