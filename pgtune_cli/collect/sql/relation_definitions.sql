-- reads: partition keys and bounds, and the queries of views, as PostgreSQL prints them
-- needs: any login
SELECT /* pgtune */
    c.oid,
    CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
    CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS view_definition
FROM pg_catalog.pg_class AS c
WHERE c.oid = ANY ($1::oid[])
  AND (c.relkind IN ('p', 'v', 'm') OR c.relispartition)
