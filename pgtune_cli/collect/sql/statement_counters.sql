-- reads: the counters of the statements of this database, with the beginning of each text
-- needs: pg_read_all_stats (a part of pg_monitor) for the statements of other roles
SELECT /* pgtune */
    s.userid,
    s.queryid,
    pg_get_userbyid(s.userid)::text AS role,
    (to_jsonb(s) - 'query')::text AS counters,
    -- as bytes: an SQL_ASCII database may hold any
    convert_to(left(s.query, 2000), CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END) AS head,
    position('/* pgtune */' IN s.query) > 0 AS own,
    -- texts that differ in the length of an IN list only belong together
    md5(regexp_replace(left(s.query, 8000), '\$[0-9]+(\s*,\s*\$[0-9]+)*', '$', 'g')) AS family
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
