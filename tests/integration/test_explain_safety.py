"""What must not run is not run, as superuser too, and the server is as it was; harmless statements do run."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.database import LOOP
from support.safety_cases import SafetyCases

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import Statement

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 15, 18)]

STATE = """
select (select array_agg(a order by a) from side) as side,
       (select array_agg(concat(schemaname, sequencename, last_value) order by 1) from pg_sequences) as sequences,
       (select array_agg(concat(relnamespace, relname, relkind, relhastriggers) order by oid) from pg_class
         where relnamespace not in (select oid from pg_namespace where nspname ~ 'temp|toast')) as relations,
       (select sum(hashtext(c::text)) from customer c) as rows_of_customer,
       (select sum(hashtext(p::text)) from plain p) as rows_of_plain,
       (select count(*) from with_default) + (select count(*) from with_rule) as rows_of_others,
       (select count(*) from pg_largeobject_metadata) as large_objects,
       (select count(*) from pg_replication_slots) as slots,
       (select count(*) from pg_replication_origin) as origins,
       (select count(*) from pg_prepared_xacts) as prepared_transactions,
       (select array_agg(concat(mode, classid, objid)) from pg_locks where locktype = 'advisory' and database = (
          select oid from pg_database where datname = current_database())) as advisory_locks,
       (select stats_reset from pg_stat_database where datname = current_database()) as statistics_reset,
       (select stats_reset from pg_stat_bgwriter) as bgwriter_reset,
       (select max(stats_reset) from pg_stat_slru) as slru_reset,
       (select count(*) > 10 from pg_stat_statements) as statements_kept,
       (select count(*) from pg_collation) as collations,
       (select array_agg(name || setting order by name) from pg_settings
         where name not in ('transaction_isolation', 'in_hot_standby')) as settings,
       (select array_agg(concat(setdatabase, setrole, setconfig) order by 1) from pg_db_role_setting) as role_settings,
       (select array_agg(name order by name) from pg_ls_dir('.') as name) as files,
       (select timeline_id from pg_control_checkpoint()) as timeline,
       (select pg_conf_load_time()) as configuration_read,
       (select count(*) from pg_stat_activity where application_name = 'sentinel') as sentinels,
       pg_is_in_recovery() as recovery
