-- The rows came with their ids; the next ones follow on.
select setval(pg_get_serial_sequence(name, 'id'), current_setting('shop.' || name)::bigint)
from unnest(array['customers', 'addresses', 'products', 'orders', 'reviews', 'carts', 'events']) as name;
select setval(pg_get_serial_sequence('categories', 'id'), 64);
select setval(pg_get_serial_sequence('payments', 'id'), (select max(id) from payments));
