-- reads: whether this version of pg_stat_statements has pg_stat_statements_info
-- needs: any login
SELECT /* pgtune */ count(*) > 0 AS has_info
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = 'pg_stat_statements_info' AND n.nspname = $1::text
