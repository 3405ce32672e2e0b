-- A product with tenants as an ORM makes it: primary keys and unique constraints, nothing else. :scale 1 has 3 million rows.
create table plan (id int primary key, code text not null unique, price numeric(10, 2) not null);
create table organization (
    id bigint primary key, slug text not null unique, name text not null, plan_id int not null references plan,
    country text not null, settings jsonb not null default '{}', created_at timestamptz not null, deleted_at timestamptz);
create table person (
    id bigint primary key, email text not null, name text not null, phone text, locale text not null,
    is_staff bool not null, last_seen_at timestamptz, created_at timestamptz not null, deleted_at timestamptz);
create table membership (
    id bigint primary key, organization_id bigint not null references organization, person_id bigint not null references person,
    role text not null, created_at timestamptz not null);
create table team (id bigint primary key, organization_id bigint not null references organization, name text not null);
create table team_member (team_id bigint not null references team, person_id bigint not null references person, primary key (team_id, person_id));
create table project (
    id bigint primary key, organization_id bigint not null references organization, team_id bigint references team,
    name text not null, archived bool not null, created_at timestamptz not null, deleted_at timestamptz);
create table task (
    id bigint primary key, organization_id bigint not null references organization, project_id bigint not null references project,
    assignee_id bigint references person, parent_id bigint, number int not null, title text not null, body text not null,
    status text not null, priority int not null, tags text[] not null, custom jsonb not null, due_on date,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz);
create table label (id bigint primary key, organization_id bigint not null references organization, name text not null);
create table task_label (id bigint primary key, task_id bigint not null, label_id bigint not null references label);
create table comment (
    id bigint primary key, task_id bigint not null references task, author_id bigint not null references person, body text not null,
    created_at timestamptz not null, deleted_at timestamptz);
create table attachment (
    id bigint primary key, content_type text not null, object_id bigint not null, file_name text not null, bytes bigint not null,
    checksum text not null, created_at timestamptz not null);
create table activity (
    id bigint primary key, organization_id bigint not null, actor_id bigint, verb text not null, object_type text not null,
    object_id bigint not null, data jsonb not null, created_at timestamptz not null);
create table notification (
    id bigint primary key, person_id bigint not null references person, kind text not null, read_at timestamptz,
    payload jsonb not null, created_at timestamptz not null);
create table login_session (
    id uuid primary key, person_id bigint not null references person, address inet not null, agent text not null,
    expires_at timestamptz not null);
create table api_token (id bigint primary key, person_id bigint not null references person, digest text not null, revoked bool not null);
create table webhook (id bigint primary key, organization_id bigint not null references organization, url text not null, active bool not null);
create table delivery (
    id bigint primary key, webhook_id bigint not null references webhook, status int not null, attempts int not null,
    next_try_at timestamptz, created_at timestamptz not null);
create table client (
    id bigint primary key, organization_id bigint not null references organization, name text not null, email text not null,
    city text not null, location point not null, created_at timestamptz not null, deleted_at timestamptz);
create table invoice (
    id bigint primary key, organization_id bigint not null references organization, client_id bigint not null references client,
    number text not null, status text not null, issued_on date not null, due_on date not null, total numeric(12, 2) not null);
create table invoice_line (
    id bigint primary key, invoice_id bigint not null references invoice, description text not null, quantity int not null,
    amount numeric(12, 2) not null);
create table payment (
    id bigint primary key, invoice_id bigint not null references invoice, provider text not null, reference text not null,
    amount numeric(12, 2) not null, paid_at timestamptz not null);
create table room (id bigint primary key, organization_id bigint not null references organization, name text not null);
create table booking (
    id bigint primary key, room_id bigint not null references room, person_id bigint not null references person,
    during tstzrange not null, cancelled bool not null);
create table page (
    id bigint primary key, organization_id bigint not null references organization, slug text not null, title text not null,
    body text not null, search tsvector not null, updated_at timestamptz not null);
create table job (
    id bigint primary key, queue text not null, state text not null, priority int not null, run_at timestamptz not null,
    payload jsonb not null, locked_by text);
create table audit_event (
    id bigint primary key, at timestamptz not null, organization_id bigint not null, person_id bigint, action text not null,
    address inet not null, detail text not null);
create table flag (id int primary key, name text not null unique, enabled bool not null);

insert into plan select i, 'plan-' || i, i * 10 from generate_series(1, 5) i;
insert into organization
  select i, 'org-' || i, 'Organization ' || i, 1 + i % 5, (array['DE', 'FR', 'US', 'US', 'US', 'GB', 'JP'])[1 + i % 7],
    jsonb_build_object('theme', i % 3, 'beta', i % 20 = 0), timestamptz '2022-01-01' + i * interval '1 hour',
    case when random() < 0.05 then timestamptz '2025-01-01' end
  from generate_series(1, 400) i;
