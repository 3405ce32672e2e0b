-- reads: tables, views, materialized and foreign tables outside the system's schemas and not part of an extension
-- needs: any login
SELECT /* pgtune */
    c.oid,
    n.nspname::text AS schema,
    quote_ident(n.nspname) AS schema_sql,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name_sql,
    c.relname::text AS name,
    c.relkind::text AS kind,
    pg_get_userbyid(c.relowner)::text AS owner,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner_sql,
    pg_has_role(c.relowner, 'USAGE') AS owned,
    has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') AS readable,
    c.relpersistence::text AS persistence,
    c.relrowsecurity AS row_security,
    c.relforcerowsecurity AS force_row_security,
    (SELECT t.spcname::text FROM pg_catalog.pg_tablespace AS t WHERE t.oid = c.reltablespace) AS tablespace,
    row_security_active(c.oid) AS row_security_active,
    c.relpages,
    c.reltuples::float8 AS reltuples,
    c.relallvisible,
    coalesce(c.reloptions, '{}') AS options,
    c.relispartition AS is_partition,
    c.relreplident::text AS replica_identity,
    ARRAY(
        SELECT i.inhparent FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno
    ) AS parents,
    -- the older of the table and what it keeps out of line; views and partitioned tables have no such age
    greatest(
        CASE WHEN c.relfrozenxid <> '0'::xid THEN age(c.relfrozenxid) END,
        CASE WHEN t.relfrozenxid <> '0'::xid THEN age(t.relfrozenxid) END
    ) AS xid_age,
    greatest(
        CASE WHEN c.relminmxid <> '0'::xid THEN mxid_age(c.relminmxid) END,
        CASE WHEN t.relminmxid <> '0'::xid THEN mxid_age(t.relminmxid) END
    ) AS multixact_age
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS e
        WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
