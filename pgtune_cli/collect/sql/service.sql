-- reads: what a managed service shows of itself: roles, databases, functions and settings of its own
-- needs: any login
SELECT /* pgtune */ 'role' AS kind, r.rolname::text AS name
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = ANY ($1::text[])
UNION
SELECT 'database', d.datname::text
FROM pg_catalog.pg_database AS d
WHERE d.datname = ANY ($2::text[])
UNION
SELECT 'function', p.proname::text
FROM pg_catalog.pg_proc AS p
WHERE p.proname = ANY ($3::text[])
UNION
-- a setting that nobody declared is not in pg_settings
SELECT 'setting', k.name
FROM unnest($4::text[]) AS k (name)
WHERE current_setting(k.name, true) IS NOT NULL
UNION
SELECT 'setting', s.name
FROM pg_catalog.pg_settings AS s
WHERE split_part(s.name, '.', 1) = ANY ($5::text[])
