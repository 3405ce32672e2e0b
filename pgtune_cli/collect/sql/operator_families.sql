-- reads: operator families of btree and hash outside the system's schemas and not part of an extension
-- needs: any login
SELECT /* pgtune */
    am.amname::text AS method,
    n.nspname::text AS schema,
    f.opfname::text AS name,
    (
        SELECT json_agg(json_build_array(cn.nspname, c.opcname, format_type(c.opcintype, NULL), c.opcdefault))::text
        FROM pg_catalog.pg_opclass AS c
        JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.opcnamespace
        WHERE c.opcfamily = f.oid
    ) AS classes,
    (
        SELECT json_agg(json_build_array(o.amopstrategy, o.amopopr::regoperator::text) ORDER BY o.oid)::text
        FROM pg_catalog.pg_amop AS o
        WHERE o.amopfamily = f.oid AND o.amoppurpose = 's'
    ) AS operators,
    (
        SELECT json_agg(json_build_array(p.amprocnum, p.amproc::oid::regprocedure::text) ORDER BY p.oid)::text
        FROM pg_catalog.pg_amproc AS p
        WHERE p.amprocfamily = f.oid
    ) AS functions
FROM pg_catalog.pg_opfamily AS f
JOIN pg_catalog.pg_am AS am ON am.oid = f.opfmethod
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.opfnamespace
WHERE am.amname IN ('btree', 'hash')
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS e
        WHERE e.classid = 'pg_catalog.pg_opfamily'::regclass AND e.objid = f.oid AND e.deptype = 'e'
  )
