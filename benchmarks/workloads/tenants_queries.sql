-- What one hour of such a product asks; calls are those of the hour.

-- hot look-ups
-- pgtune: calls=90000
select id, person_id, expires_at from login_session where id = '00000000-0000-4000-8000-000000000001';
-- pgtune: calls=60000
select t.id, t.person_id from api_token t where t.digest = '900150983cd24fb0d6963f7d28e17f72900150983cd24fb0d6963f7d28e17f72' and not t.revoked;
-- pgtune: calls=8000
select * from person where lower(email) = lower('Person77@example.org') and deleted_at is null limit 1;
-- pgtune: calls=60000
select m.role from membership m where m.organization_id = 12 and m.person_id = 1234;
-- pgtune: calls=20000
select o.* from organization o join membership m on m.organization_id = o.id where m.person_id = 991 and o.deleted_at is null order by o.name;
-- pgtune: calls=40000
select * from organization where slug = 'org-17';
-- pgtune: calls=30000
select enabled from flag where name = 'flag-7';
-- pgtune: calls=9000
select * from task where organization_id = 5 and number = 41234 and deleted_at is null;

-- lists, page by page
-- pgtune: calls=6000
select t.* from task t where t.organization_id = 3 and t.deleted_at is null order by t.updated_at desc limit 50;
-- pgtune: calls=4000
select t.* from task t where t.project_id = 77 and t.deleted_at is null and t.status in ('open', 'doing') order by t.priority, t.id limit 25 offset 50;
-- pgtune: calls=5000
select t.id, t.title, t.due_on from task t where t.assignee_id = 4021 and t.deleted_at is null and t.status <> 'done' order by t.due_on nulls last, t.id limit 20;
-- pgtune: calls=7000
select c.*, p.name from comment c join person p on p.id = c.author_id where c.task_id = 15001 and c.deleted_at is null order by c.created_at, c.id;
-- pgtune: calls=7000
select l.name from task_label x join label l on l.id = x.label_id where x.task_id = 15001;
-- pgtune: calls=1500
select t.id, t.title from task t join task_label x on x.task_id = t.id where x.label_id = 3021 and t.deleted_at is null order by t.created_at desc limit 20;
-- pgtune: calls=7000
select * from attachment where content_type = 'task' and object_id = 15001;
-- pgtune: calls=3000
select * from activity where organization_id = 9 order by created_at desc, id desc limit 30;
-- pgtune: calls=2000
select * from activity where organization_id = 9 and (created_at, id) < ('2024-05-01', 400000) order by created_at desc, id desc limit 30;
-- pgtune: calls=1200
select * from activity where object_type = 'task' and object_id = 15001 order by id desc;
-- pgtune: calls=25000
select count(*) from notification where person_id = 801 and read_at is null;
-- pgtune: calls=5000
select * from notification where person_id = 801 order by created_at desc limit 20;
-- pgtune: calls=900
select * from client where organization_id = 21 and deleted_at is null and name like 'Client ab%' order by name limit 20;
-- pgtune: calls=700
select id, title from task where organization_id = 21 and title ilike '%fix 97%' and deleted_at is null limit 20;
-- pgtune: calls=400
select p.id, p.name from person p where p.name ilike '%last421%' limit 10;
-- pgtune: calls=800
select id, slug, title from page where organization_id = 2 and search @@ to_tsquery('simple', 'word19999');
-- pgtune: calls=600
select id, title from task where tags @> array['tag3999'] and organization_id = 7 and deleted_at is null;
-- pgtune: calls=600
select id, title from task where custom @> '{"ticket": "T-4711"}';
-- pgtune: calls=500
select id from task where custom ->> 'ticket' = 'T-815' and organization_id = 8;
-- pgtune: calls=300
select id, name from client where deleted_at is null order by location <-> point(13.4, 52.5) limit 10;
-- pgtune: calls=900
select b.id, b.during from booking b where b.room_id = 12 and b.during && tstzrange('2025-03-01 08:00+00', '2025-03-01 18:00+00') and not b.cancelled;
-- pgtune: calls=200
select b.room_id from booking b where b.during @> timestamptz '2025-03-01 12:30+00' and not b.cancelled;
-- pgtune: calls=60
select count(*) from login_session where address <<= '10.1.0.0/24';
-- pgtune: calls=3000
select * from login_session where person_id = 5511 and expires_at > '2025-06-01';

