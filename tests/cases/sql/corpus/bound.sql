-- what drivers send: the texts already have their own $n; the values are those of the comment
-- values: 5
select * from parcel where id = $1;
-- values: 5|new
select * from parcel where depot_id=$1 and status=$2;
-- values: 1|2|3
select * from parcel where id in ($1,$2,$3);
-- values: {1,2,3}
select * from parcel where id = any($1);
-- values: {1,2,3}
select * from parcel where id = any($1::bigint[]);
-- values: {new,lost}
select * from parcel where status = any($1::parcel_status[]) limit 3;
-- values: 2024-02-01 00:00+00|2024-02-02 00:00+00
select * from parcel where created >= $1 and created < $2 limit 10;
-- values: 2024-02-01 00:00+00|100|5
select * from parcel where (created,id) > ($1,$2) order by created,id limit $3;
-- values: 3|5|0
select * from parcel where depot_id = $1 order by id limit $2 offset $3;
-- values: sender 1%
select count(*) from parcel where sender like $1;
-- values: {"kind": "box"}
select id from parcel where attrs @> $1 limit 3;
-- values: kind|box
select id from parcel where attrs->>$1=$2 limit 3;
-- values: {tag1}
select id from parcel where tags && $1 limit 3;
-- values: note
select id from parcel where search @@ to_tsquery('simple',$1) limit 3;
-- values: simple|note
select id from parcel where search @@ to_tsquery($1::regconfig,$2) limit 3;
-- values: 10.0.5.0/24
select id from parcel where ip << $1 limit 3;
-- values: a87ff679-a2f3-e71d-9181-a67b7542122c
select id from parcel where tracking=$1::uuid;
-- values: 7 days
select id from parcel where created > now() - $1::interval limit 3;
-- values: day|2024-02-01 00:00+00
select date_trunc($1,created),count(*) from parcel where created>$2 group by 1;
-- values: north|c3
select * from depot where region=$1 and info->>'city'=$2;
-- values: null|5
select * from depot where ($1::text is null or code=$1) and id=$2;
-- values: 5|x
select * from depot where id=$1 and $2='x';
-- values: 900|D900|north
insert into depot(id,code,region) values($1,$2,$3);
-- values: 910|D910|north|911|D911|south
insert into depot(id,code,region) values($1,$2,$3),($4,$5,$6) on conflict do nothing;
-- values: new note|5
update parcel set note=$1 where id=$2;
-- values: {"a": 1}|5
update parcel set attrs=attrs||$1 where id=$2;
-- values: 1.5|3
update account set balance=balance+$1,version=version+1 where id=$2 returning balance;
-- values: 5
delete from ledger where id=$1;
-- values: {1,2}|{a,b}
select * from unnest($1::int[],$2::text[]) as t(a,b);
-- values: 1|10
select * from generate_series($1::int,$2::int) g;
-- values: 3
select * from of_depot($1) limit 2;
-- values: 55
select * from tariff where zone @> $1::int;
-- values: [50,60)
select * from tariff where zone && $1;
-- values: 2024-02-01
select count(*) from parcel where created::date=$1;
-- values: 5
select p.id,(select count(*) from scan s where s.parcel_id=p.id and s.kind=$1) from parcel p where p.id<10;
-- values: 10|x
select count(*) filter (where weight>$1), string_agg(sender,$2) from parcel where id<5;
-- values: 3
select id, coalesce(weight,$1) from parcel where id<3;
-- values: [{"id": 1, "code": "x"}]
select * from jsonb_to_recordset($1) as t(id int, code text);
-- values: 3
select * from reading where sensor_id=$1 and at>'2024-05-01' limit 3;
-- values: 3|2.5
merge into account a using (select $1::int as id,$2::numeric as amount) s on a.id=s.id when matched then update set balance=s.amount;
-- values: 2
select id from depot where id=$1 /* app:web,controller:depots */;
-- values: 2
/*action='show',controller='depots'*/ select code from depot where id=$1 and region<>'south';
-- values: Driver 3%|100
select name from driver where name ilike $1 and salary>$2 order by name limit 21;
-- values: s1
select name from driver where $1=any(skills) limit 3;
-- values: 5|7
select $1::int+$2::int as n;
-- values: a
select $1::text as echoed;
-- values: 3
select case when id>$1 then 'a' else 'b' end from depot limit 3;
-- values: 5
select * from (select id,code from depot where id<$1) x where code>'D00' order by 1;
