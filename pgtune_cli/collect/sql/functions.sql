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
    CASE WHEN p.prokind <> 'a' AND x.oid IS NULL THEN pg_get_functiondef(p.oid) END AS definition,
    CASE WHEN l.lanname = 'internal' AND x.oid IS NULL THEN p.prosrc END AS source,
    CASE WHEN x.oid IS NULL THEN (
        SELECT format(
            'CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s%s%s%s%s%s%s%s, PARALLEL = %s)',
            n.nspname, p.proname, coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*'),
            a.aggtransfn::text, format_type(a.aggtranstype, NULL),
            CASE WHEN a.aggtransspace > 0 THEN ', SSPACE = ' || a.aggtransspace ELSE '' END,
            CASE WHEN a.aggfinalfn <> 0 THEN ', FINALFUNC = ' || a.aggfinalfn::text ELSE '' END,
            CASE WHEN a.aggcombinefn <> 0 THEN ', COMBINEFUNC = ' || a.aggcombinefn::text ELSE '' END,
            CASE WHEN a.aggserialfn <> 0 THEN ', SERIALFUNC = ' || a.aggserialfn::text ELSE '' END,
            CASE WHEN a.aggdeserialfn <> 0 THEN ', DESERIALFUNC = ' || a.aggdeserialfn::text ELSE '' END,
            CASE WHEN a.agginitval IS NOT NULL THEN ', INITCOND = ' || quote_literal(a.agginitval) ELSE '' END,
            (
                SELECT ', SORTOP = OPERATOR(' || quote_ident(sn.nspname) || '.' || so.oprname || ')'
                FROM pg_catalog.pg_operator AS so
                JOIN pg_catalog.pg_namespace AS sn ON sn.oid = so.oprnamespace
                WHERE so.oid = a.aggsortop
            ),
            CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END
        )
        FROM pg_catalog.pg_aggregate AS a
        WHERE a.aggfnoid = p.oid AND a.aggkind = 'n'
    ) END AS aggregate
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
