-- reads: the settings that plans and statistics depend on; what pgtune itself SETs, as it was before
-- needs: any login (shared_preload_libraries is shown to pg_read_all_settings only)
SELECT /* pgtune */
    s.name,
    CASE WHEN s.name = ANY ($2::text[]) THEN s.reset_val ELSE s.setting END AS setting
FROM pg_catalog.pg_settings AS s
WHERE s.name = ANY ($1::text[])
