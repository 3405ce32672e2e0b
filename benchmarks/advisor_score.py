"""What benchmarks of the index advice share: the advice as the command line gives it, its cost with indexes that are
really built, and measured times with and without them in turn."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from executor_cpu import executor_cpu

from pgtune_cli.collect.connection import Connection, ConnectOptions, connect
from pgtune_cli.server.embedded import EmbeddedServer
from pgtune_cli.sql.workload_files import read_workload

SETTINGS = {
    "shared_buffers": "2GB", "work_mem": "64MB", "effective_cache_size": "8GB", "random_page_cost": "4", "jit": "off",
    "max_parallel_workers_per_gather": "0", "maintenance_work_mem": "512MB", "fsync": "off", "autovacuum": "off",
    "max_wal_size": "8GB", "wal_level": "minimal", "max_wal_senders": "0", "synchronous_commit": "off",
}  # fmt: skip
REPEATS = 2
QUICK_MS = 50.0
"""a statement that takes less is run more often: its times are of the clock's own size"""
QUICK_REPEATS = 7
TICK_MS = 0.1
"""added to both sides of a factor: below it one is as good as the other"""
MAX_RISE = 1.05


class Query(NamedTuple):
    name: str
    sql: str
    calls: int = 1


class Run(NamedTuple):
    cpu_ms: float
    """of the backend, planning included: what else runs on the machine changes it less than the time by the clock."""
    ms: float
    blocks: int
    shape: str


def queries_of(path: Path) -> list[Query]:
    """Of a workload as `pgtune --workload` reads it; named after file and line."""
    rows = read_workload(path).rows
    return [Query((row.origin or "").rpartition("/")[2], row.query.strip().rstrip(";"), row.calls) for row in rows]


async def own_connection(server: EmbeddedServer) -> Connection:
    where = ConnectOptions(hosts=(str(server.socket_dir),), ports=(server.port,), database="postgres", user=server.user)
    return await connect(where, read_only=False)


def advise(server: EmbeddedServer, workload: Path, *options: str) -> tuple[dict[str, Any], float]:
    """What the command line says, and how long it took."""
    command = [sys.executable, "-m", "pgtune_cli", "indexes", server.dsn(), "--workload", str(workload), "-q",
               "--format", "json", *options]  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), time.perf_counter() - started


def peak() -> float:
    """MB of the largest child so far that was waited for: pgtune itself, without the clone's server."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


async def costs(connection: Connection, queries: Sequence[Query]) -> dict[str, float]:
    """Of one call of each."""
    return {query.name: (await _plan(connection, query.sql))["Plan"]["Total Cost"] for query in queries}


async def with_indexes(
    connection: Connection, statements: Sequence[str], queries: Sequence[Query]
) -> tuple[dict[str, float], int]:
    """Costs with the indexes, which are gone again afterwards, and their true size together."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        before = await _index_bytes(connection)
        for sql in statements:
            await connection.execute(sql.replace("INDEX CONCURRENTLY", "INDEX"))
        size = await _index_bytes(connection) - before
        return await costs(connection, queries), size
    finally:
        await transaction.rollback()


def creates(advice: dict[str, Any]) -> list[str]:
    """Statements that build the advice within a transaction, the extensions that it needs first."""
    steps = [step for each in advice["chosen"] for step in each["steps"] if step.startswith("CREATE EXTENSION ")]
    return [*dict.fromkeys(steps), *(each["sql"].replace("INDEX CONCURRENTLY", "INDEX") for each in advice["chosen"])]


def ratio(before: dict[str, float], after: dict[str, float], queries: Sequence[Query]) -> float:
    spent = [sum(query.calls * each[query.name] for query in queries) for each in (before, after)]
    return spent[1] / spent[0]


HEAD = (f"{'budget':<8}{'ratio':>8}{'indexes':>9}{'MB est.':>9}{'MB built':>10}{'planner calls':>15}"
        f"{'seconds':>9}{'peak MB':>9}{'gap':>8}{'worse':>7}")  # fmt: skip


async def scored(
    connection: Connection, server: EmbeddedServer, workload: Path, queries: Sequence[Query], budget: str | None
) -> tuple[dict[str, Any], str]:
    """The advice within the budget, and its line of the table."""
    before = await costs(connection, queries)
    advice, seconds = advise(server, workload, *(["--budget", budget] if budget else []))
    after, built = await with_indexes(connection, creates(advice), queries)
    worse = sum(after[query.name] > before[query.name] * MAX_RISE for query in queries)
    return advice, (
        f"{budget or 'none':<8}{ratio(before, after, queries):>8.4f}{len(advice['chosen']):>9}"
        f"{advice['storage_bytes'] / 2**20:>9.0f}{built / 2**20:>10.0f}{advice['planner_calls']:>15}{seconds:>9.1f}"
        f"{peak():>9.0f}{advice['optimality_gap']:>8.3f}{worse:>7}"
    )


