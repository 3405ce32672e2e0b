-- reads: the planner's statistics of columns, values included
-- needs: SELECT on the tables; of index expressions, membership in the table's owner
SELECT /* pgtune */
    s.schemaname::text AS schema,
    s.tablename::text AS "table",
    s.attname::text AS "column",
    s.inherited,
    s.null_frac::text AS null_frac,
    s.avg_width,
    s.n_distinct::text AS n_distinct,
    s.most_common_vals::text AS most_common_vals,
    s.most_common_freqs::text AS most_common_freqs,
    s.histogram_bounds::text AS histogram_bounds,
    s.correlation::text AS correlation,
    s.most_common_elems::text AS most_common_elems,
    s.most_common_elem_freqs::text AS most_common_elem_freqs,
    s.elem_count_histogram::text AS elem_count_histogram,
    {range_columns}
FROM pg_catalog.pg_stats AS s
JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
WHERE coalesce(i.indrelid, c.oid) = ANY ($1::oid[])
