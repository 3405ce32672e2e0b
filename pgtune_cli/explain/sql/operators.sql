-- Operators whose function is neither PostgreSQL's nor a known extension's, and whether PostgreSQL has one of that name.
WITH {owned}
SELECT o.oprname AS name,
       bool_or(f.provolatile = 'v') AS volatile,
       EXISTS (SELECT 1 FROM pg_catalog.pg_operator AS b WHERE b.oprname = o.oprname AND b.oid < 16384) AS shadows,
       array_remove(array_agg(DISTINCT l.typname::text) || array_agg(DISTINCT r.typname::text), NULL) AS types,
       bool_or(coalesce(l.oid, 0) < 16384 AND coalesce(r.oid, 0) < 16384) AS builtin_types
  FROM pg_catalog.pg_operator AS o
 CROSS JOIN LATERAL unnest(ARRAY[o.oprcode, o.oprrest, o.oprjoin]::oid[]) AS u (oid)
  JOIN foreign_function AS f ON f.oid = u.oid
  LEFT JOIN pg_catalog.pg_type AS l ON l.oid = o.oprleft
  LEFT JOIN pg_catalog.pg_type AS r ON r.oid = o.oprright
 GROUP BY o.oprname
