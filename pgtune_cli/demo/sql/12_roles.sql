-- The application, the analysts, and pgtune's own login: it may look at everything and change nothing.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['shop_app', 'shop_analyst', 'pgtune_reader'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
            execute format('create role %I login', role_name);
        end if;
    end loop;
end
$$;

grant usage on schema public to shop_app, shop_analyst, pgtune_reader;
grant select, insert, update, delete on all tables in schema public to shop_app;
grant usage on all sequences in schema public to shop_app;
grant select on all tables in schema public to shop_analyst, pgtune_reader;
grant pg_monitor to pgtune_reader;
alter role pgtune_reader set default_transaction_read_only = on;