-- queues
-- pgtune: calls=30000
select id, payload from job where state = 'ready' and queue = 'mail' and run_at <= '2025-12-01' order by priority, run_at limit 1 for update skip locked;
-- pgtune: calls=6000
select * from delivery where next_try_at <= '2025-06-01 12:00+00' order by next_try_at limit 50;
-- pgtune: calls=900
select * from delivery where webhook_id = 1201 order by created_at desc limit 20;

-- money
-- pgtune: calls=1500
select * from invoice where organization_id = 6 and status = 'overdue' order by due_on limit 50;
-- pgtune: calls=2500
select * from invoice where client_id = 31007 order by issued_on desc;
-- pgtune: calls=2500
select * from invoice_line where invoice_id = 40021 order by id;
-- pgtune: calls=2500
select coalesce(sum(amount), 0) from payment where invoice_id = 40021;
-- pgtune: calls=800
select * from payment where provider = 'card' and reference = 'REF900150983cd24fb0d6963f7d28e17f72';
-- pgtune: calls=700
select * from invoice where organization_id = 6 and number = 'INV-000004711';

-- reports, seldom
-- pgtune: calls=40
select p.id, p.name, count(*) filter (where t.status = 'open') as open, count(*) as all_tasks from project p left join task t on t.project_id = p.id and t.deleted_at is null where p.organization_id = 4 and p.deleted_at is null group by p.id, p.name order by open desc;
-- pgtune: calls=20
select date_trunc('day', created_at) as day, count(*) from activity where organization_id = 4 and created_at >= '2024-06-01' and created_at < '2024-07-01' group by 1 order by 1;
-- pgtune: calls=12
select c.city, sum(i.total) from invoice i join client c on c.id = i.client_id where i.organization_id = 6 and i.issued_on between '2024-01-01' and '2024-12-31' group by c.city order by 2 desc limit 20;
-- pgtune: calls=10
select action, count(*) from audit_event where at >= '2024-05-01' and at < '2024-05-08' group by action;
-- pgtune: calls=6
select count(*) from audit_event where organization_id = 4 and at >= '2024-05-01' and at < '2024-06-01';
-- pgtune: calls=4
select o.name from organization o where not exists (select from invoice i where i.organization_id = o.id and i.issued_on > '2024-10-01');
-- pgtune: calls=2
select max(created_at) from comment where author_id = 17;

-- writes
-- pgtune: calls=3000
insert into comment (id, task_id, author_id, body, created_at) values (900000001, 15001, 17, 'words', '2025-06-01');
-- pgtune: calls=9000
insert into activity (id, organization_id, actor_id, verb, object_type, object_id, data, created_at) values (900000001, 4, 17, 'updated', 'task', 15001, '{}', '2025-06-01');
-- pgtune: calls=20000
insert into audit_event (id, at, organization_id, person_id, action, address, detail) values (900000001, '2025-06-01', 4, 17, 'view', '10.0.0.1', 'detail');
-- pgtune: calls=6000
insert into notification (id, person_id, kind, payload, created_at) values (900000001, 17, 'mention', '{}', '2025-06-01');
-- pgtune: calls=4000
update task set status = 'done', updated_at = '2025-06-01' where id = 15001;
-- pgtune: calls=20000
update person set last_seen_at = '2025-06-01' where id = 17;
-- pgtune: calls=4000
update notification set read_at = '2025-06-01' where person_id = 801 and read_at is null;
-- pgtune: calls=30000
update job set state = 'done', locked_by = null where id = 4711;
-- pgtune: calls=100
delete from login_session where expires_at < '2025-04-25';
