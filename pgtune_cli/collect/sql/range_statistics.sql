-- reads: the statistics of ranges before 17, which pg_stats leaves out
-- needs: a superuser
SELECT /* pgtune */
    n.nspname::text AS schema,
    c.relname::text AS "table",
    a.attname::text AS "column",
    s.stainherit AS inherited,
    CASE 6
        WHEN s.stakind1 THEN s.stavalues1::text
        WHEN s.stakind2 THEN s.stavalues2::text
        WHEN s.stakind3 THEN s.stavalues3::text
        WHEN s.stakind4 THEN s.stavalues4::text
        WHEN s.stakind5 THEN s.stavalues5::text
    END AS range_length_histogram,
    CASE 6
        WHEN s.stakind1 THEN s.stanumbers1[1]
        WHEN s.stakind2 THEN s.stanumbers2[1]
        WHEN s.stakind3 THEN s.stanumbers3[1]
        WHEN s.stakind4 THEN s.stanumbers4[1]
        WHEN s.stakind5 THEN s.stanumbers5[1]
    END::text AS range_empty_frac,
    CASE 7
        WHEN s.stakind1 THEN s.stavalues1::text
        WHEN s.stakind2 THEN s.stavalues2::text
        WHEN s.stakind3 THEN s.stavalues3::text
        WHEN s.stakind4 THEN s.stavalues4::text
        WHEN s.stakind5 THEN s.stavalues5::text
    END AS range_bounds_histogram
FROM pg_catalog.pg_statistic AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.starelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
WHERE c.oid = ANY ($1::oid[])
  AND 7 IN (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5)
