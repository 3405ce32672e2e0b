-- reads: which server this is, as its own control file says
-- needs: any login, unless EXECUTE was revoked
SELECT /* pgtune */
    s.system_identifier::text AS system,
    c.timeline_id AS timeline
FROM pg_catalog.pg_control_system() AS s
CROSS JOIN pg_catalog.pg_control_checkpoint() AS c
