-- Tells whether code was changed: it is asked again before each execution, where the role's own search_path is in force.
-- So all that is called is qualified.
SELECT pg_catalog.concat(pg_catalog.count(*), ' ',
         pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(kind, ' ', oid, ' ', xmin)))) AS stamp
  FROM (
       SELECT 1, oid, xmin FROM pg_catalog.pg_proc
        UNION ALL
       SELECT 2, oid, xmin FROM pg_catalog.pg_operator
        UNION ALL
       SELECT 3, oid, xmin FROM pg_catalog.pg_cast
        UNION ALL
       SELECT 4, oid, xmin FROM pg_catalog.pg_amproc
        UNION ALL
       SELECT 5, oid, xmin FROM pg_catalog.pg_rewrite
        UNION ALL
       SELECT 6, oid, xmin FROM pg_catalog.pg_policy
        UNION ALL
       SELECT 7, oid, xmin FROM pg_catalog.pg_constraint WHERE contypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
        UNION ALL
       SELECT 8, oid, xmin
         FROM pg_catalog.pg_type
        WHERE typtype OPERATOR(pg_catalog.=) ANY ('{b,d,r,m}'::pg_catalog."char"[])
          AND typcategory OPERATOR(pg_catalog.<>) 'A'::pg_catalog."char"
       ) AS code (kind, oid, xmin)