insert into person
  select i, 'Person' || i || '@' || (array['example.org', 'example.com', 'test.net'])[1 + i % 3], 'First' || i % 900 || ' Last' || i % 7000,
    case when random() < 0.6 then '+49' || i end, (array['en', 'en', 'de', 'fr'])[1 + i % 4], random() < 0.005,
    case when random() < 0.9 then timestamptz '2025-06-01' - random() * interval '200 days' end,
    timestamptz '2022-01-01' + i * interval '40 minutes', case when random() < 0.04 then timestamptz '2025-01-01' end
  from generate_series(1, (30000 * :scale)::int) i;
insert into membership
  select i, 1 + floor(400 * random() ^ 2)::int, 1 + i % (30000 * :scale)::int, (array['owner', 'admin', 'member', 'member', 'member'])[1 + floor(random() * 5)::int],
    timestamptz '2023-01-01' + i * interval '10 minutes' from generate_series(1, (40000 * :scale)::int) i;
insert into team select i, 1 + i % 400, 'Team ' || i from generate_series(1, 2000) i;
insert into team_member
  select distinct 1 + floor(random() * 2000)::int, 1 + floor(random() * 30000 * :scale)::int from generate_series(1, (25000 * :scale)::int);
insert into project
  select i, 1 + floor(400 * random() ^ 2)::int, case when random() < 0.7 then 1 + floor(random() * 2000)::int end, 'Project ' || i,
    random() < 0.3, timestamptz '2023-01-01' + i * interval '2 hours', case when random() < 0.05 then timestamptz '2025-01-01' end
  from generate_series(1, (6000 * :scale)::int) i;
insert into task
  select t.i, p.organization_id, p.id, case when random() < 0.8 then 1 + floor(random() * 30000 * :scale)::int end,
    case when random() < 0.1 then greatest(1, t.i - floor(random() * 1000)::int) end, t.i, 'Task ' || md5(t.i::text) || ' fix ' || t.i % 977,
    repeat('text ', 20 + t.i % 30), (array['open', 'open', 'doing', 'blocked', 'done', 'done', 'done', 'done', 'done', 'done', 'done', 'done'])[1 + floor(random() * 12)::int],
    1 + floor(random() * 5)::int, array['tag' || t.i % 60, 'tag' || floor(random() * 4000)::int],
    jsonb_build_object('source', (array['web', 'mail', 'api'])[1 + t.i % 3], 'ticket', 'T-' || floor(random() * 100000)::int, 'points', t.i % 8),
    case when random() < 0.4 then date '2025-01-01' + floor(random() * 300)::int end, timestamptz '2023-01-01' + t.i * interval '3 minutes',
    timestamptz '2024-01-01' + random() * interval '500 days', case when random() < 0.06 then timestamptz '2025-01-01' end
  from (select i, 1 + floor((6000 * :scale)::int * random() ^ 2)::int as project_id from generate_series(1, (300000 * :scale)::int) i) t
  join project p on p.id = t.project_id;
insert into label select i, 1 + i % 400, 'Label ' || i from generate_series(1, 4000) i;
insert into task_label select i, 1 + floor(random() * 300000 * :scale)::int, 1 + floor(4000 * random() ^ 2)::int from generate_series(1, (350000 * :scale)::int) i;
insert into comment
  select i, t.id, 1 + floor(random() * 30000 * :scale)::int, repeat('words ', 5 + i % 40), timestamptz '2023-01-01' + i * interval '2 minutes',
    case when random() < 0.03 then timestamptz '2025-01-01' end
  from generate_series(1, (400000 * :scale)::int) i, lateral (select 1 + (i * 7919::bigint) % (290000 * :scale)::int as id) t
  where exists (select from task where task.id = t.id);
insert into attachment
  select i, (array['task', 'task', 'comment', 'page'])[1 + floor(random() * 4)::int], 1 + floor(random() * 300000 * :scale)::int, 'file' || i || (array['.png', '.pdf', '.docx'])[1 + i % 3],
    floor(random() * 1000000)::int, md5(i::text) || md5((i + 1)::text), timestamptz '2023-01-01' + i * interval '10 minutes'
  from generate_series(1, (100000 * :scale)::int) i;
insert into activity
  select i, 1 + floor(400 * random() ^ 2)::int, 1 + floor(random() * 30000 * :scale)::int, (array['created', 'updated', 'commented', 'closed', 'deleted'])[1 + floor(5 * random() ^ 2)::int],
    (array['task', 'comment', 'page', 'invoice'])[1 + floor(random() * 4)::int], 1 + floor(random() * 300000 * :scale)::int, jsonb_build_object('ip', '10.0.0.' || i % 250),
    timestamptz '2024-01-01' + i * interval '30 seconds' from generate_series(1, (600000 * :scale)::int) i;
