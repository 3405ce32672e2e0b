-- reads: casts that are neither built in nor part of an extension
-- needs: any login
SELECT /* pgtune */
    format_type(c.castsource, NULL) AS source,
    format_type(c.casttarget, NULL) AS target,
    c.castmethod::text AS method,
    c.castcontext::text AS context,
    CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function
FROM pg_catalog.pg_cast AS c
-- what initdb made has a lower oid; the casts of range types come and go with their type
WHERE c.oid >= 16384
  AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS e
        WHERE e.classid = 'pg_catalog.pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i')
  )
