-- One to six lines an order; few products make most of the sales.
insert into order_items (order_id, line_no, product_id, quantity, unit_price)
select order_id, line_no, product_id, 1 + floor(4 * power(pg_temp.u(order_id * 8 + line_no, 52), 4))::integer,
    round((4 + 300 * power(pg_temp.u(product_id, 45), 3))::numeric, 2)
from (
    select order_id, line_no, pg_temp.skewed(order_id * 8 + line_no, 51, pg_temp.size('products'), 2.0) as product_id
    from generate_series(1, pg_temp.size('orders')) as order_id,
        generate_series(1, 1 + floor(6 * power(pg_temp.u(order_id, 50), 2.2))::integer) as line_no
) as line;

-- The last fiftieth of the customers has not bought anything yet. Old orders are settled, the latest are on their way.
insert into orders (id, order_number, customer_id, shipping_address_id, warehouse_id, status, currency, total, shipping_cost,
                    coupon_code, placed_at, shipped_at, updated_at)
select
    drawn.id,
    20000000 + drawn.id * 7,
    customer_id,
    customer_id,
    warehouse_id,
    status,
    case customers.country when 'GB' then 'GBP' when 'CH' then 'CHF' when 'PL' then 'PLN' when 'CZ' then 'CZK' when 'SE' then 'SEK'
                           when 'DK' then 'DKK' when 'NO' then 'NOK' else 'EUR' end,
    bought.amount + shipping_cost,
    shipping_cost,
    case when pg_temp.u(drawn.id, 64) < 0.08 then pg_temp.pick(array['WELCOME10', 'SPRING', 'SUMMER', 'BLACKFRIDAY', 'FRIENDS'], pg_temp.u(drawn.id, 65)) end,
    placed_at,
    case when status in ('shipped', 'delivered', 'returned') then placed_at + interval '1 hour' * (6 + 60 * pg_temp.u(drawn.id, 66)) end,
    placed_at + interval '1 hour' * (1 + 200 * pg_temp.u(drawn.id, 67))
from (
    select
        id,
        pg_temp.skewed(id, 61, pg_temp.size('customers') * 98 / 100, 1.6) as customer_id,
        (1 + floor(8 * power(pg_temp.u(id, 62), 1.7)))::smallint as warehouse_id,
        case when pg_temp.u(id, 68) < 0.7 then 4.90 else 0 end as shipping_cost,
        pg_temp.moment(id::double precision / pg_temp.size('orders'), 0.3 * pg_temp.u(id, 69)) as placed_at,
        case
            when pg_temp.u(id, 63) < 0.045 then 'cancelled'
            when pg_temp.u(id, 63) < 0.075 then 'returned'
            when id > pg_temp.size('orders') * 0.998 then pg_temp.pick(array['pending', 'pending', 'paid'], pg_temp.u(id, 60))
            when id > pg_temp.size('orders') * 0.99 then pg_temp.pick(array['paid', 'shipped', 'shipped'], pg_temp.u(id, 60))
            else 'delivered'
        end as status
    from generate_series(1, pg_temp.size('orders')) as id
) as drawn
join (select order_id as id, sum(quantity * unit_price) as amount from order_items group by order_id) as bought using (id)
join customers on customers.id = drawn.customer_id
order by drawn.id;

-- Cancelled orders were often never paid. What the provider has not confirmed yet is pending.
insert into payments (id, order_id, provider, provider_reference, status, amount, attempts, created_at, settled_at)
select
    row_number() over (order by id),
    id,
    provider,
    provider || '_' || md5(id::text),
    payment_status,
    total,
    case payment_status when 'failed' then 3 when 'pending' then 0 else 1 end,
    placed_at + interval '1 minute' * (1 + 30 * pg_temp.u(id, 72)),
    case when payment_status in ('captured', 'refunded') then placed_at + interval '1 hour' * (1 + 40 * pg_temp.u(id, 73)) end
from (
    select id, total, placed_at,
        pg_temp.pick(array['card', 'card', 'card', 'paypal', 'paypal', 'klarna', 'sepa'], pg_temp.u(id, 71)) as provider,
        case when status = 'returned' then 'refunded' when status = 'cancelled' then 'failed'
             when id > pg_temp.size('orders') * 0.994 and pg_temp.u(id, 74) < 0.6 then 'pending'
             when pg_temp.u(id, 74) < 0.02 then 'failed' else 'captured' end as payment_status
    from orders
    where not (status = 'cancelled' and pg_temp.u(id, 70) < 0.8) and pg_temp.u(id, 75) < 0.97
) as paid
order by id;
