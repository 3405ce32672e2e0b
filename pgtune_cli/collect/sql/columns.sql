-- reads: the columns of the relations, with their types, defaults and collations
-- needs: any login
SELECT /* pgtune */
    c.oid,
    a.attnum,
    a.attname::text AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    -- from 18 on it may be NOT VALID: older rows may be NULL
    a.attnotnull AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated
    ) AS not_null,
    pg_get_expr(d.adbin, d.adrelid) AS "default",
    a.attgenerated::text AS generated,
    a.attidentity::text AS identity,
    CASE WHEN a.attcollation <> t.typcollation THEN cn.nspname || '.' || co.collname END AS collation,
    a.attstorage::text AS storage,
    nullif(a.attstattarget, -1)::int AS statistics_target
FROM pg_catalog.pg_class AS c
-- a table without columns has one row too
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation AS co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
WHERE c.oid = ANY ($1::oid[])
ORDER BY c.oid, a.attnum
