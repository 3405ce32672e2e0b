-- reads: sequences, how far they are, and the columns that they fill
-- needs: USAGE or SELECT on a sequence for its position
SELECT /* pgtune */
    n.nspname::text AS schema,
    c.relname::text AS name,
    format_type(q.seqtypid, NULL) AS type,
    q.seqstart AS start,
    q.seqmin AS minimum,
    q.seqmax AS maximum,
    q.seqincrement AS increment,
    q.seqcycle AS cycle,
    v.last_value,
    has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable,
    t.nspname::text AS table_schema,
    t.relname::text AS table_name,
    t.attname::text AS "column"
FROM pg_catalog.pg_sequence AS q
JOIN pg_catalog.pg_class AS c ON c.oid = q.seqrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_sequences AS v ON v.schemaname = n.nspname AND v.sequencename = c.relname
LEFT JOIN LATERAL (
    -- owned by the column, or the default of a column of one table
    SELECT tn.nspname, tc.relname, ta.attname
    FROM (
        SELECT o.refobjid AS relid, o.refobjsubid AS attnum, 0 AS place
        FROM pg_catalog.pg_depend AS o
        WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid
          AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0
        UNION ALL
        SELECT f.adrelid, f.adnum, 1
        FROM pg_catalog.pg_depend AS p
        JOIN pg_catalog.pg_attrdef AS f ON f.oid = p.objid
        WHERE p.classid = 'pg_catalog.pg_attrdef'::regclass
          AND p.refclassid = 'pg_catalog.pg_class'::regclass AND p.refobjid = c.oid
    ) AS used
    JOIN pg_catalog.pg_class AS tc ON tc.oid = used.relid
    JOIN pg_catalog.pg_namespace AS tn ON tn.oid = tc.relnamespace
    JOIN pg_catalog.pg_attribute AS ta ON ta.attrelid = used.relid AND ta.attnum = used.attnum
    ORDER BY used.place, tn.nspname, tc.relname, used.attnum
    LIMIT 1
) AS t ON true
WHERE n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND c.relpersistence <> 't'
