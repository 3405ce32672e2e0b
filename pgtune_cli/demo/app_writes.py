"""What the shop's application writes. Rows are found by primary key; two deletes still read a whole other table."""

from datetime import timedelta
from decimal import Decimal

from pgtune_cli.demo.statement import APP, END, Draw, WorkloadStatement

_ORDERS_PLACED = 240


def _new_order(draw: Draw) -> tuple[object, ...]:
    customer, call = draw.customer()["id"], draw.call
    number = 20000000 + (draw.sample.rows["orders"] + 1 + call) * 7
    placed_at = END + timedelta(seconds=call)
    return (number, customer, customer, draw.number(1, 8), "pending", "EUR", Decimal("49.90"), placed_at)


def _new_order_id(draw: Draw) -> int:
    return draw.sample.rows["orders"] + 1 + draw.call % draw.calls(_ORDERS_PLACED)


def _new_line(draw: Draw) -> tuple[object, ...]:
    line_no = 1 + draw.call // draw.calls(_ORDERS_PLACED)
    return (_new_order_id(draw), line_no, draw.product()["id"], draw.number(1, 3), Decimal("24.95"))


def _new_payment(draw: Draw) -> tuple[object, ...]:
    return (_new_order_id(draw), "card", f"card_new_{draw.call}", "pending", Decimal("49.90"), END)


WRITES = (
    WorkloadStatement(
        "place_order",
        APP,
        _ORDERS_PLACED,
        "INSERT INTO orders (order_number, customer_id, shipping_address_id, warehouse_id, status, currency, total, "
        "placed_at) VALUES ($1::BIGINT, $2::BIGINT, $3::BIGINT, $4::SMALLINT, $5::VARCHAR, $6::VARCHAR, $7::NUMERIC, "
        "$8::TIMESTAMP WITH TIME ZONE) RETURNING orders.id",
        _new_order,
    ),
    WorkloadStatement(
        "place_order_line",
        APP,
        2 * _ORDERS_PLACED,
        "INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price) "
        "VALUES ($1::BIGINT, $2::SMALLINT, $3::BIGINT, $4::INTEGER, $5::NUMERIC)",
        _new_line,
    ),
    WorkloadStatement(
        "start_payment",
        APP,
        _ORDERS_PLACED,
        "INSERT INTO payments (order_id, provider, provider_reference, status, amount, created_at) VALUES ($1::BIGINT, "
        "$2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::NUMERIC, $6::TIMESTAMP WITH TIME ZONE) RETURNING payments.id",
        _new_payment,
    ),
    WorkloadStatement(
        "settle_payment",
        APP,
        200,
        "UPDATE payments SET status=$1::VARCHAR, attempts=(payments.attempts + $2::INTEGER), "
        "settled_at=$3::TIMESTAMP WITH TIME ZONE WHERE payments.id = $4::BIGINT",
        lambda draw: ("captured", 1, END, draw.payment()["id"]),
    ),
    WorkloadStatement(
        "ship_order",
        APP,
        180,
        'UPDATE "orders" SET "status" = $1, "shipped_at" = $2, "updated_at" = $2 WHERE "orders"."id" = $3',
        lambda draw: ("shipped", END, draw.order()["id"]),
    ),
    WorkloadStatement(
        "take_from_stock",
        APP,
        400,
        "UPDATE products SET stock=(products.stock - $1::INTEGER) WHERE products.id = $2::BIGINT",
        lambda draw: (1, draw.product()["id"]),
    ),
    WorkloadStatement(
        "new_cart",
        APP,
        150,
        "INSERT INTO carts (customer_id, status, items, updated_at) VALUES ($1::BIGINT, $2::VARCHAR, $3::JSONB, "
        "$4::TIMESTAMP WITH TIME ZONE) RETURNING carts.id, carts.created_at",
        lambda draw: (draw.customer()["id"], "open", f'[{{"product_id": {draw.product()["id"]}}}]', END),
    ),
    WorkloadStatement(
        "change_cart",
        APP,
        250,
        "UPDATE carts SET items=$1::JSONB, updated_at=$2::TIMESTAMP WITH TIME ZONE WHERE carts.id = $3::BIGINT",
        lambda draw: (
            f'[{{"product_id": {draw.product()["id"]}}}]',
            END + timedelta(seconds=draw.call),
            draw.number(draw.sample.rows["carts"] * 97 // 100, draw.sample.rows["carts"]),
        ),
    ),
    WorkloadStatement(
        "expire_carts",
        APP,
        6,
        "DELETE FROM carts WHERE carts.updated_at < $1::TIMESTAMP WITH TIME ZONE",
        lambda draw: (END - timedelta(days=1085 - 3 * draw.call),),
    ),
    WorkloadStatement(
        "write_review",
        APP,
        60,
        "INSERT INTO reviews (product_id, customer_id, rating, title, body) VALUES ($1::BIGINT, $2::BIGINT, "
        "$3::SMALLINT, $4::VARCHAR, $5::VARCHAR) RETURNING reviews.id",
        lambda draw: (draw.product()["id"], draw.customer()["id"], draw.number(3, 5), "As described", "It works."),
    ),
    WorkloadStatement(
        "track_event",
        APP,
        600,
        "INSERT INTO events (customer_id, kind, payload, occurred_at) VALUES ($1::BIGINT, $2::VARCHAR, $3::JSONB, "
        "$4::TIMESTAMP WITH TIME ZONE)",
        lambda draw: (
            draw.customer()["id"],
            "page_view",
            f'{{"product_id": {draw.product()["id"]}}}',
            END + timedelta(seconds=draw.call),
        ),
    ),
    WorkloadStatement(
        "write_audit_log",
        APP,
        500,
        "INSERT INTO audit_log (actor, action, entity_type, entity_id, changes, created_at) VALUES ($1::VARCHAR, "
        "$2::VARCHAR, $3::VARCHAR, $4::BIGINT, $5::JSONB, $6::TIMESTAMP WITH TIME ZONE)",
        lambda draw: ("api", "update", "order", draw.order()["id"], '{"field": "status"}', END),
    ),
    WorkloadStatement(
        "delete_old_order",
        APP,
        60,
        "DELETE FROM orders WHERE orders.id = $1::BIGINT",
        lambda draw: (1 + draw.call,),
    ),
    WorkloadStatement(
        "forget_customer",
        APP,
        90,
        'DELETE FROM "customers" WHERE "customers"."id" IN ($1)',
        lambda draw: (draw.sample.rows["customers"] - draw.call,),
    ),
)
