"""What the shop's application reads, in its ORM's words. Parameters carry the casts that the ORM writes."""

from pgtune_cli.demo.statement import APP, WorkloadStatement, always

_CUSTOMER = (
    "customers.id, customers.email, customers.full_name, customers.phone, customers.segment, customers.country, "
    "customers.language, customers.marketing_opt_in, customers.created_at, customers.last_login_at"
)
_ADDRESS = (
    "addresses.id, addresses.customer_id, addresses.kind, addresses.street, addresses.zip, addresses.city, "
    "addresses.region, addresses.country"
)
_PRODUCT = "products.id, products.sku, products.name, products.brand, products.price, products.stock, products.active"
_ORDER = (
    "orders.id, orders.order_number, orders.customer_id, orders.shipping_address_id, orders.warehouse_id, "
    "orders.status, orders.currency, orders.total, orders.placed_at, orders.shipped_at"
)
_PAYMENT = (
    "payments.id, payments.order_id, payments.provider, payments.provider_reference, payments.status, "
    "payments.amount, payments.attempts, payments.created_at"
)
_REVIEW = (
    "reviews.id, reviews.product_id, reviews.customer_id, reviews.rating, reviews.title, reviews.body, "
    "reviews.helpful_count, reviews.created_at"
)
_SEARCH_BY_NAME = f"SELECT {_CUSTOMER} FROM customers WHERE customers.full_name LIKE $1::VARCHAR ORDER BY customers.id"

