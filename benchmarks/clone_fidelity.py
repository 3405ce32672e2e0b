"""How exact the statistics-only clone is, on TPC-H's schema and statements, and what each part of it adds.

Prints, for each ablation, how many statements have the source's plan and cost; then candidates against really built
indexes. Asserts nothing. Run: python benchmarks/clone_fidelity.py FOLDER [SCALE]
FOLDER holds schema.sql, primary_keys.sql and queries/*.sql; SCALE is 0.05 unless given.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import Connection, ConnectOptions, connect
from pgtune_cli.explain.derive import indexes_used, shape_of
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.protocol import Cost, CostRequest

LITERAL = ValueSet(name="literal", origin="literal")
CANDIDATES = (
    "lineitem(l_partkey)",
    "lineitem(l_shipdate)",
    "lineitem(l_suppkey, l_partkey)",
    "lineitem(l_returnflag, l_shipdate)",
    "lineitem(l_extendedprice)",
    "lineitem(l_comment)",
    "orders(o_custkey)",
    "orders(o_orderdate)",
    "orders(o_orderpriority, o_orderdate)",
    "orders(o_clerk)",
    "customer(c_mktsegment)",
    "customer(c_nationkey, c_acctbal)",
    "customer(c_phone)",
    "part(p_brand, p_container)",
    "part(p_type)",
    "part(p_name)",
    "partsupp(ps_suppkey)",
    "partsupp(ps_supplycost)",
    "supplier(s_nationkey)",
    "supplier(s_comment)",
)


def main() -> None:
    folder = Path(sys.argv[1])
    scale = sys.argv[2] if len(sys.argv) > 2 else "0.05"
    queries = {file.stem: file.read_text().strip().rstrip(";") for file in sorted((folder / "queries").glob("*.sql"))}
    with embedded_server(find_binaries(major=18), {"shared_buffers": "256MB"}) as server:
        options = ConnectOptions(
            hosts=(str(server.socket_dir),), ports=(server.port,), database="postgres", user=server.user
        )
        asyncio.run(run(options, folder, scale, queries))


async def run(options: ConnectOptions, folder: Path, scale: str, queries: dict[str, str]) -> None:
    connection = await connect(options, read_only=False)
    await load(connection, folder, scale)
    snapshot = await collect(connection)
    source = {name: await explain(connection, sql) for name, sql in queries.items()}
    print(f"{'clone':<34}{'same plan':>10}{'same cost':>11}{'within 5 %':>12}{'worst':>10}{'seconds':>9}")
    for name, variant in ablations(snapshot).items():
        await compare(name, variant, queries, source)
    await candidates(connection, snapshot, queries)
    await connection.close()


async def load(connection: Connection, folder: Path, scale: str) -> None:
    await connection.execute((folder / "schema.sql").read_text())
    rows = (Path(__file__).parent / "tpch_like.sql").read_text().replace(":scale", scale)
    for statement in (line for line in rows.splitlines() if not line.startswith("--")):
        await connection.execute(statement)
    await connection.execute((folder / "primary_keys.sql").read_text())
    await connection.execute("VACUUM (ANALYZE)")


def ablations(snapshot: Snapshot) -> dict[str, Snapshot]:
    catalog = snapshot.catalog
    unsized = msgspec.structs.replace(
        catalog,
        relations=tuple(msgspec.structs.replace(relation, pages=0) for relation in catalog.relations),
        indexes=tuple(msgspec.structs.replace(index, pages=0) for index in catalog.indexes),
    )
    return {
        "schema and sizes, no statistics": msgspec.structs.replace(snapshot, statistics=()),
        "schema and statistics, no sizes": msgspec.structs.replace(snapshot, catalog=unsized),
        "all": snapshot,
    }


async def compare(name: str, snapshot: Snapshot, queries: dict[str, str], source: dict[str, Plan]) -> None:
    started = time.perf_counter()
    async with open_clone(snapshot) as clone:
        seconds = time.perf_counter() - started
        answers = await clone.costs([request(sql) for sql in queries.values()])
    same = exact = near = 0
    worst = 1.0
    for plan, answer in zip(source.values(), answers, strict=True):
        assert isinstance(answer, Cost), answer
        factor = max(answer.total_cost / plan.total_cost, plan.total_cost / answer.total_cost)
        same += shape_of(plan) == shape_of(answer.plan)
        exact += factor < 1.0001
        near += factor < 1.05
        worst = max(worst, factor)
    print(f"{name:<34}{same:>7}/{len(queries)}{exact:>11}{near:>12}{worst:>10.4g}{seconds:>9.2f}")


async def candidates(connection: Connection, snapshot: Snapshot, queries: dict[str, str]) -> None:
    indexes = {text: candidate(text) for text in CANDIDATES}
    async with open_clone(snapshot) as clone:
        started = time.perf_counter()
        sizes = await clone.create(indexes.values())
        print(f"\n{len(indexes)} candidates created in {time.perf_counter() - started:.2f} s")
        used = near = total = 0
        for text, index in indexes.items():
            costs = await clone.costs([request(sql, index) for sql in queries.values()])
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(create_index_sql(index, "really_built", concurrently=False))
            size = await connection.fetchval("SELECT pg_relation_size('really_built')")
            for sql, cost in zip(queries.values(), costs, strict=True):
                plan = await explain(connection, sql)
                assert isinstance(cost, Cost), cost
                total += 1
                used += (index in cost.used) == ("really_built" in {found.name for found in indexes_used(plan)})
                near += abs(cost.total_cost / plan.total_cost - 1) < 0.05
            await transaction.rollback()
            estimate = sizes[index]
            print(f"  {text:<40}{size:>12} bytes, estimated at {int(estimate) / size:.3f} of that")
        print(f"of {total} pairs {used} agree on its use, {near} on the cost within 5 %")
        print(f"{clone.planner_calls} EXPLAINs")


def candidate(text: str) -> CandidateIndex:
    table, _, columns = text.rstrip(")").partition("(")
    keys = tuple(IndexKey(column=name.strip()) for name in columns.split(","))
    return CandidateIndex(table=RelationName("public", table), keys=keys)


def request(sql: str, *indexes: CandidateIndex) -> CostRequest:
    return CostRequest(prepared=Prepared(fingerprint=sql, sql=sql), values=LITERAL, indexes=frozenset(indexes))


async def explain(connection: Connection, sql: str) -> Plan:
    return parse_plan(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))


if __name__ == "__main__":
    main()