"""
# no gate is asked about what a version has not; another of the three has it
ABSENT = {
    13: {"a file", "memory contexts into the log", "statistics that are imported", "select pg_backup_start x"},
    15: {"statistics that are imported", "select pg_start_backup x"},
    18: {"a file", "select pg_start_backup x"},
}
assert set.intersection(*ABSENT.values()) == set()
SCANS = """
select relname, seq_scan as seq, coalesce(idx_scan, 0) as idx from pg_stat_user_tables order by relname
"""


def explained(
    pg: Any,
    queries: list[str],
    after: Callable[[], None] = lambda: None,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> dict[str, StatementPlans]:
    """`after` is called while the session that explained them is still open."""
    statements = [
        Statement(fingerprint=query, query=query, calls=10, total_exec_time_ms=10.0, mean_exec_time_ms=1.0, rows=30)
        for query in queries
    ]

    async def main() -> dict[str, StatementPlans]:
        connection = await connect(pg.dsn)
        try:
            snapshot = await collect(connection, CollectOptions())
            found = await explain_statements(
                connection, snapshot, statements, ExplainOptions(**options), progress=progress
            )
            await asyncio.to_thread(after)
            return found
        finally:
            await connection.close()

    return asyncio.run(main())


class Trapped:
    """A database of traps, a sentinel session that listens, and the cases."""

    def __init__(self, pg: Any, trace_file: Path) -> None:
        self.pg = pg
        self.trace_file = trace_file
        link = f"'host={pg.socket_dir} port={pg.port} dbname={pg.database} user=postgres'"
        self.cases = SafetyCases(pg.version_num // 10000, link=link, long="w" * 63, trace_file=str(trace_file))
        for command in self.cases.setup:
            pg.execute(command)
        if pg.fetch("select 1 from pg_available_extensions where name = 'adminpack'"):
            pg.execute("create extension adminpack")
        for number in range(12):
            pg.execute(f"select {number} as column_{number}")
        # before 15 the statistics collector writes the time of the first reset when it comes to it
        deadline = time.monotonic() + 10
        while pg.version_num < 150000 and time.monotonic() < deadline:
            if pg.fetch("select stats_reset from pg_stat_database where datname = current_database()")[0][0]:
                break
            time.sleep(0.1)
        # the traps went off while their tables were made
        pg.execute("truncate side")

    def scans(self) -> list[tuple[Any, ...]]:
        """Of every table, once this session has sent its own."""
        if self.pg.version_num >= 150000:
            self.pg.fetch("select pg_stat_force_next_flush()")
        else:
            time.sleep(0.6)
            self.pg.fetch("select 1")
            time.sleep(0.6)
        self.pg.fetch("select pg_stat_clear_snapshot()")
        return [tuple(row) for row in self.pg.fetch(SCANS)]

    def state(self) -> dict[str, Any]:
        self.pg.fetch("select pg_stat_clear_snapshot()")
        return dict(self.pg.fetch(STATE)[0])


@pytest.fixture
def trapped(pg: Any, tmp_path: Path) -> Trapped:
    return Trapped(pg, tmp_path / "trace")


def test_what_is_dangerous_is_left_alone_and_what_is_harmless_runs(trapped: Trapped) -> None:
    cases, notified, states, scans = trapped.cases, [], [], []
    assert len(cases.dangerous) >= 80
    assert len(cases.harmless) >= 60

    async def listen() -> Any:
        sentinel = await trapped.pg.connect()
        await sentinel.execute("set application_name = 'sentinel'")
        await sentinel.add_listener("ch", lambda *_: notified.append(1))
        return sentinel

    sentinel = LOOP.run(listen())
    before = trapped.state()
    everything = {**cases.dangerous, **cases.harmless}
    scans.append(trapped.scans())

    def after() -> None:
        scans.append(trapped.scans())
        states.append(trapped.state())

    found = explained(trapped.pg, list(everything.values()), after=after)
    assert not sentinel.is_closed()
    LOOP.run(sentinel.close())

    assert {what: value for what, value in states[0].items() if value != before[what]} == {}
    assert notified == []
    assert not trapped.trace_file.exists()
    # a superuser's executions are in no counter, and nothing else ran
    assert scans[1] == scans[0]
    reasons = {name: found[query].not_executed for name, query in cases.dangerous.items()}
    absent = {name for name, reason in reasons.items() if reason and "does not exist" in reason}
    assert absent <= ABSENT[trapped.pg.version_num // 10000]
    assert {name for name, reason in reasons.items() if not reason or "\n" in reason} == set()
    assert {name for name, query in cases.dangerous.items() if any(p.executed for p in found[query].plans)} == set()
    assert {
        name: found[query].not_executed for name, query in cases.harmless.items() if found[query].not_executed
    } == {}
    assert {name for name, query in cases.harmless.items() if not found[query].plans[0].executed} == set()


@pytest.mark.majors(18)
def test_nothing_runs_when_execution_is_turned_off(pg: Any) -> None:
    found = explained(pg, ["select 1", "values (1)"], execute=False)
    assert {one.not_executed for one in found.values()} == {"execution is turned off"}
    assert not any(plan.executed for one in found.values() for plan in one.plans)


@pytest.mark.majors(18)
def test_trusted_functions_run_unless_they_are_volatile(pg: Any) -> None:
    pg.execute("create table t (a int)")
    pg.execute("create function twice(int) returns int language sql immutable as 'select $1 * 2'")
    pg.execute("create function rolls() returns int language sql volatile as 'select 4'")
    found = explained(pg, ["select twice(a) from t", "select twice(3)", "select rolls()"], trust_functions=True)
    assert [one.not_executed for one in found.values()] == [
        None,
        None,
        "it calls rolls(), a volatile function of the database's own",
    ]


@pytest.mark.majors(18)
def test_a_function_of_columns_is_planned_and_one_of_constants_is_not(pg: Any) -> None:
    pg.execute("create table t (a int)")
    pg.execute("create function twice(int) returns int language sql immutable as 'select $1 * 2'")
    found = explained(pg, ["select twice(a) from t", "select twice(3)"])
    reasons = [(bool(one.plans), one.not_explained, one.not_executed) for one in found.values()]
    calls = "a function of the database's own; --trust-functions allows it"
    assert reasons == [
        (True, None, f"it calls twice(), {calls}"),
        (False, f"planning it may call twice(), {calls}", f"planning it may call twice(), {calls}"),
    ]


@pytest.mark.majors(15)
def test_strings_are_read_as_the_gates_read_them(pg: Any) -> None:
    pg.execute("create table side (a int)")
    pg.execute(
        "create function writes() returns int immutable language plpgsql"
        " as $$ begin perform set_config('pgtune.ran', 'yes', false); raise exception 'ran'; end $$"
    )
    pg.execute(f"alter database {pg.database} set standard_conforming_strings = off")
    query = r"select 'a\'', writes(), 'b\''"
    assert explained(pg, [query])[query].not_explained == "it is not SQL to this server: syntax error at character 27"


RANGES = """
create function counts(anyelement) returns anyelement language plpgsql immutable
  as $$ begin perform set_config('pgtune.ran', 'yes', false); return $1; end $$;
create function difference(float8, float8) returns float8 language plpgsql immutable
  as $$ begin return $1 - $2; end $$;
create function compares(int, int) returns int language plpgsql immutable
  as $$ begin return $1 - $2; end $$;
create operator class backwards for type int using btree as operator 1 >, operator 2 >=, operator 3 =,
  operator 4 <=, operator 5 <, function 1 compares(int, int);
