-- reads: functions, procedures and aggregates outside the system's schemas
-- needs: any login
SELECT /* pgtune */
    n.nspname::text AS schema,
    p.proname::text AS name,
    pg_get_function_identity_arguments(p.oid) AS arguments,
    coalesce(pg_get_function_result(p.oid), '') AS result,
    l.lanname::text AS language,
    p.prokind::text AS kind,
    p.provolatile::text AS volatility,
    p.proisstrict AS strict,
    p.prosecdef AS security_definer,
    x.extname::text AS extension,
    CASE WHEN p.prokind <> 'a' AND x.oid IS NULL THEN pg_get_functiondef(p.oid) END AS definition
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_depend AS e
    ON e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS x ON x.oid = e.refobjid
WHERE NOT EXISTS (
        -- the constructors of range types come and go with their type
        SELECT 1
        FROM pg_catalog.pg_depend AS i
        WHERE i.classid = 'pg_catalog.pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i'
  )
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
