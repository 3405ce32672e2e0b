-- Index advice by pgtune. CREATE INDEX CONCURRENTLY does not run inside a transaction block.
-- 7 to create, 36.4 MB by estimate, workload cost 64 % lower.
-- Planned by the clone under the server's own statistics (480 planner calls).

-- 1. payments_order_id_idx
-- Serves 2 statements (9.6% of the measured time) through public.payments (order_id). The planner cost of statement 06cc49c3c6d49eb4 falls from 6,863.2 to 8.4 a call (813 times less), over 160 calls. Keeping it up to date costs the writes 0.0% of what it saves.
--    cost 6,863 -> 8: SELECT … FROM payments WHERE payments.order_id = $1::BIGINT
--    cost 7,912 -> 8: foreign key payments_order_id_fkey of public.payments
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY payments_order_id_idx ON public.payments (order_id);
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.payments_order_id_idx') AND NOT indisvalid;
-- undo: DROP INDEX CONCURRENTLY public.payments_order_id_idx

-- 2. payments_status_created_at_idx
-- Serves one statement (7.6% of the measured time) through public.payments (status, created_at). The planner cost of statement 57ad5bb0917c0468 falls from 9,775.9 to 25.6 a call (382 times less), over 130 calls. Keeping it up to date costs the writes 0.0% of what it saves.
--    cost 9,776 -> 26: SELECT … FROM "payments" WHERE "payments"."status" = $1 ORDER BY "pay…
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY payments_status_created_at_idx ON public.payments (status, created_at);
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.payments_status_created_at_idx') AND NOT indisvalid;
-- undo: DROP INDEX CONCURRENTLY public.payments_status_created_at_idx

-- 3. orders_warehouse_id_status_total_idx
-- Serves one statement (7.8% of the measured time) through public.orders (warehouse_id, status, total). The planner cost of statement 8a3039295493263d falls from 7,743.9 to 107.8 a call (71.9 times less), over 110 calls. Keeping it up to date costs the writes 0.1% of what it saves.
--    cost 7,744 -> 108: SELECT … FROM orders WHERE orders.warehouse_id = $1::SMALLINT AND ord…
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY orders_warehouse_id_status_total_idx ON public.orders (warehouse_id, status, total);
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.orders_warehouse_id_status_total_idx') AND NOT indisvalid;
-- undo: DROP INDEX CONCURRENTLY public.orders_warehouse_id_status_total_idx

-- 4. reviews_customer_id_idx
-- Serves one statement through public.reviews (customer_id). The planner cost of statement foreign key reviews_customer_id_fkey of public.reviews falls from 4,286.0 to 16.1 a call (266 times less), over 90 calls. Keeping it up to date costs the writes 0.0% of what it saves.
--    cost 4,286 -> 16: foreign key reviews_customer_id_fkey of public.reviews
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY reviews_customer_id_idx ON public.reviews (customer_id);
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.reviews_customer_id_idx') AND NOT indisvalid;
-- undo: DROP INDEX CONCURRENTLY public.reviews_customer_id_idx

-- 5. customers_lower_email_idx
-- Serves one statement (21.9% of the measured time) through public.customers ((lower(email))). The planner cost of statement ea21c2952afdd950 falls from 3,044.0 to 1,068.7 a call (2.8 times less), over 140 calls.
--    cost 3,044 -> 1,069: SELECT … FROM customers WHERE lower(customers.email) = $1::VARCHAR
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY customers_lower_email_idx ON public.customers ((lower(email)));
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.customers_lower_email_idx') AND NOT indisvalid;
ANALYZE public.customers;
-- undo: DROP INDEX CONCURRENTLY public.customers_lower_email_idx

-- 6. events_payload_gin_idx
-- Serves one statement (7.5% of the measured time) through public.events (payload jsonb_path_ops). The planner cost of statement 661786eba503165a falls from 9,873.6 to 5,168.0 a call (1.9 times less), over 40 calls. Keeping it up to date costs the writes 2.7% of what it saves.
--    cost 9,874 -> 5,168: SELECT … FROM events WHERE events.payload @> $1::JSONB
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY events_payload_gin_idx ON public.events USING gin (payload jsonb_path_ops);
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.events_payload_gin_idx') AND NOT indisvalid;
-- undo: DROP INDEX CONCURRENTLY public.events_payload_gin_idx

-- 7. products_brand_ean_partial_idx
-- Serves one statement (2.8% of the measured time) through public.products (brand, ean) WHERE weight_grams IS NULL. The planner cost of statement 095797aab47b8300 falls from 728.0 to 16.6 a call (43.8 times less), over 3 calls. Keeping it up to date costs the writes 6.7% of what it saves.
--    cost 728 -> 17: select … from products a join products b on b.supplier_code = a.suppl…
SET lock_timeout = '10min';
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY products_brand_ean_partial_idx ON public.products (brand, ean) WHERE weight_grams IS NULL;
SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.products_brand_ean_partial_idx') AND NOT indisvalid;
-- undo: DROP INDEX CONCURRENTLY public.products_brand_ean_partial_idx

