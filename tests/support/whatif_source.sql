-- A database to clone: skewed, correlated and odd in the ways that real ones are. Needs 13 or later, and contrib.
SELECT setseed(0.42);
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;
CREATE SCHEMA sales;
CREATE SCHEMA "Odd ""Schema"" 🙂";
CREATE TYPE sales.order_status AS ENUM ('new', 'paid', 'sent', 'done', 'void');
CREATE DOMAIN sales.positive AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE TYPE sales.address AS (street text, city text);

CREATE FUNCTION sales.slug(title text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN lower(replace(title, ' ', '-')); END $$;
CREATE FUNCTION sales.tax(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT amount * 0.19 $$;

CREATE TABLE sales.categories (id int PRIMARY KEY, parent_id int REFERENCES sales.categories, name text NOT NULL);
CREATE TABLE sales.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email citext NOT NULL UNIQUE, name varchar(80) NOT NULL,
    country char(2) NOT NULL, home sales.address, credit sales.positive, created_at timestamptz NOT NULL, note text
);
CREATE TABLE sales.products (
    id int PRIMARY KEY, category_id int NOT NULL REFERENCES sales.categories, title text NOT NULL,
    price numeric(10, 2) NOT NULL, tags text[] NOT NULL, attrs jsonb NOT NULL,
    gross numeric GENERATED ALWAYS AS (price * 1.19) STORED
);
CREATE TABLE sales.orders (
    id bigserial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES sales.customers ON DELETE CASCADE,
    status sales.order_status NOT NULL DEFAULT 'new', placed_at timestamp NOT NULL, total numeric(12, 2) NOT NULL,
    during tsrange, CHECK (total >= 0)
) WITH (fillfactor = 90);
CREATE TABLE sales.order_items (
    order_id bigint NOT NULL REFERENCES sales.orders, line int NOT NULL, product_id int NOT NULL REFERENCES sales.products,
    quantity int NOT NULL, price numeric(10, 2) NOT NULL, PRIMARY KEY (order_id, line)
);
CREATE TABLE sales.events (id bigint NOT NULL, at timestamp NOT NULL, kind text NOT NULL, payload jsonb,
    PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE sales.events_1 PARTITION OF sales.events FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
CREATE TABLE sales.events_2 PARTITION OF sales.events FOR VALUES FROM ('2025-04-01') TO ('2025-07-01');
CREATE TABLE sales.events_rest PARTITION OF sales.events DEFAULT;
CREATE INDEX events_kind ON sales.events (kind);
CREATE TABLE sales.log (at timestamp NOT NULL, line text NOT NULL);
CREATE TABLE sales.log_old (CHECK (at < '2025-01-01')) INHERITS (sales.log);
CREATE TABLE "Odd ""Schema"" 🙂"."Ta'ble $1" ("Colümn" int, "sel ect" text, "dr""op" date);

INSERT INTO sales.categories SELECT i, nullif(i / 10, 0), 'category ' || i FROM generate_series(0, 99) i;
INSERT INTO sales.customers (email, name, country, home, credit, created_at, note)
SELECT 'user' || i || '@example.com', 'Name ' || (random() * 3000)::int,
    (ARRAY['DE', 'FR', 'US', 'GB', 'PL', 'SE'])[1 + floor(random() ^ 3 * 6)::int], ROW('street ' || i, 'city ' || i % 300)::sales.address,
    (random() * 1000)::numeric(12, 2), '2020-01-01'::timestamptz + i * interval '1 hour',
    CASE WHEN random() < 0.1 THEN repeat('remark ', (random() * 10)::int) END
FROM generate_series(1, 10000) i;
INSERT INTO sales.products (id, category_id, title, price, tags, attrs)
SELECT i, (random() ^ 2 * 99)::int, 'Product ' || i || ' of ' || md5(i::text), (random() * 500)::numeric(10, 2),
    ARRAY['tag' || i % 50, 'tag' || i % 7], jsonb_build_object('color', (ARRAY['red', 'blue', 'green'])[1 + i % 3], 'size', i % 40)
FROM generate_series(1, 3000) i;
INSERT INTO sales.orders (customer_id, status, placed_at, total, during)
SELECT 1 + (random() ^ 2 * 9999)::int, (ARRAY['done', 'done', 'done', 'done', 'done', 'sent', 'paid', 'new', 'void'])
    [1 + floor(random() ^ 1.5 * 9)::int]::sales.order_status, '2023-01-01'::timestamp + i * interval '20 minutes',
    (random() * 400)::numeric(12, 2), tsrange('2023-01-01'::timestamp + i * interval '20 minutes', NULL)
FROM generate_series(1, 20000) i;
INSERT INTO sales.order_items
SELECT o.id, l, 1 + (random() ^ 2 * 2999)::int, 1 + (random() * 5)::int, (random() * 100)::numeric(10, 2)
FROM sales.orders o, generate_series(1, 3) l WHERE random() < 0.8;
INSERT INTO sales.events
SELECT i, '2025-01-01'::timestamp + i * interval '5 minutes', (ARRAY['view', 'click', 'buy'])[1 + floor(random() ^ 3 * 3)::int],
    jsonb_build_object('n', i % 500, 'session', md5((i / 20)::text)) FROM generate_series(1, 40000) i;
INSERT INTO sales.log SELECT '2025-01-01'::timestamp + i * interval '1 minute', 'line ' || i FROM generate_series(1, 5000) i;
INSERT INTO sales.log_old SELECT '2024-01-01'::timestamp + i * interval '1 minute', 'old ' || i FROM generate_series(1, 5000) i;
INSERT INTO "Odd ""Schema"" 🙂"."Ta'ble $1" SELECT i % 1000, 'text ' || i, '2025-01-01'::date + i % 90 FROM generate_series(1, 8000) i;

CREATE INDEX orders_customer ON sales.orders (customer_id);
CREATE INDEX orders_placed ON sales.orders (placed_at DESC);
CREATE INDEX orders_open ON sales.orders (placed_at) WHERE status = 'new';
CREATE INDEX orders_during ON sales.orders USING gist (during);
CREATE INDEX order_items_product ON sales.order_items (product_id) INCLUDE (quantity);
CREATE INDEX customers_lower_name ON sales.customers (lower(name));
CREATE INDEX customers_created_brin ON sales.customers USING brin (created_at);
CREATE INDEX products_slug ON sales.products (sales.slug(title));
CREATE INDEX products_tags ON sales.products USING gin (tags);
CREATE INDEX products_attrs ON sales.products USING gin (attrs jsonb_path_ops);
CREATE INDEX products_trgm ON sales.products USING gin (title gin_trgm_ops);
CREATE INDEX products_category ON sales.products USING hash (category_id);
CREATE INDEX "odd ""index""" ON "Odd ""Schema"" 🙂"."Ta'ble $1" ("Colümn", "sel ect");
CREATE VIEW sales.open_orders AS
    SELECT o.id, o.placed_at, c.name, sales.tax(o.total) AS tax FROM sales.orders o JOIN sales.customers c ON c.id = o.customer_id
    WHERE o.status = 'new';
CREATE MATERIALIZED VIEW sales.by_country AS
    SELECT c.country, date_trunc('month', o.placed_at) AS month, sum(o.total) AS total, count(*) AS orders
    FROM sales.orders o JOIN sales.customers c ON c.id = o.customer_id GROUP BY 1, 2;
CREATE UNIQUE INDEX by_country_key ON sales.by_country (country, month);
