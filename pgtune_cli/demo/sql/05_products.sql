insert into categories (id, parent_id, slug, name, position)
select i, case when i > 8 then 1 + (i - 9) % 8 end, 'category-' || i,
    pg_temp.pick(array['Kitchen', 'Garden', 'Office', 'Bedroom', 'Bathroom', 'Outdoor', 'Lighting', 'Storage'], ((i - 1) % 8) / 8.0)
        || case when i > 8 then ' ' || pg_temp.pick(array['basics', 'tools', 'textiles', 'furniture', 'decoration', 'gifts', 'sale'], ((i - 9) / 8) / 7.0)
                else '' end,
    (i * 7) % 64
from generate_series(1, 64) as i;

-- What comes through the suppliers' import has neither brand nor bar code nor weight until somebody completes it.
insert into products (id, category_id, sku, name, brand, supplier_code, ean, weight_grams, price, stock, active, description_html,
                      created_at, updated_at)
select
    i,
    9 + floor(56 * power(pg_temp.u(i, 41), 1.4))::integer,
    'SKU-' || lpad((i * 7919 % 1000000)::text, 6, '0') || '-' || i,
    pg_temp.pick(array['Nordic', 'Classic', 'Compact', 'Folding', 'Deluxe', 'Studio', 'Urban', 'Cosy', 'Mini', 'Grand'], pg_temp.u(i, 42))
        || ' ' || pg_temp.pick(array['lamp', 'chair', 'table', 'shelf', 'vase', 'blanket', 'kettle', 'mug', 'basket', 'mirror', 'clock', 'rug',
                                     'stool', 'tray', 'pan', 'desk'], pg_temp.u(i, 43)) || ' ' || i,
    case when complete then 'Brand ' || (1 + floor(180 * power(pg_temp.u(i, 44), 2)))::integer end,
    'SUP-' || floor(pg_temp.u(i, 40) * pg_temp.size('products') * 0.6)::integer,
    case when complete then '40' || lpad((i * 99991 % 100000000000)::text, 11, '0') end,
    case when complete then 20 + floor(5000 * power(pg_temp.u(i, 39), 3))::integer end,
    round((4 + 300 * power(pg_temp.u(i, 45), 3))::numeric, 2),
    floor(400 * pg_temp.u(i, 46))::integer,
    pg_temp.u(i, 47) < 0.93,
    (select string_agg('<p>' || words || '</p>', '' order by n) from sentence
     where n in (select (i * 31 + step * (17 + i % 23)) % 2000 from generate_series(1, 55 + (i % 40)::integer) as step)),
    pg_temp.moment(i::double precision / pg_temp.size('products') * 0.98, pg_temp.u(i, 48)),
    timestamptz '2025-12-31 00:00:00+00' - interval '1 day' * (300 * pg_temp.u(i, 49))
from (select i, pg_temp.u(i, 38) >= 0.046 as complete from generate_series(1, pg_temp.size('products')) as i) as drawn
order by i;
