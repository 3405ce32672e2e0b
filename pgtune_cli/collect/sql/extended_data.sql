-- reads: what extended statistics hold: distinct combinations, dependencies, common values
-- needs: membership in the table's owner
SELECT /* pgtune */
    s.statistics_schemaname::text AS schema,
    s.statistics_name::text AS name,
    -- inherited came with 15
    coalesce((to_jsonb(s) ->> 'inherited')::bool, false) AS inherited,
    s.n_distinct::bytea AS n_distinct,
    s.dependencies::bytea AS dependencies,
    to_jsonb(s.most_common_vals)::text AS most_common_vals,
    s.most_common_freqs,
    s.most_common_base_freqs
FROM pg_catalog.pg_stats_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
WHERE c.oid = ANY ($1::oid[])
