-- reads: roles and their memberships, where there are policies that ask for them
-- needs: any login
SELECT /* pgtune */
    r.rolname::text AS name,
    r.rolbypassrls OR r.rolsuper AS bypasses_row_security,
    ARRAY(
        SELECT g.rolname::text
        FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = r.oid
        ORDER BY g.rolname
    ) AS member_of
FROM pg_catalog.pg_roles AS r
WHERE r.rolname !~ '^pg_'
