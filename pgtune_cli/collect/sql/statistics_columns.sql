-- reads: which columns pg_stats has on this server (those of ranges came with 17)
-- needs: any login
SELECT /* pgtune */ a.attname::text AS name
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = 'pg_catalog.pg_stats'::regclass AND a.attnum > 0
