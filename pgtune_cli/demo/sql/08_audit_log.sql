-- Run twice, before and after ANALYZE: the incident's rows came after the statistics were taken.
insert into audit_log (actor, action, entity_type, entity_id, changes, created_at)
select
    pg_temp.pick(array['api', 'api', 'api', 'backoffice', 'import', 'anna', 'nils'], pg_temp.u(i, 111)),
    case when i <= pg_temp.size('audit_log') / 10 then pg_temp.pick(array['create', 'update', 'update', 'update', 'delete'], pg_temp.u(i, 112))
         else pg_temp.pick(array['sync', 'sync', 'sync', 'sync', 'update', 'create'], pg_temp.u(i, 112)) end,
    pg_temp.pick(array['order', 'order', 'product', 'customer'], pg_temp.u(i, 113)),
    1 + floor(pg_temp.u(i, 114) * pg_temp.size('products'))::bigint,
    jsonb_build_object('field', pg_temp.pick(array['status', 'price', 'stock', 'email'], pg_temp.u(i, 115)), 'version', i % 9),
    case when i <= pg_temp.size('audit_log') / 10 then pg_temp.moment(0.6 + 0.3 * i / (pg_temp.size('audit_log') / 10.0), 0)
         else timestamptz '2025-12-01 00:00:00+00' + interval '30 days' * (i::double precision / pg_temp.size('audit_log')) end
from generate_series(current_setting('shop.audit_log_from')::bigint, current_setting('shop.audit_log_to')::bigint) as i;
