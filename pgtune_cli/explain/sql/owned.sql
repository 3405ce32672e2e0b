-- Functions made by neither PostgreSQL nor a known extension ($1 names those). Who owns an extension can add functions
-- to it, but not in C; those in SQL are told by their bodies.
owned AS (
  SELECT p.oid, p.proname, p.provolatile, l.lanname
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
   WHERE NOT (p.oid < 16384 AND l.lanname IN ('internal', 'c', 'sql'))
     AND NOT (l.lanname IN ('internal', 'c', 'sql') AND EXISTS (
             SELECT 1
               FROM pg_catalog.pg_depend AS d
               JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
              WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                AND d.objid = p.oid
                AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                AND d.deptype = 'e'
                AND e.extname = ANY ($1::text[])))
     AND NOT (
             -- the constructors that CREATE TYPE makes for a range: PostgreSQL's own code, and part of the type
             l.lanname = 'internal' AND p.prosrc ~ '^(range|multirange)_constructor[0-3]$' AND EXISTS (
             SELECT 1
               FROM pg_catalog.pg_depend AS d
              WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                AND d.objid = p.oid
                AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                AND d.deptype = 'i'))
), foreign_function AS (
  -- where nobody looks at bodies: what is written in SQL counts as owned, wherever it is from
  SELECT o.oid, o.proname, o.provolatile FROM owned AS o
   UNION
  SELECT p.oid, p.proname, p.provolatile
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
   WHERE p.oid >= 16384 AND l.lanname = 'sql'
)