HEALTHY_READS = (
    WorkloadStatement(
        "product_page",
        APP,
        700,
        f"SELECT {_PRODUCT}, products.description_html FROM products WHERE products.id = $1::BIGINT",
        lambda draw: (draw.product()["id"],),
    ),
    WorkloadStatement(
        "product_by_sku",
        APP,
        300,
        f"SELECT {_PRODUCT} FROM products WHERE products.sku = $1::VARCHAR",
        lambda draw: (draw.product()["sku"],),
    ),
    WorkloadStatement(
        "products_in_basket",
        APP,
        350,
        f"SELECT {_PRODUCT} FROM products WHERE products.id = ANY ($1::BIGINT[])",
        lambda draw: ([draw.product()["id"] for _ in range(draw.number(2, 6))],),
    ),
    WorkloadStatement(
        "category_page_next",
        APP,
        420,
        f"SELECT {_PRODUCT} FROM products WHERE products.category_id = $1::INTEGER AND products.id > $2::BIGINT "
        "ORDER BY products.id LIMIT $3::INTEGER",
        lambda draw: (draw.product()["category_id"], draw.number(0, draw.sample.rows["products"] // 2), 24),
    ),
    WorkloadStatement(
        "category_menu",
        APP,
        500,
        'SELECT "categories"."id", "categories"."parent_id", "categories"."slug", "categories"."name" '
        'FROM "categories" ORDER BY "categories"."position" ASC, "categories"."id" ASC',
    ),
    WorkloadStatement(
        "category_by_slug",
        APP,
        400,
        'SELECT "categories"."id", "categories"."parent_id", "categories"."name" FROM "categories" '
        'WHERE "categories"."slug" = $1 LIMIT 21',
        lambda draw: (f"category-{draw.number(1, 64)}",),
    ),
    WorkloadStatement(
        "customer_by_email",
        APP,
        300,
        f"SELECT {_CUSTOMER} FROM customers WHERE customers.email = $1::VARCHAR",
        lambda draw: (draw.customer()["email"],),
    ),
    WorkloadStatement(
        "customer_name_starts_with",
        APP,
        60,
        _SEARCH_BY_NAME,
        lambda draw: (draw.customer()["full_name"] + "%",),
    ),
    WorkloadStatement(
        "addresses_of_customer",
        APP,
        600,
        f"SELECT {_ADDRESS} FROM addresses WHERE addresses.customer_id = $1::BIGINT",
        lambda draw: (draw.customer()["id"],),
    ),
    WorkloadStatement(
        "order_page",
        APP,
        600,
        f"SELECT {_ORDER}, customers_1.email, customers_1.full_name FROM orders "
        "JOIN customers AS customers_1 ON customers_1.id = orders.customer_id WHERE orders.id = $1::BIGINT",
        lambda draw: (draw.order()["id"],),
    ),
    WorkloadStatement(
        "order_by_number",
        APP,
        260,
        f"SELECT {_ORDER} FROM orders WHERE orders.order_number = $1::BIGINT",
        lambda draw: (draw.order()["order_number"],),
    ),
    WorkloadStatement(
        "items_of_order",
        APP,
        900,
        "SELECT order_items.order_id, order_items.line_no, order_items.product_id, order_items.quantity, "
        "order_items.unit_price FROM order_items WHERE order_items.order_id = $1::BIGINT ORDER BY order_items.line_no",
        lambda draw: (draw.order()["id"],),
    ),
    WorkloadStatement(
        "invoice_lines",
        APP,
        240,
        'SELECT "order_items"."line_no", "order_items"."quantity", "order_items"."unit_price", T3."name", T3."sku" '
        'FROM "order_items" INNER JOIN "products" T3 ON ("order_items"."product_id" = T3."id") '
        'WHERE "order_items"."order_id" = $1 ORDER BY "order_items"."line_no" ASC',
        lambda draw: (draw.order()["id"],),
    ),
    WorkloadStatement(
        "customer_orders_first_page",
        APP,
        450,
        f"SELECT {_ORDER} FROM orders WHERE orders.customer_id = $1::BIGINT "
        "ORDER BY orders.placed_at DESC, orders.id DESC LIMIT $2::INTEGER",
        lambda draw: (draw.customer()["id"], 10),
    ),
    WorkloadStatement(
        "customer_orders_next_page",
        APP,
        180,
        f"SELECT {_ORDER} FROM orders WHERE orders.customer_id = $1::BIGINT "
        "AND (orders.placed_at, orders.id) < ($2::TIMESTAMP WITH TIME ZONE, $3::BIGINT) "
        "ORDER BY orders.placed_at DESC, orders.id DESC LIMIT $4::INTEGER",
        lambda draw: (draw.customer()["id"], (order := draw.order())["placed_at"], order["id"], 10),
    ),
    WorkloadStatement(
        "customer_order_count",
        APP,
        150,
        'SELECT COUNT(*) AS "__count" FROM "orders" WHERE "orders"."customer_id" = $1',
        lambda draw: (draw.customer()["id"],),
    ),
    WorkloadStatement(
        "payment_by_reference",
        APP,
        280,
        f"SELECT {_PAYMENT} FROM payments WHERE payments.provider_reference = $1::VARCHAR",
        lambda draw: (draw.payment()["provider_reference"],),
    ),
    WorkloadStatement(
        "cart_of_customer",
        APP,
        380,
        "SELECT carts.id, carts.status, carts.items, carts.updated_at FROM carts WHERE carts.customer_id = $1::BIGINT",
        lambda draw: (draw.customer()["id"],),
    ),
    WorkloadStatement(
        "has_ordered_since",
        APP,
        140,
        "SELECT EXISTS (SELECT 1 FROM orders WHERE orders.customer_id = $1::BIGINT "
        "AND orders.placed_at >= $2::TIMESTAMP WITH TIME ZONE) AS anon_1",
        lambda draw: (draw.customer()["id"], draw.days_ago(10, 400)),
    ),
    WorkloadStatement(
        "reviews_of_product",
        APP,
        520,
        f"SELECT {_REVIEW} FROM reviews WHERE reviews.product_id = $1::BIGINT "
        "ORDER BY reviews.created_at DESC, reviews.id DESC LIMIT $2::INTEGER",
        lambda draw: (draw.product()["id"], 10),
    ),
    WorkloadStatement(
        "customer_timeline",
        APP,
        220,
        "SELECT events.id, events.kind, events.payload, events.occurred_at FROM events "
        "WHERE events.customer_id = $1::BIGINT ORDER BY events.occurred_at DESC, events.id DESC LIMIT $2::INTEGER",
        lambda draw: (draw.customer()["id"], 20),
    ),
    WorkloadStatement(
        "history_of_entity",
        APP,
        160,
        "SELECT audit_log.id, audit_log.actor, audit_log.action, audit_log.changes, audit_log.created_at "
        "FROM audit_log WHERE audit_log.entity_type = $1::VARCHAR AND audit_log.entity_id = $2::BIGINT "
        "ORDER BY audit_log.id DESC",
        lambda draw: (draw.one_of("order", "product", "customer"), draw.product()["id"]),
    ),
)

FAULTY_READS = (
    WorkloadStatement(
        "payments_of_order",
        APP,
        160,
        f"SELECT {_PAYMENT} FROM payments WHERE payments.order_id = $1::BIGINT",
        lambda draw: (draw.order()["id"],),
    ),
    WorkloadStatement(
        "warehouse_worklist",
        APP,
        110,
        f"SELECT {_ORDER} FROM orders WHERE orders.warehouse_id = $1::SMALLINT AND orders.status = $2::VARCHAR "
        "ORDER BY orders.total DESC, orders.id DESC LIMIT $3::INTEGER",
        lambda draw: (draw.number(1, 8), draw.one_of("returned", "cancelled", "paid", "shipped"), 50),
    ),
    WorkloadStatement(
        "next_pending_payments",
        APP,
        130,
        'SELECT "payments"."id", "payments"."provider", "payments"."provider_reference", "payments"."amount" '
        'FROM "payments" WHERE "payments"."status" = $1 ORDER BY "payments"."created_at" ASC, "payments"."id" ASC '
        "LIMIT 20 FOR UPDATE SKIP LOCKED",
        always("pending"),
    ),
    WorkloadStatement(
        "order_list_page",
        APP,
        70,
        f"SELECT {_ORDER} FROM orders ORDER BY orders.placed_at DESC, orders.id DESC "
        "LIMIT $1::INTEGER OFFSET $2::INTEGER",
        lambda draw: (50, draw.number(draw.sample.rows["orders"] // 10, draw.sample.rows["orders"] * 2 // 3)),
    ),
    WorkloadStatement(
        "best_reviews_page",
        APP,
        90,
        f"SELECT {_REVIEW} FROM reviews WHERE reviews.product_id = $1::BIGINT ORDER BY reviews.rating DESC "
        "LIMIT $2::INTEGER OFFSET $3::INTEGER",
        lambda draw: (draw.product()["id"], 10, 10 * draw.number(0, 4, skew=2.0)),
    ),
    WorkloadStatement(
        "login",
        APP,
        140,
        f"SELECT {_CUSTOMER} FROM customers WHERE lower(customers.email) = $1::VARCHAR",
        lambda draw: (draw.customer()["email"].lower(),),
    ),
    WorkloadStatement(
        "customer_name_contains",
        APP,
        60,
        _SEARCH_BY_NAME,
        lambda draw: (f"%{draw.one_of('Okafor', 'Steinbach', 'Kellermann', 'Horvat', 'Yilmaz')}%",),
    ),
    WorkloadStatement(
        "events_of_order",
        APP,
        40,
        "SELECT events.id, events.kind, events.payload, events.occurred_at FROM events "
        "WHERE events.payload @> $1::JSONB",
        lambda draw: (f'{{"order_id": {draw.order()["id"]}}}',),
    ),
    WorkloadStatement(
        "customer_of_order",
        APP,
        5500,
        'SELECT "customers"."id", "customers"."email", "customers"."full_name" FROM "customers" '
        'WHERE "customers"."id" = $1 LIMIT 21',
        lambda draw: (draw.customer()["id"],),
    ),
    WorkloadStatement(
        "order_by_scanned_number",
        APP,
        80,
        f"SELECT {_ORDER} FROM orders WHERE orders.order_number = $1::NUMERIC",
        lambda draw: (draw.order()["order_number"],),
    ),
    WorkloadStatement(
        "any_orders_since",
        APP,
        240,
        "SELECT count(*) > $1::INTEGER AS anon_1 FROM orders WHERE orders.placed_at >= $2::TIMESTAMP WITH TIME ZONE",
        lambda draw: (0, draw.days_ago(7, 30)),
    ),
    WorkloadStatement(
        "category_page",
        APP,
        300,
        "SELECT * FROM products WHERE category_id = $1 ORDER BY id LIMIT 24",
        lambda draw: (draw.product()["category_id"],),
    ),
)
