-- One row per function name, over all its overloads. "owned": made by someone other than PostgreSQL or a known extension.
SELECT p.proname AS name,
       bool_or(p.provolatile = 'v') AS volatile,
       bool_or(owned.yes) AS owned,
       bool_or(owned.yes AND p.provolatile <> 'v') AS owned_not_volatile,
       bool_or(owned.yes AND p.pronargs = 1 AND a.typtype IN ('c', 'p')) AS owned_takes_row,
       min(n.nspname) FILTER (WHERE owned.yes) AS schema
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_type AS a ON a.oid = p.proargtypes[0]
  CROSS JOIN LATERAL (
       SELECT p.oid >= 16384 AND NOT EXISTS (
              SELECT 1
                FROM pg_catalog.pg_depend AS d
                JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
               WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                 AND d.objid = p.oid
                 AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                 AND d.deptype = 'e'
                 AND e.extname = ANY ($1::text[]))
          AND NOT EXISTS (
              -- the constructors that CREATE TYPE makes for a range: PostgreSQL's own code, and part of the type
              SELECT 1
                FROM pg_catalog.pg_depend AS d
                JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
               WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                 AND d.objid = p.oid
                 AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                 AND d.deptype = 'i'
                 AND l.lanname = 'internal'
                 AND p.prosrc ~ '^(range|multirange)_constructor[0-3]$') AS yes
       ) AS owned
 GROUP BY p.proname