create domain checked as int check (counts(value) > 0);
create type colour as enum ('red', 'blue');
create type plain as range (subtype = float8, subtype_diff = float8mi);
create type hue as range (subtype = colour);
create type measured as range (subtype = float8, subtype_diff = difference);
create type ordered as range (subtype = int, subtype_opclass = backwards);
create type over_domain as range (subtype = checked);
create type canonical;
create function canonical_of(canonical) returns canonical language internal immutable as 'int4range_canonical';
create type canonical as range (subtype = int, canonical = canonical_of);
"""


@pytest.mark.majors(13, 18)
def test_a_range_type_of_the_database_is_executed_unless_its_maker_wrote_code_for_it(pg: Any) -> None:
    names = ["plain", "hue", "measured", "ordered", "over_domain", "canonical"]
    for command in RANGES.strip().split(";\n"):
        pg.execute(command)
    for name in names:
        pg.execute(f"create table t_{name} (r {name}, id int)")
    queries = [f"select r from t_{name} where id = 1" for name in names]
    constructors = ["select plain(1, 2)", "select id from t_plain where r && plain(1, 5, '[]')"]
    found = explained(pg, queries + constructors)
    refused = "type {} runs code of the database's own ({})"
    assert [one.not_executed for one in found.values()] == [
        None,
        None,
        refused.format("measured", "its range functions"),
        refused.format("ordered", "the operator class of its bounds"),
        refused.format("over_domain", "the type of its bounds"),
        refused.format("canonical", "its range functions"),
        None,
        None,
    ]
    assert all(one.plans for one in found.values())


@pytest.mark.majors(18)
def test_a_multirange_is_as_its_range_is(pg: Any) -> None:
    for command in RANGES.strip().split(";\n"):
        pg.execute(command)
    pg.execute("create table t (id int, a plain_multirange, b plain[])")
    pg.execute("create table u (id int, a measured_multirange)")
    queries = ["select a, b from t", "select plain_multirange(plain(1, 2))", "select id from u"]
    assert [one.not_executed for one in explained(pg, queries).values()] == [
        None,
        None,
        "type measured_multirange runs code of the database's own (its range functions)",
    ]


@pytest.mark.majors(18)
def test_trust_ends_where_a_function_is_volatile_inside_or_runs_texts(pg: Any) -> None:
    for command in (
        "create extension tablefunc",
        "create table t (a int, b text)",
        "create function adds(int, int) returns int language plpgsql volatile as $$ begin return $1 + $2; end $$",
        "create aggregate total (int) (sfunc = adds, stype = int)",
        "create function same(text, text) returns bool language plpgsql volatile as $$ begin return true; end $$",
        "create operator ==~ (leftarg = text, rightarg = text, procedure = same)",
        "create function twice(int) returns int language sql immutable as 'select $1 * 2'",
    ):
        pg.execute(command)
    queries = [
        "select total(a) from t",
        "select * from t where b ==~ 'x'",
        "select * from crosstab('select 1, 2, 3') as (a int, b int)",
        "select twice(twice(a)) from t where twice(3) = 6",
    ]
    assert [one.not_executed for one in explained(pg, queries, trust_functions=True).values()] == [
        "it calls total(), a volatile function of the database's own",
        "planning it may call the function of operator ==~, and it is volatile",
        "planning it may call crosstab(), which may do more than compute",
        None,
    ]


@pytest.mark.majors(13, 18)
def test_nothing_is_executed_that_was_judged_by_other_code(pg: Any) -> None:
    pg.execute("create table t (a int)")
    pg.execute("create view v as select a from t")
    change = ["create or replace view v as select a from t where a < 5"]

    def during(message: str) -> None:
        if message.startswith("executing") and change:
            pg.execute(change.pop())

    found = explained(pg, ["select * from v"], progress=during)["select * from v"]
    assert found.not_executed is not None
    assert found.not_executed.startswith("functions, operators, types, views or policies were changed")
    assert explained(pg, ["select * from v"])["select * from v"].not_executed is None


@pytest.mark.majors(13, 18)
def test_an_operator_is_known_by_every_word_and_spelling_that_means_it(pg: Any) -> None:
    for command in (
        "create table t (id int, name varchar(20))",
        "insert into t select i, 'name ' || i % 5 from generate_series(1, 50) i",
        "analyze t",
        "create function looks(varchar, text) returns bool language plpgsql immutable"
        " as $$ begin raise exception 'looked'; end $$",
        "create operator ~ (leftarg = varchar, rightarg = text, procedure = looks, restrict = eqsel)",
        "create operator !~ (leftarg = varchar, rightarg = text, procedure = looks, restrict = neqsel)",
        "create operator <> (leftarg = varchar, rightarg = text, procedure = looks, restrict = neqsel)",
    ):
        pg.execute(command)
    queries = [
        "select id from t where name similar to 'x'",
        "select 'x'::varchar not similar to 'y'",
        "select id from t where name != 'x'::text",
        "select 'x'::varchar != 'y'::text",
    ]
    reasons = [str(one.not_explained) for one in explained(pg, queries).values()]
    told = "planning it may call the function of operator"
    assert [reason for reason in reasons if not reason.startswith(told)] == []
