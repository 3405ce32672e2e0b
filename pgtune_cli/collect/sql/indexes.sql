-- reads: the indexes of the relations, key by key
-- needs: any login
SELECT /* pgtune */
    i.indexrelid AS oid,
    i.indrelid AS table_oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    am.amname::text AS method,
    i.indisunique AS "unique",
    i.indisprimary AS "primary",
    i.indisvalid AS valid,
    i.indisready AS ready,
    i.indimmediate AS immediate,
    i.indisexclusion AS exclusion,
    -- indnullsnotdistinct came with 15
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) AS nulls_not_distinct,
    i.indisreplident AS replica_identity,
    i.indisclustered AS clustered,
    con.conname::text AS "constraint",
    parent_schema.nspname::text AS parent_schema,
    parent.relname::text AS parent_name,
    pg_get_indexdef(i.indexrelid) AS definition,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    (SELECT t.spcname::text FROM pg_catalog.pg_tablespace AS t WHERE t.oid = c.reltablespace) AS tablespace,
    c.relpages,
    c.reltuples::float8 AS reltuples,
    keys.keys::text AS keys,
    ARRAY(
        SELECT a.attname::text
        FROM generate_series(i.indnkeyatts, i.indnatts - 1) AS k
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]
        ORDER BY k
    ) AS include
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_constraint AS con ON con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_inherits AS inh ON inh.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_class AS parent ON parent.oid = inh.inhparent
LEFT JOIN pg_catalog.pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object(
        'column', a.attname,
        'expression', CASE WHEN i.indkey[k] = 0 THEN pg_get_indexdef(i.indexrelid, k + 1, false) END,
        'descending', i.indoption[k] & 1 = 1,
        'nulls_first', i.indoption[k] & 2 = 2,
        'opclass', CASE
            WHEN NOT oc.opcdefault OR ia.attoptions IS NOT NULL THEN
                CASE WHEN ocn.nspname <> 'pg_catalog' THEN ocn.nspname || '.' ELSE '' END || oc.opcname
                || coalesce('(' || array_to_string(ia.attoptions, ', ') || ')', '')
        END,
        'collation', CASE
            WHEN i.indcollation[k] <> coalesce(a.attcollation, t.typcollation) THEN con.nspname || '.' || co.collname
        END
    ) ORDER BY k) AS keys
    FROM generate_series(0, i.indnkeyatts - 1) AS k
    JOIN pg_catalog.pg_attribute AS ia ON ia.attrelid = i.indexrelid AND ia.attnum = k + 1
    JOIN pg_catalog.pg_type AS t ON t.oid = ia.atttypid
    JOIN pg_catalog.pg_opclass AS oc ON oc.oid = i.indclass[k]
    JOIN pg_catalog.pg_namespace AS ocn ON ocn.oid = oc.opcnamespace
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k] AND a.attnum <> 0
    LEFT JOIN pg_catalog.pg_collation AS co ON co.oid = i.indcollation[k]
    LEFT JOIN pg_catalog.pg_namespace AS con ON con.oid = co.collnamespace
) AS keys
WHERE i.indrelid = ANY ($1::oid[])
