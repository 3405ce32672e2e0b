-- Operators whose function is neither PostgreSQL's nor a known extension's, and whether PostgreSQL has one of that name.
SELECT o.oprname AS name,
       bool_or(p.provolatile <> 'v') AS not_volatile,
       EXISTS (SELECT 1 FROM pg_catalog.pg_operator AS b WHERE b.oprname = o.oprname AND b.oid < 16384) AS shadows,
       array_remove(array_agg(DISTINCT l.typname::text) || array_agg(DISTINCT r.typname::text), NULL) AS types,
       bool_or(coalesce(l.oid, 0) < 16384 AND coalesce(r.oid, 0) < 16384) AS builtin_types
  FROM pg_catalog.pg_operator AS o
  JOIN pg_catalog.pg_proc AS p ON p.oid = o.oprcode
  LEFT JOIN pg_catalog.pg_type AS l ON l.oid = o.oprleft
  LEFT JOIN pg_catalog.pg_type AS r ON r.oid = o.oprright
 WHERE p.oid >= 16384
   AND NOT EXISTS (
       SELECT 1
         FROM pg_catalog.pg_depend AS d
         JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
          AND d.objid = p.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
          AND d.deptype = 'e'
          AND e.extname = ANY ($1::text[]))
 GROUP BY o.oprname
