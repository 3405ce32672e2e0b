drop function pg_temp.moment(double precision, double precision);
drop function pg_temp.size(text);
drop function pg_temp.pick(text[], double precision);
drop function pg_temp.skewed(bigint, integer, bigint, double precision);
drop function pg_temp.u(bigint, integer);
drop table pg_temp.place;
drop table pg_temp.place_slot;
drop table pg_temp.sentence;
