-- A fleet of measuring devices: what the advisor's tests advise on. About 35 MB, skewed as such data are.
CREATE SCHEMA fleet;
SET search_path = fleet, public;
SELECT setseed(0.42);

CREATE TABLE site (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO site SELECT n, 'site ' || n FROM generate_series(1, 40) n;

CREATE TABLE device (
  id int PRIMARY KEY, serial text NOT NULL, site_id int NOT NULL REFERENCES site, model text NOT NULL, retired_at timestamptz
);
INSERT INTO device
SELECT n, 'SN-' || upper(md5(n::text)), 1 + n % 40, 'M' || n % 12, CASE WHEN n % 25 = 0 THEN now() END
FROM generate_series(1, 20000) n;

-- no index but the primary key: look-ups by device, by day, the latest of a device
CREATE TABLE reading (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device_id int NOT NULL REFERENCES device, taken_at timestamptz NOT NULL,
  kind text NOT NULL, value double precision
);
INSERT INTO reading (device_id, taken_at, kind, value)
SELECT 1 + (random() * 19999)::int, timestamptz '2024-01-01' + n * interval '1 minute',
       (ARRAY['temperature', 'humidity', 'voltage'])[1 + (random() * 2)::int], random() * 100
FROM generate_series(1, 150000) n;

-- a queue: 97 in 100 tickets are closed
CREATE TABLE ticket (
  id int PRIMARY KEY, device_id int NOT NULL REFERENCES device, state text NOT NULL, opened_at timestamptz NOT NULL,
  assignee int, notes jsonb NOT NULL
);
INSERT INTO ticket
SELECT n, 1 + n % 20000, CASE WHEN n % 100 < 97 THEN 'closed' WHEN n % 100 < 99 THEN 'open' ELSE 'stuck' END,
       timestamptz '2024-01-01' + n * interval '7 minutes', CASE WHEN n % 3 = 0 THEN n % 50 END,
       jsonb_build_object('part', 'P' || n % 5000, 'grade', n % 7)
FROM generate_series(1, 60000) n;
CREATE INDEX ticket_device_id_idx ON ticket (device_id);
CREATE INDEX ticket_device_again ON ticket (device_id);
CREATE INDEX ticket_opened_at_idx ON ticket (opened_at);
CREATE INDEX ticket_assignee_wide ON ticket (assignee, opened_at);
CREATE INDEX ticket_assignee_idx ON ticket (assignee);

-- nothing to mend: every question has its index
CREATE TABLE part (id int PRIMARY KEY, code text NOT NULL UNIQUE, weight int NOT NULL);
INSERT INTO part SELECT n, 'P' || n, n % 900 FROM generate_series(1, 30000) n;

-- partitions, and names that have to be quoted
CREATE TABLE "Trip log" (id bigint NOT NULL, "Started On" date NOT NULL, driver int NOT NULL, km int)
  PARTITION BY RANGE ("Started On");
CREATE TABLE trip_2023 PARTITION OF "Trip log" FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE trip_2024 PARTITION OF "Trip log" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO "Trip log" SELECT n, date '2023-01-01' + n % 720, n % 3000, n % 500 FROM generate_series(1, 60000) n;

CREATE VIEW open_ticket AS SELECT id, device_id, opened_at FROM ticket WHERE state = 'open';

CREATE TABLE owner (id int PRIMARY KEY, mail text NOT NULL, joined date NOT NULL);
INSERT INTO owner SELECT n, 'User' || n || '@Example.org', date '2020-01-01' + n % 1500 FROM generate_series(1, 30000) n;
