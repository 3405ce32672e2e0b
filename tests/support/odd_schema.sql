-- A schema with what catalogs hold and people forget. Runs on 13 and later.
CREATE EXTENSION pg_stat_statements;
CREATE SCHEMA "Odd ""Schema"" 🐘";
CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"', 'a,b');
CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b varchar(10));
CREATE TYPE span AS RANGE (subtype = float8);
CREATE FUNCTION plus_one(x int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT x + 1';
CREATE AGGREGATE my_sum (int) (sfunc = int4pl, stype = int);

CREATE TABLE "Odd ""Schema"" 🐘"."Ta ble" (
    "I d" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "Na'me" varchar(40) COLLATE "C" DEFAULT 'x''y' NOT NULL,
    gone int,
    m mood,
    low text GENERATED ALWAYS AS (lower("Na'me")) STORED,
    tags text[],
    amount numeric(10, 2)
);
ALTER TABLE "Odd ""Schema"" 🐘"."Ta ble" DROP COLUMN gone;
ALTER TABLE "Odd ""Schema"" 🐘"."Ta ble" ALTER m SET STATISTICS 500;
CREATE INDEX "Idx Desc" ON "Odd ""Schema"" 🐘"."Ta ble" ("Na'me" DESC, "I d" NULLS FIRST) INCLUDE (m) WHERE m IS NOT NULL;
CREATE INDEX "Idx 🐘" ON "Odd ""Schema"" 🐘"."Ta ble" (lower("Na'me") text_pattern_ops, ("I d" + 1) DESC NULLS LAST);
CREATE INDEX other_collation ON "Odd ""Schema"" 🐘"."Ta ble" ("Na'me" COLLATE "POSIX");
CREATE INDEX tags_gin ON "Odd ""Schema"" 🐘"."Ta ble" USING gin (tags);

CREATE TABLE part (id int NOT NULL, region text NOT NULL, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part_eu PARTITION OF part FOR VALUES IN ('eu', 'uk');
CREATE TABLE part_rest PARTITION OF part DEFAULT;
CREATE TABLE base (a int, b positive);
CREATE TABLE child (c pair, s span) INHERITS (base);
CREATE TABLE refers (
    id int PRIMARY KEY, part_id int, region text, code int UNIQUE DEFERRABLE,
    CONSTRAINT to_part FOREIGN KEY (part_id, region) REFERENCES part ON DELETE CASCADE
) WITH (fillfactor = 50);
ALTER TABLE refers ADD CONSTRAINT checked CHECK (part_id > 0) NOT VALID;
ALTER TABLE refers ENABLE ROW LEVEL SECURITY;
CREATE VIEW v AS SELECT p.id, b.a FROM part p JOIN base b ON p.id = b.a;
CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS c FROM part;
CREATE UNLOGGED TABLE unlogged (a int);
CREATE STATISTICS st (ndistinct, mcv) ON a, b FROM base;

INSERT INTO "Odd ""Schema"" 🐘"."Ta ble" ("Na'me", m, tags) SELECT 'n' || i % 5, 'sad', ARRAY['a', 'b"c'] FROM generate_series(1, 1000) i;
INSERT INTO part SELECT i, CASE WHEN i % 3 = 0 THEN 'eu' ELSE 'us' END FROM generate_series(1, 900) i;
INSERT INTO child SELECT i % 10, i % 20 + 1, NULL, span(i, i + 1) FROM generate_series(1, 1000) i;
ANALYZE "Odd ""Schema"" 🐘"."Ta ble", part, base, child;
