-- Those that the shop needs.
create index ix_customers_full_name_like on customers (full_name text_pattern_ops);
create index ix_addresses_customer_id on addresses (customer_id);
create index ix_products_category_id_id on products (category_id, id);
create index ix_orders_customer_id_placed_at on orders (customer_id, placed_at desc, id desc);
create index ix_orders_shipping_address_id on orders (shipping_address_id);
create index ix_orders_placed_at_id on orders (placed_at, id);
create index ix_order_items_product_id on order_items (product_id);
create index ix_reviews_product_id_created_at on reviews (product_id, created_at desc, id desc);
create index ix_reviews_product_id_rating on reviews (product_id, rating desc);
create index ix_carts_customer_id on carts (customer_id);
create index ix_carts_updated_at on carts (updated_at);
create index ix_events_customer_id_occurred_at on events (customer_id, occurred_at desc, id desc);
create index ix_events_occurred_at on events (occurred_at);
create index ix_audit_log_entity on audit_log (entity_type, entity_id);
create index ix_audit_log_created_at on audit_log (created_at);

-- Those that nobody took away: one that no statement uses, one there twice, one that is a prefix of another.
create index ix_orders_currency on orders (currency);
create index addresses_customer_id_idx on addresses (customer_id);
create index ix_reviews_product_id on reviews (product_id);
