-- reads: text search configurations outside the system's schemas and not part of an extension
-- needs: any login
SELECT /* pgtune */
    n.nspname::text AS schema,
    c.cfgname::text AS name,
    quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) AS parser,
    (
        SELECT json_agg(json_build_array(m.alias, m.dictionaries) ORDER BY m.tokid)::text
        FROM (
            SELECT
                k.tokid,
                k.alias,
                json_agg(quote_ident(dn.nspname) || '.' || quote_ident(d.dictname) ORDER BY x.mapseqno) AS dictionaries
            FROM ts_token_type(c.cfgparser) AS k
            JOIN pg_catalog.pg_ts_config_map AS x ON x.mapcfg = c.oid AND x.maptokentype = k.tokid
            JOIN pg_catalog.pg_ts_dict AS d ON d.oid = x.mapdict
            JOIN pg_catalog.pg_namespace AS dn ON dn.oid = d.dictnamespace
            GROUP BY k.tokid, k.alias
        ) AS m
    ) AS mappings
FROM pg_catalog.pg_ts_config AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.cfgnamespace
JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.prsnamespace
WHERE n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  -- another one's parser is code
  AND pn.nspname = 'pg_catalog'
  AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS e
        WHERE e.classid = 'pg_catalog.pg_ts_config'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
