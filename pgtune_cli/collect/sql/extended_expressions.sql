-- reads: the statistics of expressions in extended statistics (14 and later)
-- needs: membership in the table's owner
SELECT /* pgtune */
    s.statistics_schemaname::text AS schema,
    s.statistics_name::text AS name,
    coalesce((to_jsonb(s) ->> 'inherited')::bool, false) AS inherited,
    s.expr AS expression,
    s.null_frac::text AS null_frac,
    s.avg_width,
    s.n_distinct::text AS n_distinct,
    s.most_common_vals::text AS most_common_vals,
    s.most_common_freqs::text AS most_common_freqs,
    s.histogram_bounds::text AS histogram_bounds,
    s.correlation::text AS correlation,
    s.most_common_elems::text AS most_common_elems,
    s.most_common_elem_freqs::text AS most_common_elem_freqs,
    s.elem_count_histogram::text AS elem_count_histogram
FROM pg_catalog.pg_stats_ext_exprs AS s
JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
WHERE c.oid = ANY ($1::oid[])
