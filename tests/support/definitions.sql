-- What databases define besides tables; plans depend on all of it. Runs on 13 and later.
CREATE SCHEMA d;
CREATE TYPE d.cents;
CREATE FUNCTION d.cents_in(cstring) RETURNS d.cents LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8in';
CREATE FUNCTION d.cents_out(d.cents) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8out';
CREATE TYPE d.cents (INPUT = d.cents_in, OUTPUT = d.cents_out, LIKE = int8);
CREATE FUNCTION d.cents_lt(d.cents, d.cents) RETURNS bool LANGUAGE internal IMMUTABLE STRICT COST 3 AS 'int8lt';
CREATE FUNCTION d.cents_eq(d.cents, d.cents) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int8eq';
CREATE FUNCTION d.cents_gt(d.cents, d.cents) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int8gt';
CREATE FUNCTION d.cents_cmp(d.cents, d.cents) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint8cmp';
CREATE OPERATOR d.< (LEFTARG = d.cents, RIGHTARG = d.cents, FUNCTION = d.cents_lt, RESTRICT = scalarltsel);
CREATE OPERATOR d.= (LEFTARG = d.cents, RIGHTARG = d.cents, FUNCTION = d.cents_eq, COMMUTATOR = OPERATOR(d.=), RESTRICT = eqsel, JOIN = eqjoinsel, MERGES);
CREATE OPERATOR d.> (LEFTARG = d.cents, RIGHTARG = d.cents, FUNCTION = d.cents_gt, RESTRICT = scalargtsel);
CREATE OPERATOR CLASS d.cents_ops DEFAULT FOR TYPE d.cents USING btree AS OPERATOR 1 d.<, OPERATOR 3 d.=, OPERATOR 5 d.>, FUNCTION 1 d.cents_cmp(d.cents, d.cents);
CREATE CAST (d.cents AS int8) WITHOUT FUNCTION;
CREATE OPERATOR CLASS d.int4_desc FOR TYPE int4 USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int4, int4);
CREATE FUNCTION d.abs_lt(int4, int4) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT abs($1) < abs($2)';
CREATE FUNCTION d.abs_eq(int4, int4) RETURNS bool LANGUAGE plpgsql IMMUTABLE STRICT AS 'BEGIN RETURN abs($1) = abs($2); END';
CREATE FUNCTION d.abs_cmp(int4, int4) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT btint4cmp(abs($1), abs($2))';
CREATE OPERATOR d.|< (LEFTARG = int4, RIGHTARG = int4, FUNCTION = d.abs_lt, RESTRICT = scalarltsel);
CREATE OPERATOR d.|= (LEFTARG = int4, RIGHTARG = int4, FUNCTION = d.abs_eq, RESTRICT = eqsel);
CREATE OPERATOR CLASS d.abs_ops FOR TYPE int4 USING btree AS OPERATOR 1 d.|<, OPERATOR 3 d.|=, FUNCTION 1 d.abs_cmp(int4, int4);
CREATE TYPE d.rgb AS (r int, g int);
CREATE FUNCTION d.rgb_text(d.rgb) RETURNS text LANGUAGE sql IMMUTABLE COST 50 AS 'SELECT ($1).r || $$/$$ || ($1).g';
CREATE CAST (d.rgb AS text) WITH FUNCTION d.rgb_text(d.rgb) AS ASSIGNMENT;
CREATE FUNCTION d.apart(time, time) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT AS 'SELECT extract(epoch FROM $1 - $2)::float8';
CREATE TYPE d.hours AS RANGE (subtype = time, subtype_diff = d.apart);
CREATE TYPE d.words AS RANGE (subtype = text, collation = "C");
CREATE DOMAIN d.code AS text COLLATE "C" DEFAULT 'x' CHECK (VALUE <> '');
CREATE TEXT SEARCH DICTIONARY d.stems (TEMPLATE = snowball, language = english, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION d.english (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION d.english ALTER MAPPING FOR asciiword WITH d.stems;
CREATE SEQUENCE d.numbers;
CREATE FUNCTION d.next_number() RETURNS bigint LANGUAGE sql AS $$SELECT nextval('d.numbers')$$;
CREATE FUNCTION d.leaks_not(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE LEAKPROOF PARALLEL SAFE AS 'BEGIN RETURN $1 > 5; END';
CREATE TABLE d.bill (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price d.cents, kind int, code d.code, colour d.rgb, open d.hours, span d.words, body text
);
INSERT INTO d.bill (price, kind, code, colour, open, span, body)
    SELECT (i % 5000)::text::d.cents, i % 50 - 25, 'c' || i, ROW(i % 255, 1)::d.rgb,
        d.hours(time '01:00' + i % 600 * interval '1 minute', time '12:00' + i % 600 * interval '1 minute'),
        d.words('a' || i % 100, 'b' || i % 100), 'some words of bill ' || i
    FROM generate_series(1, 20000) i;
CREATE INDEX ON d.bill (price);
CREATE INDEX ON d.bill (kind d.int4_desc, id);
CREATE INDEX ON d.bill (kind d.abs_ops);
CREATE INDEX ON d.bill (code);
CREATE INDEX ON d.bill USING gist (open);
CREATE INDEX ON d.bill (to_tsvector('d.english', body));
CREATE VIEW d.guarded WITH (security_barrier) AS SELECT id, kind FROM d.bill WHERE length(body) > 3;
CREATE VIEW d.joined AS SELECT a.id, b.kind FROM d.bill a JOIN d.bill b USING (id);
CREATE FUNCTION d.instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "INSTEAD OF DELETE ON it" INSTEAD OF UPDATE ON d.joined FOR EACH ROW EXECUTE FUNCTION d.instead();
CREATE RULE "no; more" AS ON DELETE TO d.joined DO INSTEAD DELETE FROM d.bill WHERE id = OLD.id;
