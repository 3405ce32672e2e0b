-- reads: the whole texts of the chosen statements
-- needs: pg_read_all_stats (a part of pg_monitor) for the statements of other roles
SELECT /* pgtune */ DISTINCT ON (s.userid, s.queryid)
    s.userid,
    s.queryid,
    convert_to(s.query, CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END) AS query
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND s.queryid = ANY ($1::text[]::int8[])
ORDER BY s.userid, s.queryid, s.query
