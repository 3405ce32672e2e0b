-- reads: enums, domains, composite, range and base types outside the system's schemas
-- needs: any login
SELECT /* pgtune */
    n.nspname::text AS schema,
    t.typname::text AS name,
    t.typtype::text AS kind,
    x.extname::text AS extension,
    ARRAY(
        SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder
    ) AS labels,
    CASE t.typtype
        WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
        WHEN 'r' THEN (SELECT format_type(r.rngsubtype, NULL) FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid)
        -- a built-in type by another name: stored, read and printed alike
        WHEN 'b' THEN (
            SELECT min(format_type(b.oid, NULL))
            FROM pg_catalog.pg_type AS b
            JOIN pg_catalog.pg_proc AS bi ON bi.oid = b.typinput
            JOIN pg_catalog.pg_proc AS bo ON bo.oid = b.typoutput
            JOIN pg_catalog.pg_proc AS ti ON ti.oid = t.typinput
            JOIN pg_catalog.pg_proc AS tp ON tp.oid = t.typoutput
            WHERE b.typnamespace = 'pg_catalog'::regnamespace
              AND b.typtype = 'b'
              AND b.typelem = 0
              AND t.typelem = 0
              AND bi.prolang = ti.prolang
              AND bo.prolang = tp.prolang
              AND bi.prosrc = ti.prosrc
              AND bo.prosrc = tp.prosrc
              AND (b.typlen, b.typbyval, b.typalign, b.typstorage)
                  = (t.typlen, t.typbyval, t.typalign, t.typstorage)
        )
    END AS base_type,
    (
        SELECT json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)::text
        FROM pg_catalog.pg_attribute AS a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS attributes,
    t.typnotnull AS not_null,
    ARRAY(
        SELECT pg_get_constraintdef(k.oid)
        FROM pg_catalog.pg_constraint AS k
        WHERE k.contypid = t.oid AND k.contype = 'c'
        ORDER BY k.conname
    ) AS checks,
    CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END AS "default",
    (
        SELECT cn.nspname || '.' || co.collname
        FROM pg_catalog.pg_collation AS co
        JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
        LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid
        JOIN pg_catalog.pg_type AS below ON below.oid = coalesce(r.rngsubtype, nullif(t.typbasetype, 0))
        WHERE co.oid = coalesce(r.rngcollation, t.typcollation) AND co.oid <> below.typcollation
    ) AS collation,
    (
        SELECT m.typname::text
        FROM pg_catalog.pg_range AS r
        -- 14 and later
        JOIN pg_catalog.pg_type AS m ON m.oid = (to_jsonb(r) ->> 'rngmultitypid')::oid
        WHERE r.rngtypid = t.oid AND m.typnamespace = t.typnamespace
    ) AS multirange,
    (
        SELECT quote_ident(cn.nspname) || '.' || quote_ident(oc.opcname)
        FROM pg_catalog.pg_range AS r
        JOIN pg_catalog.pg_opclass AS oc ON oc.oid = r.rngsubopc
        JOIN pg_catalog.pg_namespace AS cn ON cn.oid = oc.opcnamespace
        WHERE r.rngtypid = t.oid AND NOT oc.opcdefault
    ) AS subtype_opclass,
    (
        SELECT quote_ident(fn.nspname) || '.' || quote_ident(f.proname)
        FROM pg_catalog.pg_range AS r
        JOIN pg_catalog.pg_proc AS f ON f.oid = r.rngsubdiff
        JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace
        WHERE r.rngtypid = t.oid
    ) AS subtype_diff
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
LEFT JOIN pg_catalog.pg_depend AS e
    ON e.classid = 'pg_catalog.pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS x ON x.oid = e.refobjid
WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b')
  AND (c.oid IS NULL OR c.relkind = 'c')
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type AS element WHERE element.typarray = t.oid)
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
