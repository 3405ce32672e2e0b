-- reads: which counters these are: of which database, since which reset, and how far they have come
-- needs: any login
SELECT /* pgtune */
    d.datid::int8 AS database,
    extract(epoch FROM d.stats_reset)::text AS reset,
    d.xact_commit AS commits
FROM pg_catalog.pg_stat_database AS d
WHERE d.datname = current_database()
