-- NULLs, duplicates and values at the edges, for the tables of schema.sql
INSERT INTO author
SELECT i, 'name ' || i % 4, nullif('c' || i % 3, 'c0'), CASE WHEN i % 4 > 0 THEN date '2020-01-01' + i END,
       nullif(i % 5, 0)
FROM generate_series(1, 12) AS i;
INSERT INTO book
SELECT i, 1 + i * 7 % 9, nullif(i % 6, 0), 'title ' || i % 11, CASE WHEN i % 5 > 0 THEN (i % 7) / 2.0 END,
       CASE WHEN i % 8 = 0 THEN float8 'NaN' WHEN i % 3 > 0 THEN i % 4 / 2.0 END,
       (ARRAY['done', 'open', 'it''s', 'a"b'])[1 + i % 4], 'k' || i % 13,
       CASE WHEN i % 9 > 0 THEN timestamptz '2024-01-01 00:00' + i % 70 * interval '2 hours' END,
       timestamp '2024-01-01' + i % 45 * interval '3 hours' + i % 3 * interval '0.000001 s',
       ('00000000-0000-0000-0000-' || lpad((i % 20)::text, 12, '0'))::uuid,
       CASE WHEN i % 4 > 0 THEN 'code ' || i END, ARRAY['w' || i % 3], nullif(i % 3, 0)
FROM generate_series(1, 120) AS i;
INSERT INTO book VALUES
    (500, 2, 2, 'late', 1.5, 1.5, 'done', 'k1', '2024-01-03 23:59:59.999999+00', '2024-01-03 23:59:59.999999'),
    (501, 2, 2, 'midnight', 1.5, 1.5, 'open', 'k1', '2024-01-04 00:00+00', '2024-01-04 00:00'),
    (502, 2, 2, 'another year', 1.5, 1.5, 'open', 'k1', '2023-12-31 23:00+00', '2023-12-31 23:59:59.999999');
INSERT INTO review SELECT i % 40 + 1, i / 40, nullif(i % 6, 0), nullif('b' || i % 5, 'b0'), 1 + i % 12
FROM generate_series(0, 199) AS i;
INSERT INTO tag SELECT i, 1 + i % 30, 'label ' || i % 6, nullif(i % 4, 0) FROM generate_series(1, 60) AS i;
