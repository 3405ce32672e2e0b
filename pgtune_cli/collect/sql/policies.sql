-- reads: the row security policies of the relations
-- needs: any login
SELECT /* pgtune */
    p.polrelid AS oid,
    p.polname::text AS name,
    p.polcmd::text AS command,
    p.polpermissive AS permissive,
    ARRAY(
        SELECT r.rolname::text FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY (p.polroles) ORDER BY r.rolname
    ) AS roles,
    pg_get_expr(p.polqual, p.polrelid) AS "using",
    pg_get_expr(p.polwithcheck, p.polrelid) AS "check"
FROM pg_catalog.pg_policy AS p
WHERE p.polrelid = ANY ($1::oid[])
ORDER BY p.polrelid, p.polname
