insert into reviews (id, product_id, customer_id, rating, title, body, helpful_count, created_at)
select
    i,
    pg_temp.skewed(i, 81, pg_temp.size('products'), 2.2),
    pg_temp.skewed(i, 82, pg_temp.size('customers') * 98 / 100, 1.8),
    (5 - floor(5 * power(pg_temp.u(i, 83), 2.5)))::smallint,
    pg_temp.pick(array['Very happy', 'As described', 'Good value', 'Not for me', 'Would buy again', 'Late, but fine', 'Broken on arrival'], pg_temp.u(i, 84)),
    words,
    floor(60 * power(pg_temp.u(i, 86), 6))::integer,
    pg_temp.moment(i::double precision / pg_temp.size('reviews'), pg_temp.u(i, 87))
from generate_series(1, pg_temp.size('reviews')) as i
join sentence on n = i % 2000
order by i;

-- Three in ten carts are guests'.
insert into carts (id, customer_id, status, items, created_at, updated_at)
select
    i,
    case when pg_temp.u(i, 91) >= 0.3 then pg_temp.skewed(i, 92, pg_temp.size('customers') * 98 / 100, 1.1) end,
    case when i > pg_temp.size('carts') * 0.97 then 'open' when pg_temp.u(i, 93) < 0.55 then 'converted' else 'abandoned' end,
    jsonb_build_array(jsonb_build_object('product_id', pg_temp.skewed(i, 94, pg_temp.size('products'), 2.0), 'quantity', 1 + i % 3)),
    created_at,
    created_at + interval '1 hour' * (40 * power(pg_temp.u(i, 95), 3))
from (
    select i, pg_temp.moment(i::double precision / pg_temp.size('carts'), pg_temp.u(i, 96)) as created_at
    from generate_series(1, pg_temp.size('carts')) as i
) as drawn;

insert into events (id, customer_id, kind, payload, occurred_at)
select
    i,
    case when pg_temp.u(i, 101) < 0.6 then pg_temp.skewed(i, 102, pg_temp.size('customers') * 98 / 100, 1.6) end,
    kind,
    jsonb_strip_nulls(jsonb_build_object(
        'session', md5((i / 6)::text),
        'path', case kind when 'page_view' then '/p/' || (i % 900) else '/' || kind end,
        'product_id', case when kind in ('page_view', 'add_to_cart') then pg_temp.skewed(i, 103, pg_temp.size('products'), 2.0) end,
        'order_id', case when kind = 'purchase' then 1 + floor(pg_temp.size('orders') * pg_temp.u(i, 104))::bigint end,
        'utm', jsonb_build_object('source', pg_temp.pick(array['google', 'google', 'direct', 'direct', 'newsletter', 'instagram'], pg_temp.u(i, 105)),
                                  'campaign', 'c' || floor(120 * power(pg_temp.u(i, 106), 2))::integer),
        'device', pg_temp.pick(array['mobile', 'mobile', 'mobile', 'desktop', 'desktop', 'tablet'], pg_temp.u(i, 107)))),
    pg_temp.moment(0.8 + 0.2 * i::double precision / pg_temp.size('events'), 0.02 * pg_temp.u(i, 108))
from (
    select i, pg_temp.pick(array['page_view', 'page_view', 'page_view', 'page_view', 'page_view', 'page_view', 'search', 'search',
                                 'add_to_cart', 'purchase'], pg_temp.u(i, 100)) as kind
    from generate_series(1, pg_temp.size('events')) as i
) as drawn;
