-- reads: text search dictionaries outside the system's schemas and not part of an extension
-- needs: any login
SELECT /* pgtune */
    n.nspname::text AS schema,
    d.dictname::text AS name,
    quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) AS template,
    d.dictinitoption AS options
FROM pg_catalog.pg_ts_dict AS d
JOIN pg_catalog.pg_namespace AS n ON n.oid = d.dictnamespace
JOIN pg_catalog.pg_ts_template AS t ON t.oid = d.dicttemplate
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.tmplnamespace
WHERE n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS e
        WHERE e.classid = 'pg_catalog.pg_ts_dict'::regclass AND e.objid = d.oid AND e.deptype = 'e'
  )
