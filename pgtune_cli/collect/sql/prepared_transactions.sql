-- reads: transactions that were prepared for a two-phase commit and not ended
-- needs: any login
SELECT /* pgtune */
    count(*) AS total,
    max(extract(epoch FROM clock_timestamp() - p.prepared)::float8) AS oldest_seconds,
    max(age(p.transaction)) AS xmin_age
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = current_database()
