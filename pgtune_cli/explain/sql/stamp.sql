-- Tells whether code was changed: it is asked again before each execution.
SELECT pg_catalog.md5(pg_catalog.string_agg(n::text || ' ' || s::text, ',')) AS stamp
  FROM (
       SELECT count(*) AS n, sum(pg_catalog.hashtext(concat(oid, ' ', xmin))) AS s FROM pg_catalog.pg_proc
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin))) FROM pg_catalog.pg_operator
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin))) FROM pg_catalog.pg_cast
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin))) FROM pg_catalog.pg_amproc
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin))) FROM pg_catalog.pg_rewrite
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin))) FROM pg_catalog.pg_policy
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin)))
         FROM pg_catalog.pg_constraint WHERE contypid <> 0
        UNION ALL
       SELECT count(*), sum(pg_catalog.hashtext(concat(oid, ' ', xmin)))
         FROM pg_catalog.pg_type WHERE typtype IN ('b', 'd', 'r', 'm') AND typcategory <> 'A'
       ) AS code (n, s)
