-- reads: settings of ALTER ROLE and ALTER DATABASE that hold in this database
-- needs: any login
SELECT /* pgtune */
    CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole)::text END AS role,
    split_part(c.entry, '=', 1) AS name,
    substr(c.entry, strpos(c.entry, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL unnest(s.setconfig) AS c (entry)
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
WHERE (s.setdatabase = 0 OR d.datname = current_database())
  AND split_part(c.entry, '=', 1) = ANY ($1::text[])
-- what is set for role and database wins over what is set for the role alone
ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC, role, name
