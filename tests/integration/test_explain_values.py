"""Values for $n on real servers: of the right type whatever the schema, of one row where columns belong together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.typed_schemas import TYPES, schemas, statements

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import Prepared, Statement, ValueSet

pytestmark = pytest.mark.pg


def explained(dsn: str, queries: Sequence[str], **options: Any) -> dict[str, StatementPlans]:
    async def main() -> dict[str, StatementPlans]:
        connection = await connect(dsn)
        try:
            snapshot = await collect(connection, CollectOptions())
            found = [
                Statement(fingerprint=q, query=q, calls=10, rows=30, total_exec_time_ms=10.0, mean_exec_time_ms=1.0)
                for q in dict.fromkeys(queries)
            ]
            return await explain_statements(connection, snapshot, found, ExplainOptions(**options))
        finally:
            await connection.close()

    return asyncio.run(main())


def record(one: StatementPlans) -> ValueSet:
    assert one.prepared is not None
    return one.prepared.value_sets[0]


@pytest.fixture(scope="module")
def types(pg_module: Any) -> Any:
    pg_module.execute(
        "create extension citext; create type mood as enum ('sad', 'ok', 'o''k');"
        "create domain positive as int check (value > 0)"
    )
    return pg_module


@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_prepared_statement_gets_plans_with_values_of_the_right_type(types: Any, data: st.DataObject) -> None:
    columns = data.draw(schemas())
    queries = data.draw(st.lists(statements(columns), min_size=6, max_size=10, unique=True))
    analyze = data.draw(st.sampled_from(["analyze made", "select 1"]))
    quoted = [f'"{name}" {kind}' for name, kind in columns.items()]
    filled = ", ".join(TYPES[kind] for kind in columns.values())
    types.execute(f"drop table if exists made; create table made ({', '.join(quoted)})")
    types.execute(f"insert into made select {filled} from generate_series(1, 400) i")
    types.execute(analyze)
    execute = data.draw(st.booleans())
    for query, one in explained(types.dsn, queries, execute=execute).items():
        assert bool(one.plans) != bool(one.not_explained), query
        if one.prepared is None:
            continue
        assert record(one).name != "generic", query
        for values in one.prepared.value_sets:
            assert values.origin in ("pg_stats", "default", "row", "generic"), query
            if values.values is not None:
                check_types(types, one.prepared, values)


def check_types(pg: Any, prepared: Prepared, values: ValueSet) -> None:
    """The server reads each value as the parameter's type; the bounds of a BETWEEN are in order."""
    assert len(values.values or ()) == len(prepared.parameter_types)
    pairs = list(zip(values.values or (), prepared.parameter_types, strict=True))
    literals = ", ".join("null" if value is None else f"{quote(value)}::{kind}" for value, kind in pairs)
    pg.fetch(f"select {literals}" if literals else "select 1")
    if prepared.sql.count("between $1 and $2") and values.name != "null":
        (low, kind), (high, _) = pairs[:2]
        if low is not None and high is not None:
            ordered = pg.fetch(f"select {quote(low)}::{kind} <= {quote(high)}::{kind} as ordered")
            assert ordered[0]["ordered"], (prepared.sql, values)


def quote(value: str) -> str:
    return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


@pytest.fixture(scope="module")
def shop(pg_module: Any) -> Any:
    """A city lies in one country, a sale has that of its customer: values apart from each other find nothing."""
    pg_module.execute(
        """create table customer (id int primary key, country text, city text);
           create table sale (id int primary key, customer_id int references customer, country text, city text,
                              placed date, kind text);
           create index on sale (customer_id);
           insert into customer select i, 'country ' || i % 20, 'city ' || i % 20 || '/' || i % 7
             from generate_series(1, 2000) i;
           insert into sale select i, c.id, c.country, c.city, date '2024-01-01' + i % 365, 'kind ' || i % 3
             from generate_series(1, 20000) i join customer c on c.id = 1 + i % 2000;
           create table hidden (a int, b int); insert into hidden select i, i from generate_series(1, 100) i;
           alter table hidden enable row level security;"""
    )
    pg_module.execute("analyze")
    return pg_module


@pytest.mark.parametrize(
    "query",
    [
        "select * from sale where country = $1 and city = $2",
        "select * from sale where city = $1 and country = $2 and placed between $3 and $4",
        "select * from sale s join customer c on c.id = s.customer_id where c.city = $1 and s.country = $2",
        "select * from customer c join sale s on s.customer_id = c.id where c.country = $1 and s.city like $2",
        "select * from sale where country in ($1, $2) and city = any ($3) and placed >= $4 and kind <= $5",
    ],
)
def test_columns_that_belong_together_are_bound_from_one_row(shop: Any, query: str) -> None:
    one = explained(shop.dsn, [query])[query]
    assert record(one).origin == "row"
    assert one.plans[0].executed
    assert (one.plans[0].plan.root.actual_rows or 0) > 0
    assert one.plans[0].parameters.values is None


def test_planning_alone_takes_no_row(shop: Any) -> None:
    query = "select * from sale where country = $1 and city = $2"
    origins = {values.origin for values in explained(shop.dsn, [query], execute=False)[query].prepared.value_sets}  # type: ignore[union-attr]
    assert origins == {"pg_stats", "generic"}


def test_a_table_with_row_security_is_not_sampled(shop: Any) -> None:
    query = "select * from hidden where a = $1 and b = $2"
    assert record(explained(shop.dsn, [query])[query]).origin == "pg_stats"


def test_sampling_reads_a_few_pages_of_a_large_table(shop: Any) -> None:
    shop.execute("create table large (a int, b int, filler text)")
    shop.execute("insert into large select i % 100, i % 100, repeat('x', 400) from generate_series(1, 60000) i")
    shop.execute("analyze large")
    before = blocks_of_large(shop)
    query = "select * from large where a = $1 and b = $2"
    one = explained(shop.dsn, [query], max_time_ms=0.5)[query]
    assert record(one).origin == "row"
    assert not one.plans[0].executed
    after = blocks_of_large(shop)
    assert after["seq_scan"] == before["seq_scan"]
    assert after["n"] - before["n"] < 200


def blocks_of_large(pg: Any) -> Any:
    pg.execute("select pg_stat_force_next_flush()")
    return pg.fetch(
        "select seq_scan, heap_blks_read + heap_blks_hit as n from pg_stat_user_tables"
        " join pg_statio_user_tables using (relid) where pg_stat_user_tables.relname = 'large'"
    )[0]


def test_a_parameter_that_may_be_null_is_planned_with_null_too(shop: Any) -> None:
    query = "select * from sale where ($1::text is null or city = $1) and id = $2"
    one = explained(shop.dsn, [query], show_values=True)[query]
    null = next(plan for plan in one.plans if plan.parameters.name == "null")
    assert null.parameters.values is not None
    assert null.parameters.values[0] is None
    assert null.parameters.values[1] is not None