-- it is a duplicate of ix_addresses_customer_id; hidden, and 2 statements on the table planned again: none got dearer
DROP INDEX CONCURRENTLY public.addresses_customer_id_idx;
-- undo: CREATE INDEX CONCURRENTLY addresses_customer_id_idx ON public.addresses USING btree (customer_id)

-- its keys are the first keys of ix_reviews_product_id_created_at, which answers the same questions; hidden, and 4 statements on the table planned again: none got dearer
DROP INDEX CONCURRENTLY public.ix_reviews_product_id;
-- undo: CREATE INDEX CONCURRENTLY ix_reviews_product_id ON public.reviews USING btree (product_id)

-- possible only: the pattern of ~~ is a parameter: if it has its wildcards in front, a trigram index finds it, once CREATE EXTENSION pg_trgm was run (sample the literal with --window to know)
-- CREATE INDEX CONCURRENTLY customers_full_name_gin_idx ON public.customers USING gin (full_name public.gin_trgm_ops);

-- possible only: status has 6 values, one of them in 92% of the rows: if the statement always asks for the same rare one, an index of those rows alone is a fraction of the size (sample the literal with --window to know)
-- CREATE INDEX CONCURRENTLY orders_warehouse_id_total_id_partial_idx ON public.orders (warehouse_id, total, id) WHERE status = '<value>';

-- possible only: status has 4 values, one of them in 94% of the rows: if the statement always asks for the same rare one, an index of those rows alone is a fraction of the size (sample the literal with --window to know)
-- CREATE INDEX CONCURRENTLY payments_created_at_id_partial_idx ON public.payments (created_at, id) WHERE status = '<value>';

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY customers_marketing_opt_in_idx ON public.customers (marketing_opt_in);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY customers_marketing_opt_in_idx ON public.customers (marketing_opt_in) INCLUDE (email, id);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY events_occurred_at_idx ON public.events (occurred_at) INCLUDE (kind);

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY events_payload_gin_idx ON public.events USING gin (payload);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY order_items_order_id_line_no_idx ON public.order_items (order_id, line_no) INCLUDE (product_id, quantity, unit_price);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY order_items_order_id_line_no_product_id_idx ON public.order_items (order_id, line_no, product_id) INCLUDE (quantity, unit_price);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY order_items_order_id_product_id_idx ON public.order_items (order_id, product_id) INCLUDE (line_no, quantity, unit_price);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY order_items_product_id_idx ON public.order_items (product_id) INCLUDE (line_no, order_id, quantity, unit_price);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY order_items_product_id_idx ON public.order_items (product_id) INCLUDE (order_id, quantity, unit_price);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY order_items_product_id_idx ON public.order_items (product_id) INCLUDE (quantity, unit_price);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY order_items_product_id_order_id_idx ON public.order_items (product_id, order_id) INCLUDE (line_no, quantity, unit_price);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY order_items_product_id_order_id_idx ON public.order_items (product_id, order_id) INCLUDE (quantity, unit_price);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY orders_status_idx ON public.orders (status);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY orders_total_id_idx ON public.orders (total, id);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY orders_total_shipping_cost_id_idx ON public.orders ((total - shipping_cost) DESC, id);

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY orders_warehouse_id_idx ON public.orders (warehouse_id);

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY orders_warehouse_id_status_idx ON public.orders (warehouse_id, status);

-- rejected: its first keys alone do nearly as much
-- CREATE INDEX CONCURRENTLY orders_warehouse_id_status_total_id_idx ON public.orders (warehouse_id, status, total, id);

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY orders_warehouse_id_status_total_id_idx ON public.orders (warehouse_id, status, total, id) INCLUDE (currency, customer_id, order_number, placed_at, shipped_at, shipping_address_id);

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY payments_created_at_id_idx ON public.payments (created_at, id);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY payments_provider_status_idx ON public.payments (provider, status);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY payments_provider_status_idx ON public.payments (provider, status) INCLUDE (amount);

-- rejected: its first keys alone do nearly as much
-- CREATE INDEX CONCURRENTLY payments_status_created_at_id_idx ON public.payments (status, created_at, id);

-- rejected: it makes no statement surely cheaper
-- CREATE INDEX CONCURRENTLY payments_status_idx ON public.payments (status);

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY products_brand_ean_partial_idx ON public.products (brand, ean) INCLUDE (id, supplier_code, weight_grams) WHERE weight_grams IS NULL;

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY products_brand_ean_supplier_code_partial_idx ON public.products (brand, ean, supplier_code) INCLUDE (id, weight_grams) WHERE weight_grams IS NULL;

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY products_brand_ean_supplier_code_partial_idx ON public.products (brand, ean, supplier_code) WHERE weight_grams IS NULL;

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY products_brand_partial_idx ON public.products (brand) WHERE weight_grams IS NULL;

-- rejected: the indexes that were chosen do nearly all of what it would
-- CREATE INDEX CONCURRENTLY products_brand_weight_grams_supplier_code_partial_idx ON public.products (brand, weight_grams, supplier_code) INCLUDE (ean, id) WHERE ean IS NULL;

-- rejected: the indexes that were chosen do as much without it
-- CREATE INDEX CONCURRENTLY products_ean_idx ON public.products (ean);
