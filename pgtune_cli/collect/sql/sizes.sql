-- reads: the size in bytes of tables, of what they keep out of line, and of indexes; NULL for what was just dropped
-- needs: any login
SELECT /* pgtune */
    c.oid,
    pg_relation_size(c.oid) AS bytes,
    CASE WHEN c.reltoastrelid <> 0 THEN pg_relation_size(c.reltoastrelid) END AS toast_bytes
FROM pg_catalog.pg_class AS c
WHERE c.oid = ANY ($1::oid[])
  AND c.relkind IN ('r', 'm', 'i')
