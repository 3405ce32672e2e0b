"""What the analysts send: by hand, seldom, over many rows."""

from datetime import timedelta

from pgtune_cli.demo.statement import ANALYST, Draw, WorkloadStatement


def _span(draw: Draw, days: int) -> tuple[object, ...]:
    start = draw.days_ago(days + 1, 300)
    return (start, start + timedelta(days=days))


HEALTHY_ANALYSES = (
    WorkloadStatement(
        "daily_revenue",
        ANALYST,
        8,
        "select date_trunc('day', o.placed_at) as day, count(*) as orders, sum(o.total) as revenue\n"
        "from orders o\nwhere o.placed_at >= $1 and o.placed_at < $2\ngroup by 1\norder by 1",
        lambda draw: _span(draw, 14),
    ),
    WorkloadStatement(
        "top_products_of_week",
        ANALYST,
        5,
        "select oi.product_id, sum(oi.quantity) as sold, sum(oi.quantity * oi.unit_price) as revenue\n"
        "from orders o\njoin order_items oi on oi.order_id = o.id\n"
        "where o.placed_at >= $1 and o.placed_at < $2\n"
        "group by oi.product_id\norder by revenue desc, oi.product_id\nlimit 20",
        lambda draw: _span(draw, 3),
    ),
    WorkloadStatement(
        "customers_by_segment",
        ANALYST,
        3,
        "select c.segment, c.country, count(*) as customers, count(c.last_login_at) as ever_logged_in\n"
        "from customers c\ngroup by c.segment, c.country\norder by c.segment, customers desc, c.country",
    ),
    WorkloadStatement(
        "revenue_by_country",
        ANALYST,
        2,
        "with per_customer as (\n  select c.id, c.country from customers c\n)\n"
        "select p.country, sum(o.total) as revenue, avg(o.total) as basket\n"
        "from orders o join per_customer p on p.id = o.customer_id\n"
        "group by p.country order by revenue desc, p.country",
    ),
    WorkloadStatement(
        "payment_mix",
        ANALYST,
        4,
        "select provider, status, count(*), sum(amount) from payments group by provider, status order by 1, 2",
    ),
    WorkloadStatement(
        "revenue_by_category",
        ANALYST,
        2,
        "select cat.name, sum(oi.quantity * oi.unit_price) as revenue\n"
        "from order_items oi\njoin products p on p.id = oi.product_id\njoin categories cat on cat.id = p.category_id\n"
        "group by cat.id, cat.name\norder by revenue desc, cat.id",
    ),
    WorkloadStatement(
        "sales_of_product",
        ANALYST,
        25,
        "select count(*) as lines, sum(oi.quantity) as sold, avg(oi.unit_price) as price\n"
        "from order_items oi\nwhere oi.product_id = $1",
        lambda draw: (draw.product()["id"],),
    ),
    WorkloadStatement(
        "funnel_of_day",
        ANALYST,
        10,
        "select e.kind, count(*) as n\nfrom events e\nwhere e.occurred_at >= $1 and e.occurred_at < $2\n"
        "group by e.kind\norder by n desc, e.kind",
        lambda draw: ((start := draw.days_ago(2, 60)), start + timedelta(hours=12)),
    ),
    WorkloadStatement(
        "cart_states",
        ANALYST,
        3,
        "select status, count(*) as carts, count(customer_id) as with_customer\n"
        "from carts group by status order by status",
    ),
    WorkloadStatement(
        "stock_value",
        ANALYST,
        4,
        "select p.brand, sum(p.stock * p.price) as value\nfrom products p\nwhere p.active\n"
        "group by p.brand\nhaving sum(p.stock) > $1\norder by value desc, p.brand",
        lambda draw: (draw.number(10, 500),),
    ),
)

FAULTY_ANALYSES = (
    WorkloadStatement(
        "twice_imported",
        ANALYST,
        3,
        "-- imported twice, completed never\nselect a.id, b.id as twin, a.supplier_code\nfrom products a\n"
        "join products b on b.supplier_code = a.supplier_code and b.id <> a.id\n"
        "where a.brand is null and a.ean is null and a.weight_grams is null\n"
        "  and b.brand is null and b.ean is null and b.weight_grams is null",
    ),
    WorkloadStatement(
        "order_ranking",
        ANALYST,
        4,
        "select ranked.id, ranked.customer_id, ranked.warehouse_id, ranked.total, ranked.place\nfrom (\n"
        "  select o.id, o.customer_id, o.warehouse_id, o.total, o.coupon_code,\n"
        "    rank() over (order by o.total - o.shipping_cost desc, o.id) as place\n  from orders o\n) ranked\n"
        "where ranked.place <= $1",
        lambda draw: (draw.number(50, 200),),
    ),
    WorkloadStatement(
        "customers_without_cart",
        ANALYST,
        5,
        "select c.id, c.email from customers c\nwhere c.marketing_opt_in\n"
        "  and c.id not in (select k.customer_id from carts k)",
    ),
    WorkloadStatement(
        "orders_of_day",
        ANALYST,
        15,
        "select o.status, count(*) as orders, sum(o.total) as revenue\nfrom orders o\n"
        "where o.placed_at::date = $1\ngroup by o.status\norder by o.status",
        lambda draw: (draw.days_ago(1, 200).date(),),
    ),
    WorkloadStatement(
        "recent_changes",
        ANALYST,
        12,
        "select al.action, al.entity_type, count(*) as n\nfrom audit_log al\n"
        "where al.created_at >= $1 and al.created_at < $2\n"
        "group by al.action, al.entity_type\norder by n desc, al.action, al.entity_type",
        lambda draw: ((start := draw.days_ago(8, 26)), start + timedelta(days=5)),
    ),
)
