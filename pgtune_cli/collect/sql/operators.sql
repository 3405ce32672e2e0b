-- reads: operators outside the system's schemas and not part of an extension
-- needs: any login
SELECT /* pgtune */
    n.nspname::text AS schema,
    o.oprname::text AS name,
    CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS left_type,
    CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END AS right_type,
    (
        SELECT quote_ident(fn.nspname) || '.' || quote_ident(f.proname)
        FROM pg_catalog.pg_proc AS f
        JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace
        WHERE f.oid = o.oprcode
    ) AS function,
    (
        SELECT 'OPERATOR(' || quote_ident(rn.nspname) || '.' || r.oprname || ')'
        FROM pg_catalog.pg_operator AS r
        JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.oprnamespace
        WHERE r.oid = o.oprcom
    ) AS commutator,
    (
        SELECT 'OPERATOR(' || quote_ident(rn.nspname) || '.' || r.oprname || ')'
        FROM pg_catalog.pg_operator AS r
        JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.oprnamespace
        WHERE r.oid = o.oprnegate
    ) AS negator,
    nullif(o.oprrest::text, '-') AS restrict,
    nullif(o.oprjoin::text, '-') AS join,
    o.oprcanhash AS hashes,
    o.oprcanmerge AS merges
FROM pg_catalog.pg_operator AS o
JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
WHERE n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS e
        WHERE e.classid = 'pg_catalog.pg_operator'::regclass AND e.objid = o.oid AND e.deptype = 'e'
  )
