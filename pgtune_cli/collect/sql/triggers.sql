-- reads: the triggers of the relations, those of constraints left out
-- needs: any login
SELECT /* pgtune */
    t.tgrelid AS oid,
    t.tgname::text AS name,
    t.tgenabled::text AS enabled,
    pg_get_triggerdef(t.oid) AS definition
FROM pg_catalog.pg_trigger AS t
WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal
ORDER BY t.tgrelid, t.tgname
