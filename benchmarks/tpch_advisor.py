"""How good the index advice is on TPC-H: the workload's planner cost with the advised indexes, relative to none.

The database is made in an embedded server: the rows by `tpchgen-cli` (pip install tpchgen-cli, the official generator's
values), or from --data, a folder of TABLE.csv with headers. The advice is what `pgtune indexes --workload` says; it is
scored by really building the indexes in a transaction, EXPLAIN, and rolling back. --real also builds those of 1GB (or
of the last --budget) for good and times every statement with and without them in turn. Prints figures, asserts nothing.

Run: python benchmarks/tpch_advisor.py FOLDER [--scale 1] [--budget 1GB] [--real]
FOLDER holds schema.sql, primary_keys.sql and queries/*.sql.
"""

import argparse
import asyncio
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pgtune_cli.collect.connection import Connection, ConnectOptions, connect
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import EmbeddedServer, embedded_server

TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
LEFT_OUT = {"q02", "q17", "q20"}
"""as the literature does: q20 alone would be 99.7 % of the cost"""
BUDGETS = ("250MB", "500MB", "1GB", None)
SETTINGS = {
    "shared_buffers": "2GB", "work_mem": "64MB", "effective_cache_size": "8GB", "random_page_cost": "4", "jit": "off",
    "max_parallel_workers_per_gather": "0", "maintenance_work_mem": "512MB", "fsync": "off", "autovacuum": "off",
    "max_wal_size": "8GB", "wal_level": "minimal", "max_wal_senders": "0", "synchronous_commit": "off",
}  # fmt: skip
REPEATS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--data", type=Path, help="folder of TABLE.csv files, instead of tpchgen-cli")
    parser.add_argument("--budget", action="append", help="instead of 250MB, 500MB, 1GB and none; repeatable")
    parser.add_argument("--real", action="store_true", help="build the advice for 1GB for good, and time it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, embedded_server(find_binaries(major=18), SETTINGS) as server:
        data = options.data or generate(Path(scratch), options.scale)
        asyncio.run(run(server, options, data, Path(scratch)))


def generate(folder: Path, scale: str) -> Path:
    beside = Path(sys.executable).parent / "tpchgen-cli"
    program = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if program is None:
        sys.exit("no tpchgen-cli: pip install tpchgen-cli, or give --data")
    subprocess.run([program, "csv", "-s", scale, f"--output-dir={folder}"], check=True, stdout=subprocess.DEVNULL)
    return folder


async def run(server: EmbeddedServer, options: argparse.Namespace, data: Path, scratch: Path) -> None:
    folder: Path = options.folder
    where = ConnectOptions(hosts=(str(server.socket_dir),), ports=(server.port,), database="postgres",
                           user=server.user)  # fmt: skip
    connection = await connect(where, read_only=False)
    started = time.perf_counter()
    await load(connection, folder, data)
    size = await connection.fetchval("SELECT pg_database_size(current_database())")
    print(f"loaded {size / 2**20:,.0f} MB in {time.perf_counter() - started:.0f} s")
    queries = {file.stem: file.read_text() for file in sorted((folder / "queries").glob("*.sql"))}
    queries = {name: sql for name, sql in queries.items() if name not in LEFT_OUT}
    workload = scratch / "workload"
    workload.mkdir()
    for name, sql in queries.items():
        (workload / f"{name}.sql").write_text(sql)
    before = await costs(connection, queries)
    print(f"\n{len(queries)} statements")
    print(f"{'budget':<8}{'ratio':>8}{'indexes':>9}{'MB est.':>9}{'MB built':>10}{'planner calls':>15}"
          f"{'seconds':>9}{'peak MB':>9}{'gap':>8}{'worse':>7}")  # fmt: skip
    of_1gb: dict[str, Any] = {}
    for budget in options.budget or BUDGETS:
        advice, seconds = advise(server, workload, budget)
        after, built = await with_indexes(connection, advice, queries)
        ratio = sum(after.values()) / sum(before.values())
        worse = sum(after[name] > before[name] * 1.05 for name in queries)
        print(f"{budget or 'none':<8}{ratio:>8.4f}{len(advice['chosen']):>9}{advice['storage_bytes'] / 2**20:>9.0f}"
              f"{built / 2**20:>10.0f}{advice['planner_calls']:>15}{seconds:>9.1f}{peak():>9.0f}"
              f"{advice['optimality_gap']:>8.3f}{worse:>7}", flush=True)  # fmt: skip
        of_1gb = advice if budget == "1GB" or options.budget else of_1gb
    if options.real:
        await timed(connection, of_1gb, queries)
    await connection.close()


async def load(connection: Connection, folder: Path, data: Path) -> None:
    await connection.execute((folder / "schema.sql").read_text())
    for table in TABLES:
        with (data / f"{table}.csv").open("rb") as rows:
            await copy(connection, table, rows)
    await connection.execute((folder / "primary_keys.sql").read_text())
    await connection.execute("VACUUM (FREEZE, ANALYZE)")


async def copy(connection: Connection, table: str, rows: Any) -> None:
    await connection.copy_to_table(table, source=rows, format="csv", header=True)


def advise(server: EmbeddedServer, workload: Path, budget: str | None) -> tuple[dict[str, Any], float]:
    """What the command line says, and how long it took."""
    command = [sys.executable, "-m", "pgtune_cli", "indexes", server.dsn(), "--workload", str(workload), "-q",
               "--format", "json", *(["--budget", budget] if budget else [])]  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), time.perf_counter() - started


