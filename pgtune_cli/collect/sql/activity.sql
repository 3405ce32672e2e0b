-- reads: the texts that other sessions of this database run now, or ended with since the window began
-- needs: pg_read_all_stats (a part of pg_monitor) for the sessions of other roles
SELECT /* pgtune */
    a.pid,
    extract(epoch FROM a.query_start)::float8 AS started,
    convert_to(a.query, CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END) AS query
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = current_database()
  AND a.pid <> pg_backend_pid()
  AND (
        -- of a session that this role may not see, nothing else is shown
        a.query = '<insufficient privilege>'
        OR a.backend_type = 'client backend'
        AND a.application_name NOT LIKE 'pgtune/%'
        AND (a.state = 'active' OR a.state LIKE 'idle%' AND extract(epoch FROM a.query_start) >= $1::float8)
  )
  -- a text of the greatest length may have lost its end
  AND octet_length(a.query) < (
        SELECT s.setting::int FROM pg_catalog.pg_settings AS s WHERE s.name = 'track_activity_query_size'
  ) - 1
