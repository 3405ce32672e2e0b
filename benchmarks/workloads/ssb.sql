-- The Star Schema Benchmark (O'Neil, O'Neil, Chen), rows made here after its rules; :scale 1 has 6,000,000 lineorders.
create table dates (
    d_datekey int primary key, d_date text not null, d_dayofweek text not null, d_month text not null,
    d_year int not null, d_yearmonthnum int not null, d_yearmonth text not null, d_daynuminweek int not null,
    d_daynuminmonth int not null, d_daynuminyear int not null, d_weeknuminyear int not null, d_sellingseason text);
create table customer (
    c_custkey int primary key, c_name text not null, c_address text not null, c_city text not null,
    c_nation text not null, c_region text not null, c_phone text not null, c_mktsegment text not null);
create table supplier (
    s_suppkey int primary key, s_name text not null, s_address text not null, s_city text not null,
    s_nation text not null, s_region text not null, s_phone text not null);
create table part (
    p_partkey int primary key, p_name text not null, p_mfgr text not null, p_category text not null,
    p_brand1 text not null, p_color text not null, p_type text not null, p_size int not null, p_container text not null);
create table lineorder (
    lo_orderkey bigint not null, lo_linenumber int not null, lo_custkey int not null, lo_partkey int not null,
    lo_suppkey int not null, lo_orderdate int not null, lo_orderpriority text not null, lo_shippriority text not null,
    lo_quantity int not null, lo_extendedprice int not null, lo_ordtotalprice int not null, lo_discount int not null,
    lo_revenue int not null, lo_supplycost int not null, lo_tax int not null, lo_commitdate int not null,
    lo_shipmode text not null, primary key (lo_orderkey, lo_linenumber));

insert into dates
  select to_char(d, 'YYYYMMDD')::int, to_char(d, 'FMMonth FMDD, YYYY'), to_char(d, 'FMDay'), to_char(d, 'FMMonth'),
    extract(year from d)::int, to_char(d, 'YYYYMM')::int, to_char(d, 'MonYYYY'), extract(isodow from d)::int,
    extract(day from d)::int, extract(doy from d)::int, 1 + (extract(doy from d)::int - 1) / 7,
    case when extract(month from d) in (11, 12) then 'Christmas' when extract(month from d) in (6, 7, 8) then 'Summer'
      else 'Winter' end
  from generate_series(date '1992-01-01', date '1998-12-31', interval '1 day') d;
create table nations (n int primary key, nation text, region text);
insert into nations
  select n, nation, (array['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])[1 + n / 5]
  from unnest(array['ALGERIA', 'ETHIOPIA', 'KENYA', 'MOROCCO', 'MOZAMBIQUE', 'ARGENTINA', 'BRAZIL', 'CANADA', 'PERU',
    'UNITED STATES', 'CHINA', 'INDIA', 'INDONESIA', 'JAPAN', 'VIETNAM', 'FRANCE', 'GERMANY', 'ROMANIA', 'RUSSIA',
    'UNITED KINGDOM', 'EGYPT', 'IRAN', 'IRAQ', 'JORDAN', 'SAUDI ARABIA']) with ordinality as t(nation, place),
    lateral (select (place - 1)::int as n) x;
insert into customer
  select i, 'Customer#' || lpad(i::text, 9, '0'), md5(i::text), rpad(left(nation, 9), 9) || floor(random() * 10)::int,
    nation, region, (10 + n) || '-' || lpad(i::text, 10, '0'),
    (array['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'HOUSEHOLD', 'MACHINERY'])[1 + floor(random() * 5)::int]
  from (select i, floor(random() * 25)::int as n from generate_series(1, (30000 * :scale)::int) i) c join nations using (n);
insert into supplier
  select i, 'Supplier#' || lpad(i::text, 9, '0'), md5(i::text), rpad(left(nation, 9), 9) || floor(random() * 10)::int,
    nation, region, (10 + n) || '-' || lpad(i::text, 10, '0')
  from (select i, floor(random() * 25)::int as n from generate_series(1, (2000 * :scale)::int) i) s join nations using (n);
drop table nations;
insert into part
  select i, md5(i::text), 'MFGR#' || m, 'MFGR#' || m || c, 'MFGR#' || m || c || b,
    (array['almond', 'azure', 'blush', 'coral', 'cream', 'forest', 'ivory', 'lemon', 'navy', 'peach'])[1 + i % 10],
    'TYPE ' || i % 150, 1 + i % 50, 'BOX ' || i % 40
  from (select i, 1 + floor(random() * 5)::int as m, 1 + floor(random() * 5)::int as c, 1 + floor(random() * 40)::int as b
        from generate_series(1, (200000 * least(:scale, 1))::int) i) p;
insert into lineorder
  select o, l, custkey, 1 + floor(random() * (200000 * least(:scale, 1))::int)::int,
    1 + floor(random() * (2000 * :scale)::int)::int, to_char(date '1992-01-01' + day, 'YYYYMMDD')::int,
    (array['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECI', '5-LOW'])[1 + floor(random() * 5)::int], '0', quantity,
    price, price * 3, discount, price * (100 - discount) / 100, price * 6 / 10, floor(random() * 9)::int,
    to_char(date '1992-01-01' + day + 30 + floor(random() * 60)::int, 'YYYYMMDD')::int,
    (array['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'])[1 + floor(random() * 7)::int]
  from (select o, l, custkey, day, 1 + floor(random() * 50)::int as quantity, floor(random() * 11)::int as discount,
          90000 + floor(random() * 5000000)::int as price
        from (select o, 1 + floor(random() * (30000 * :scale)::int)::int as custkey, floor(random() * 2406)::int as day
              from generate_series(1, (1500000 * :scale)::int) o) orders, generate_series(1, 4) l) rows;