def peak() -> float:
    """MB of the largest child so far that was waited for: pgtune itself, without the clone's server."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


async def costs(connection: Connection, queries: dict[str, str]) -> dict[str, float]:
    found = {}
    for name, sql in queries.items():
        document = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql.strip().rstrip(';')}")
        plan = json.loads(document) if isinstance(document, str) else document
        found[name] = plan[0]["Plan"]["Total Cost"]
    return found


async def with_indexes(
    connection: Connection, advice: dict[str, Any], queries: dict[str, str]
) -> tuple[dict[str, float], int]:
    """Costs with the indexes, which are gone again afterwards, and their true size."""
    transaction = connection.transaction()
    await transaction.start()
    size = 0
    try:
        for chosen in advice["chosen"]:
            await connection.execute(chosen["sql"].replace("INDEX CONCURRENTLY", "INDEX"))
            size += await connection.fetchval("SELECT pg_relation_size($1::text::regclass)", chosen["name"])
        return await costs(connection, queries), size
    finally:
        await transaction.rollback()


async def timed(connection: Connection, advice: dict[str, Any], queries: dict[str, str]) -> None:
    """Milliseconds and blocks of each statement, best of a few runs, with and without the indexes in turn.

    What is not used is hidden by indisvalid, so that both sides see the same load; plans that stayed are the control.
    """
    names = [chosen["name"] for chosen in advice["chosen"]]
    for chosen in advice["chosen"]:
        await connection.execute(chosen["sql"].replace("INDEX CONCURRENTLY", "INDEX"))
    await connection.execute("ANALYZE")
    oids = ", ".join(f"'{name}'::regclass" for name in names) or "NULL"
    before: dict[str, tuple[float, int, str]] = {}
    after: dict[str, tuple[float, int, str]] = {}
    for name, sql in queries.items():
        for _ in range(REPEATS):
            for found, shown in ((before, False), (after, True)):
                await connection.execute(f"UPDATE pg_index SET indisvalid = {shown} WHERE indexrelid IN ({oids})")
                run = await execute(connection, sql)
                found[name] = min(found.get(name, run), run)
    print(f"\n{'':<6}{'ms before':>11}{'ms after':>10}{'factor':>8}{'blocks before':>15}{'blocks after':>14}  plan")
    for name, (ms, blocks, shape) in before.items():
        now, blocks_now, shape_now = after[name]
        print(f"{name:<6}{ms:>11.0f}{now:>10.0f}{now / ms:>8.2f}{blocks:>15,}{blocks_now:>14,}"
              f"  {'same' if shape == shape_now else 'changed'}")  # fmt: skip
    for which in (True, False):
        these = [name for name in queries if (before[name][2] != after[name][2]) == which]
        total = [sum(each[name][0] for name in these) / 1000 for each in (before, after)]
        worst = max((after[name][0] / before[name][0], name) for name in these) if these else (1.0, "none")
        word = "changed" if which else "unchanged"
        print(f"{word} plans: {len(these)} statements, {total[0]:.1f} s -> {total[1]:.1f} s, "
              f"the worst {worst[0]:.2f} times ({worst[1]})")  # fmt: skip


async def execute(connection: Connection, sql: str) -> tuple[float, int, str]:
    document = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) {sql.strip().rstrip(';')}"
    )
    found = (json.loads(document) if isinstance(document, str) else document)[0]
    plan = found["Plan"]
    return found["Execution Time"], plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], shape(plan)


def shape(plan: dict[str, Any]) -> str:
    inner = ",".join(shape(child) for child in plan.get("Plans", ()))
    return f"{plan['Node Type']}:{plan.get('Relation Name', '')}:{plan.get('Index Name', '')}({inner})"


if __name__ == "__main__":
    main()