insert into notification
  select i, 1 + floor(random() * 30000 * :scale)::int, (array['mention', 'assigned', 'comment', 'digest'])[1 + floor(random() * 4)::int],
    case when random() < 0.95 then timestamptz '2025-01-01' end, jsonb_build_object('task', i), timestamptz '2024-01-01' + i * interval '1 minute'
  from generate_series(1, (400000 * :scale)::int) i;
insert into login_session
  select gen_random_uuid(), 1 + floor(random() * 30000 * :scale)::int, '10.0.0.0'::inet + floor(random() * 4000000)::int, repeat('Mozilla ', 8),
    timestamptz '2025-06-01' + (random() - 0.7) * interval '60 days' from generate_series(1, (80000 * :scale)::int) i;
insert into api_token select i, 1 + floor(random() * 30000 * :scale)::int, md5(i::text) || md5((-i)::text), random() < 0.6 from generate_series(1, (20000 * :scale)::int) i;
insert into webhook select i, 1 + i % 400, 'https://example.org/' || i, random() < 0.5 from generate_series(1, 2000) i;
insert into delivery
  select i, 1 + floor(random() * 2000)::int, case when random() < 0.97 then 200 else 500 end, 1, case when random() < 0.01 then timestamptz '2025-06-01' + random() * interval '1 day' end,
    timestamptz '2025-01-01' + i * interval '1 minute' from generate_series(1, (200000 * :scale)::int) i;
insert into client
  select i, 1 + floor(400 * random() ^ 2)::int, 'Client ' || md5(i::text), 'client' || i || '@example.org', 'City ' || floor(500 * random() ^ 2)::int,
    point(random() * 360 - 180, random() * 180 - 90), timestamptz '2023-01-01' + i * interval '10 minutes', case when random() < 0.05 then timestamptz '2025-01-01' end
  from generate_series(1, (80000 * :scale)::int) i;
insert into invoice
  select i, c.organization_id, c.id, 'INV-' || lpad(i::text, 9, '0'), (array['paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'sent', 'overdue', 'draft'])[1 + floor(random() * 10)::int],
    date '2023-01-01' + i / 200, date '2023-01-15' + i / 200, floor(random() * 10000)::int
  from (select i, 1 + floor(random() * (80000 * :scale)::int)::int as client_id from generate_series(1, (150000 * :scale)::int) i) n join client c on c.id = n.client_id;
insert into invoice_line select i, 1 + i / 3 % (150000 * :scale)::int, 'Line ' || i, 1 + i % 9, floor(random() * 900)::int from generate_series(0, (400000 * :scale)::int) i
  where exists (select from invoice where invoice.id = 1 + i / 3 % (150000 * :scale)::int);
insert into payment
  select i, v.id, (array['card', 'bank', 'wallet'])[1 + i % 3], 'REF' || md5(i::text), v.total, v.issued_on + interval '5 days'
  from (select id, total, issued_on, row_number() over () as i from invoice where status = 'paid') v;
insert into room select i, 1 + i % 400, 'Room ' || i from generate_series(1, 1500) i;
insert into booking
  select i, 1 + floor(random() * 1500)::int, 1 + floor(random() * 30000 * :scale)::int, tstzrange(s, s + interval '1 hour'), random() < 0.1
  from (select i, date_trunc('hour', timestamptz '2025-01-01' + random() * interval '200 days') as s from generate_series(1, (120000 * :scale)::int) i) b;
insert into page
  select i, 1 + floor(400 * random() ^ 2)::int, 'page-' || i, 'Page ' || i, w.body, to_tsvector('simple', w.body), timestamptz '2024-01-01' + random() * interval '500 days'
  from generate_series(1, (30000 * :scale)::int) i,
    lateral (select string_agg(word, ' ') as body from (select 'word' || floor(20000 * random() ^ 2 + 0 * i)::int as word from generate_series(1, 60)) a) w;
insert into job
  select i, (array['mail', 'export', 'sync', 'index'])[1 + floor(random() * 4)::int], case when random() < 0.985 then 'done' else (array['ready', 'failed', 'running'])[1 + floor(random() * 3)::int] end,
    floor(random() * 10)::int, timestamptz '2025-01-01' + i * interval '1 minute', jsonb_build_object('n', i), null from generate_series(1, (250000 * :scale)::int) i;
insert into audit_event
  select i, timestamptz '2024-01-01' + i * interval '20 seconds', 1 + floor(400 * random() ^ 2)::int, 1 + floor(random() * 30000 * :scale)::int,
    (array['login', 'view', 'view', 'view', 'export'])[1 + floor(random() * 5)::int], '10.0.0.0'::inet + floor(random() * 4000000)::int, repeat('detail ', 12)
  from generate_series(1, (1000000 * :scale)::int) i;
insert into flag select i, 'flag-' || i, i % 2 = 0 from generate_series(1, 60) i;
