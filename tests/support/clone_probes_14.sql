-- What came with 14: statistics of expressions.
CREATE STATISTICS readings_expression ON (device % 7) FROM readings;
CREATE STATISTICS readings_expressions (ndistinct, dependencies, mcv) ON (device % 5), (site % 5), site FROM readings;
ANALYZE readings;
INSERT INTO readings (device, site, town, at, level, score, ref) SELECT 6000 + i, 600, 'zzz', '2025-08-01'::timestamptz + i * interval '1 minute', 60000, 1999, md5('y' || i)::uuid FROM generate_series(1, 400) i;
