-- reads: the constraints of the relations
-- needs: any login
SELECT /* pgtune */
    k.conrelid AS oid,
    k.conname::text AS name,
    k.contype::text AS type,
    pg_get_constraintdef(k.oid) AS definition,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
        ORDER BY u.place
    ) AS columns,
    fn.nspname::text AS references_schema,
    f.relname::text AS references_name,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
        ORDER BY u.place
    ) AS referenced_columns,
    CASE WHEN k.contype = 'f' THEN k.confdeltype::text ELSE '' END AS on_delete,
    CASE WHEN k.contype = 'f' THEN k.confupdtype::text ELSE '' END AS on_update,
    k.convalidated AS validated
FROM pg_catalog.pg_constraint AS k
LEFT JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid AND k.contype = 'f'
LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
LEFT JOIN pg_catalog.pg_constraint AS parent ON parent.oid = k.conparentid
WHERE k.conrelid = ANY ($1::oid[])
  AND k.contype IN ('p', 'u', 'f', 'c', 'x', 'n')
  -- a foreign key to a partitioned table has a copy for each partition
  AND parent.conrelid IS DISTINCT FROM k.conrelid
