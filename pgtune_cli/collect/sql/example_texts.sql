-- reads: pg_qualstats' example texts of the chosen statements, where that extension is
-- needs: pg_qualstats in shared_preload_libraries, and EXECUTE on its functions
SELECT /* pgtune */
    e.queryid,
    convert_to(e.query, CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END) AS query
FROM {qualstats}.pg_qualstats_example_queries() AS e
WHERE e.queryid = ANY ($1::text[]::int8[])
  -- a text of the greatest length may have lost its end
  AND octet_length(e.query) < (
        SELECT s.setting::int FROM pg_catalog.pg_settings AS s WHERE s.name = 'track_activity_query_size'
  ) - 1