async def timed(connection: Connection, advice: dict[str, Any], queries: Sequence[Query]) -> None:
    """Time and blocks of each statement, best of a few runs, with and without the indexes in turn.

    What is not used is hidden by indisvalid, so that both sides see the same load; plans that stayed are the control.
    """
    for sql in creates(advice):
        await connection.execute(sql)
    await connection.execute("ANALYZE")
    oids = ", ".join(f"'{chosen['name']}'::regclass" for chosen in advice["chosen"]) or "NULL"
    before: dict[str, Run] = {}
    after: dict[str, Run] = {}
    for query in queries:
        repeats = REPEATS
        for turn in range(QUICK_REPEATS):
            if turn >= repeats:
                break
            for found, shown in ((before, False), (after, True)):
                await connection.execute(f"UPDATE pg_index SET indisvalid = {shown} WHERE indexrelid IN ({oids})")
                run = await execute(connection, query.sql)
                found[query.name] = min(found.get(query.name, run), run)
            if max(after[query.name].ms, before[query.name].ms) < QUICK_MS:
                repeats = QUICK_REPEATS
    _print_times(before, after, queries)


def _print_times(before: dict[str, Run], after: dict[str, Run], queries: Sequence[Query]) -> None:
    print(f"\n{'':<24}{'calls':>7}{'CPU before':>12}{'CPU after':>11}{'factor':>8}{'ms before':>12}{'ms after':>11}"
          f"{'factor':>8}{'blocks before':>15}{'blocks after':>14}  plan")  # fmt: skip
    for name, _, calls in queries:
        was, now = before[name], after[name]
        print(f"{name:<24}{calls:>7}{was.cpu_ms:>12.2f}{now.cpu_ms:>11.2f}{_factor(was.cpu_ms, now.cpu_ms):>8.2f}"
              f"{was.ms:>12.2f}{now.ms:>11.2f}{_factor(was.ms, now.ms):>8.2f}{was.blocks:>15,}{now.blocks:>14,}"
              f"  {'same' if was.shape == now.shape else 'changed'}")  # fmt: skip
    for changed in (True, False):
        these = [query for query in queries if (before[query.name].shape != after[query.name].shape) == changed]
        for unit, of in (("s of CPU", 0), ("s", 1)):
            total = [sum(query.calls * each[query.name][of] for query in these) / 1000 for each in (before, after)]
            worst = max(
                ((_factor(before[q.name][of], after[q.name][of]), q.name) for q in these), default=(1.0, "none")
            )
            print(f"{'changed' if changed else 'unchanged'} plans: {len(these)} statements, {total[0]:,.1f} {unit} -> "
                  f"{total[1]:,.1f} {unit} over all calls, the worst {worst[0]:.2f} times ({worst[1]})")  # fmt: skip


def _factor(before: float, after: float) -> float:
    return (after + TICK_MS) / (before + TICK_MS)


async def execute(connection: Connection, sql: str) -> Run:
    """What it writes is undone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SET LOCAL client_min_messages = log; SET LOCAL log_executor_stats = on")
        async with executor_cpu(connection) as seen:
            found = await _plan(connection, sql, "ANALYZE, BUFFERS, TIMING off, ")
    finally:
        await transaction.rollback()
    plan = found["Plan"]
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Run(max(seen) * 1000, found["Execution Time"], blocks, shape(plan))


def shape(plan: dict[str, Any]) -> str:
    inner = ",".join(shape(child) for child in plan.get("Plans", ()))
    return f"{plan['Node Type']}:{plan.get('Relation Name', '')}:{plan.get('Index Name', '')}({inner})"


async def _plan(connection: Connection, sql: str, options: str = "") -> dict[str, Any]:
    document = await connection.fetchval(f"EXPLAIN ({options}FORMAT JSON) {sql.strip().rstrip(';')}")
    found: dict[str, Any] = (json.loads(document) if isinstance(document, str) else document)[0]
    return found


async def _index_bytes(connection: Connection) -> int:
    found: int = await connection.fetchval(
        "SELECT coalesce(sum(pg_relation_size(indexrelid)), 0)::int8 FROM pg_index JOIN pg_class ON pg_class.oid ="
        " indexrelid WHERE relnamespace = 'public'::regnamespace"
    )
    return found
