"""What somebody put into a schema of the search_path is never meant by what pgtune itself asks, and never runs."""

import asyncio
from typing import Any

import pytest

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.collect.doctor import diagnose
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.statement import Statement
from pgtune_cli.rewrite.rewrite import rewrite_statements
from pgtune_cli.rewrite.session import snapshot
from pgtune_cli.whatif.hypopg import INSTALLED, LEAVES

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]

# a function for every function and operator of PostgreSQL's own that a PL can be given, in a schema that comes first
TRAPS = """
do $do$
declare
  r record;
  caught text := 'insert into public.trapped values (1)';
  trap text := 'begin perform public.dblink_exec(%L, %L); raise exception $x$trap %s$x$; end';
begin
  for r in
    select format('create function traps.%I(%s) returns %s language plpgsql as %L', p.proname, a.list,
             pg_get_function_result(p.oid), format(trap, {link}, caught, p.proname)) as sql, null as operator
      from pg_proc as p,
           lateral (select string_agg(format_type(t, null), ', ' order by n)
                      from unnest(p.proargtypes) with ordinality as u (t, n)) as a (list)
     where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f'
     union all
    select format('create function traps.operator_%s(%s, %s) returns %s language plpgsql as %L', o.oid,
             o.oprleft::regtype, o.oprright::regtype, o.oprresult::regtype,
             format(trap, {link}, caught, replace(o.oprname, '%', '%%'))),
           format('create operator traps.%s (leftarg = %s, rightarg = %s, procedure = traps.operator_%s)', o.oprname,
             o.oprleft::regtype, o.oprright::regtype, o.oid)
      from pg_operator as o
     where o.oprkind = 'b'
  loop
    begin
      execute r.sql;
      if r.operator is not null then execute r.operator; end if;
    exception when others then null;  -- of types that no PL takes
    end;
  end loop;
end $do$
"""


def test_no_function_or_operator_of_the_search_path_stands_for_one_of_postgresqls(pg: Any) -> None:
    for command in (
        "create extension dblink",
        "create extension pg_stat_statements",
        "create table trapped (a int)",
        "create type mood as enum ('a', 'b')",
        "create table t (id int primary key, name text, m mood)",
        "insert into t select i, 'n' || i, 'a' from generate_series(1, 500) i",
        "create index on t (lower(name))",
        "create view v as select name from t",
        "create table part (id int) partition by range (id)",
        "analyze",
        "create schema traps",
        TRAPS.replace("{link}", f"'host={pg.socket_dir} port={pg.port} dbname={pg.database} user=postgres'"),
        f"alter database {pg.database} set search_path = traps, pg_catalog, public",
    ):
        pg.execute(command)
    assert pg.fetch("select count(*) > 2500 from pg_proc where pronamespace = 'traps'::regnamespace")[0][0]
    queries = ["select id, m from t limit 3", "select name from v limit 3", "select id from t where name = $1"]
    statements = [
        Statement(fingerprint=query, query=query, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0)
        for query in queries
    ]

    async def own(connection: Connection) -> None:
        await connection.fetch(INSTALLED)
        await connection.fetch(LEAVES, "public.part")
        async with snapshot(connection, 1000) as session:
            await session.types("select id from t limit $1")

    async def main() -> list[str | None]:
        connection = await connect(pg.dsn)
        try:
            await diagnose(connection)
            read = await collect(connection)
            found = await explain_statements(connection, read, statements, ExplainOptions())
            await own(connection)
            return [found[query].not_executed for query in queries]
        finally:
            await connection.close()

    reasons = asyncio.run(main())
    assert reasons[:2] == [None, None]
    assert str(reasons[2]).startswith("planning it may call the function of operator =")
    assert pg.fetch("select count(*)::text from public.trapped") == [("0",)]


def test_a_proof_runs_nothing_that_the_statement_itself_did_not(pg: Any) -> None:
    for command in (
        "create table log (id int primary key, made timestamp not null, note text)",
        "insert into log select i, timestamp '2024-01-01' + i * interval '1 hour' from generate_series(1, 20000) i",
        "create index on log (made)",
        "vacuum analyze log",
    ):
        pg.execute(command)
    query = "select id from log where made::date = '2024-03-05'"
    assert asyncio.run(rewritten(pg.dsn, query)) == ("proven", None)
    trap = "returns {} language plpgsql as $$ begin raise exception 'trap'; end $$"
    for commands in (
        [f"create function hashtextextended(text, int) {trap.format('bigint')}"],
        [
            "drop function hashtextextended(text, int)",
            f"create function compares(timestamp, timestamp) {trap.format('bool')}",
            "create operator >= (leftarg = timestamp, rightarg = timestamp, procedure = compares)",
            f"alter database {pg.database} set search_path = public, pg_catalog",
        ],
    ):
        for command in commands:
            pg.execute(command)
        status, reason = asyncio.run(rewritten(pg.dsn, query))
        assert status == "conditions"
        assert str(reason).startswith("not proven: it would run more than the statement: ")


async def rewritten(dsn: str, query: str) -> tuple[str, str | None]:
    """Status and reason of the only rewrite."""
    asked = (Statement(fingerprint=query, query=query, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0),)
    connection = await connect(dsn)
    try:
        read = await collect(connection)
        plans = await explain_statements(connection, read, asked, ExplainOptions())
        found = await rewrite_statements(
            Analysis(snapshot=read, statements=asked, plans=plans), whatif=None, connection=connection
        )
    finally:
        await connection.close()
    return found[0].status, found[0].reason
