insert into customers (id, email, full_name, phone, segment, country, language, marketing_opt_in, created_at, last_login_at)
select
    i,
    case when pg_temp.u(i, 15) < 0.2 then initcap(first_name) else lower(first_name) end
        || '.' || lower(last_name) || i || '@'
        || pg_temp.pick(array['example.com', 'example.com', 'example.com', 'example.org', 'example.net', 'mail.example'], pg_temp.u(i, 16)),
    first_name || ' ' || last_name,
    case when pg_temp.u(i, 17) < 0.6 then '+49 30 ' || (1000000 + floor(pg_temp.u(i, 18) * 8999999)::bigint) end,
    case when pg_temp.u(i, 19) < 0.85 then 'retail' when pg_temp.u(i, 19) < 0.97 then 'business' else 'vip' end,
    place_slot.country,
    place_slot.language,
    pg_temp.u(i, 20) < 0.35,
    pg_temp.moment(i::double precision / pg_temp.size('customers'), pg_temp.u(i, 21)),
    case when pg_temp.u(i, 22) < 0.8 then timestamptz '2025-12-31 00:00:00+00' - interval '1 day' * (900 * power(pg_temp.u(i, 23), 3)) end
from (
    select i,
        pg_temp.pick(array['Anna', 'Ben', 'Clara', 'David', 'Emma', 'Felix', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Katja', 'Lukas', 'Marie',
                           'Nils', 'Olivia', 'Paul', 'Quentin', 'Rosa', 'Sofia', 'Theo', 'Uma', 'Viktor', 'Wanda', 'Xenia', 'Yara', 'Zoe',
                           'Pierre', 'Giulia', 'Carlos', 'Agata', 'Lars', 'Ingrid', 'Nikos', 'Elena', 'James', 'Charlotte'], pg_temp.u(i, 11)) as first_name,
        pg_temp.pick(array['Müller', 'Schmidt', 'Schneider', 'Fischer', 'Weber', 'Meyer', 'Wagner', 'Becker', 'Hoffmann', 'Koch', 'Richter',
                           'Dubois', 'Martin', 'Bernard', 'Petit', 'Smith', 'Jones', 'Taylor', 'Brown', 'Wilson', 'Johnson', 'Anderson', 'Garcia',
                           'Fernandez', 'Rossi', 'Bianchi', 'Ferrari', 'Novak', 'Kowalski', 'Nowak', 'Jansen', 'Peeters', 'Hansen', 'Larsson',
                           'Berg', 'Papadopoulos', 'Silva', 'Murphy', 'Leclerc', 'Okafor', 'Yilmaz', 'Kaya', 'Nguyen', 'Ivanov', 'Horvat',
                           'Lindqvist', 'Baumann', 'Kellermann', 'Van der Meer', 'Steinbach'], power(pg_temp.u(i, 12), 1.5)) as last_name,
        floor(pg_temp.u(i, 13) * (select count(*) from place_slot))::bigint as slot
    from generate_series(1, pg_temp.size('customers')) as i
) as drawn
join place_slot using (slot)
order by i;

-- Everyone has a first address, whose id is the customer's own; good customers have more, mostly in the same city.
insert into addresses (id, customer_id, kind, street, zip, city, region, country, created_at)
select
    i,
    customer_id,
    case when i <= pg_temp.size('customers') or pg_temp.u(i, 31) < 0.5 then 'shipping' else 'billing' end,
    pg_temp.pick(array['Linden', 'Birken', 'Garten', 'Schul', 'Bahnhof', 'Kirch', 'Berg', 'Wald', 'Wiesen', 'Mühlen', 'Rosen', 'Markt',
                       'High ', 'Station ', 'Church ', 'Mill ', 'Park ', 'Victoria ', 'Queen ', 'Kings '], pg_temp.u(i, 32))
        || pg_temp.pick(array['strasse', 'weg', 'platz', 'allee', 'gasse', 'street', 'road', 'lane'], pg_temp.u(i, 33))
        || ' ' || (1 + floor(power(pg_temp.u(i, 34), 2) * 140))::bigint,
    zip_prefix || lpad(floor(power(pg_temp.u(i, 35), 3) * 400)::text, 3, '0'),
    city,
    region,
    country,
    pg_temp.moment(least(1, customer_id::double precision / pg_temp.size('customers') + 0.1 * pg_temp.u(i, 36)), pg_temp.u(i, 37))
from (
    select i, customer_id,
        floor(pg_temp.u(case when pg_temp.u(i, 38) < 0.9 then customer_id else i end, 13) 
            * (select count(*) from place_slot))::bigint as slot
    from (
        select i, case when i <= pg_temp.size('customers') then i
                       else pg_temp.skewed(i, 39, pg_temp.size('customers') * 98 / 100, 1.5) end as customer_id
        from generate_series(1, pg_temp.size('addresses')) as i
    ) as owner
) as drawn
join place_slot using (slot)
order by i;
