-- Tables for every kind of statistics the planner reads. Needs 13 or later; statements that an older server does not
-- know are left out by name of the first version. Each line ends its statement.
SELECT setseed(0.5);
CREATE TABLE readings (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device int NOT NULL, site int NOT NULL, town text NOT NULL, at timestamptz NOT NULL, level numeric(9, 3), score float8, tags text[], during tsrange, note text, kind "char", ok boolean, ref uuid);
INSERT INTO readings (device, site, town, at, level, score, tags, during, note, kind, ok, ref) SELECT d, d / 10, 'town ' || d / 10, '2024-01-01'::timestamptz + i * interval '1 minute', (random() ^ 2 * 9999)::numeric(9, 3), random() * 100, ARRAY['t' || i % 40, 't' || (random() ^ 3 * 300)::int], tsrange('2024-01-01'::timestamp + i * interval '1 minute', '2024-01-01'::timestamp + i * interval '1 minute' + random() * interval '3 days'), CASE WHEN i % 5 = 0 THEN 'note ' || i END, chr(97 + i % 7)::"char", i % 3 = 0, md5(i::text)::uuid FROM (SELECT i, (random() ^ 2 * 999)::int AS d FROM generate_series(1, 20000) i) s;
CREATE INDEX readings_device ON readings (device);
CREATE INDEX readings_at ON readings (at DESC);
CREATE INDEX readings_level ON readings (level);
CREATE INDEX readings_score ON readings (score, device);
CREATE INDEX readings_town ON readings (town);
CREATE INDEX readings_ref ON readings (ref);
CREATE INDEX readings_note ON readings (note) WHERE note IS NOT NULL;
CREATE INDEX readings_lower ON readings (lower(note));
CREATE INDEX readings_hour ON readings (date_trunc('hour', at AT TIME ZONE 'UTC'), device);
CREATE INDEX readings_tags ON readings USING gin (tags);
CREATE INDEX readings_during ON readings USING gist (during);
CREATE INDEX readings_brin ON readings USING brin (at);
CREATE INDEX readings_hash ON readings USING hash (town);
CREATE STATISTICS readings_distinct (ndistinct) ON device, site, town FROM readings;
CREATE STATISTICS readings_depends (dependencies) ON site, town FROM readings;
CREATE TABLE tickets (id int PRIMARY KEY, state text, owner int, closed boolean, opened date);
INSERT INTO tickets SELECT i, CASE WHEN i % 20 < 17 THEN 'done' WHEN i % 20 < 19 THEN 'open' ELSE 'new' END, CASE WHEN i % 20 < 17 THEN i % 3 WHEN i % 20 < 19 THEN 7 END, i % 20 < 17, '2020-01-01'::date + i / 20 FROM generate_series(1, 20000) i;
CREATE STATISTICS tickets_common (mcv) ON state, owner, closed FROM tickets;
CREATE INDEX tickets_opened ON tickets (opened);
CREATE TABLE visits (id bigint NOT NULL, day date NOT NULL, page int NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE visits_3 PARTITION OF visits DEFAULT;
INSERT INTO visits SELECT i, '2025-01-01'::date + i % 75, (random() ^ 2 * 500)::int FROM generate_series(1, 15000) i;
CREATE INDEX visits_page ON visits (page, day);
VACUUM (ANALYZE);
-- rows that came after ANALYZE: beyond the histograms
INSERT INTO readings (device, site, town, at, level, score, ref) SELECT 5000 + i, 500, 'zz', '2025-06-01'::timestamptz + i * interval '1 minute', 50000, 999, md5('x' || i)::uuid FROM generate_series(1, 400) i;
CHECKPOINT;
