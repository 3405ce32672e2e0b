-- Types that run code of neither PostgreSQL nor a known extension when they are read, compared, ordered or cast.
-- "always": what every statement may use without naming it.
WITH {owned}, own_range AS (
  SELECT r.rngtypid AS oid,
         CASE WHEN EXISTS (SELECT 1 FROM foreign_function AS f WHERE f.oid IN (r.rngcanonical, r.rngsubdiff))
                THEN 'its range functions'
              WHEN EXISTS (
                   SELECT 1
                     FROM pg_catalog.pg_opclass AS c
                     JOIN pg_catalog.pg_amproc AS a ON a.amprocfamily = c.opcfamily
                     JOIN foreign_function AS f ON f.oid = a.amproc
                    WHERE c.oid = r.rngsubopc)
                THEN 'the operator class of its bounds'
              WHEN s.oid >= 16384 AND s.typtype <> 'e' AND NOT EXISTS (
                   SELECT 1
                     FROM pg_catalog.pg_depend AS d
                     JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
                    WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
                      AND d.objid = s.oid
                      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                      AND d.deptype = 'e'
                      AND e.extname = ANY ($1::text[]))
                THEN 'the type of its bounds'
         END AS what
    FROM pg_catalog.pg_range AS r
    JOIN pg_catalog.pg_type AS s ON s.oid = r.rngsubtype
), found AS (
  SELECT t.oid, 'its input and output' AS what, false AS always
    FROM pg_catalog.pg_type AS t
   CROSS JOIN LATERAL unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,
                                   t.typmodout]::oid[]) AS u (oid)
    JOIN foreign_function AS f ON f.oid = u.oid
   UNION
  SELECT t.oid, o.what, false
    FROM own_range AS o
    JOIN pg_catalog.pg_type AS t ON t.oid = o.oid OR EXISTS (
         -- the multirange of the range
         SELECT 1
           FROM pg_catalog.pg_depend AS d
          WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
            AND d.objid = t.oid
            AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
            AND d.refobjid = o.oid
            AND d.deptype = 'i')
   WHERE o.what IS NOT NULL
   UNION
  SELECT t.oid, 'operator class ' || c.opcname, t.oid < 16384
    FROM pg_catalog.pg_opclass AS c
    JOIN pg_catalog.pg_type AS t ON t.oid = c.opcintype
    JOIN pg_catalog.pg_amproc AS a ON a.amprocfamily = c.opcfamily
    JOIN foreign_function AS f ON f.oid = a.amproc
   WHERE c.opcdefault
   UNION
  SELECT t.oid, 'a cast by ' || f.proname, s.oid < 16384 AND g.oid < 16384
    FROM pg_catalog.pg_cast AS c
    JOIN foreign_function AS f ON f.oid = c.castfunc
    JOIN pg_catalog.pg_type AS s ON s.oid = c.castsource
    JOIN pg_catalog.pg_type AS g ON g.oid = c.casttarget
    JOIN pg_catalog.pg_type AS t ON t.oid IN (s.oid, g.oid)
   WHERE t.oid >= 16384 OR (s.oid < 16384 AND g.oid < 16384)
)
SELECT t.typname AS name, a.typname AS array_name, found.what, found.always
  FROM found
  JOIN pg_catalog.pg_type AS t ON t.oid = found.oid
  LEFT JOIN pg_catalog.pg_type AS a ON a.oid = t.typarray
