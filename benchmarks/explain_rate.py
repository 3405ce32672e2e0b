"""How many statements are explained in a second, and what share of the server's time pgtune takes for it.

A broad workload (tests/cases/sql/corpus) is run, and what pg_stat_statements recorded is planned, then planned and
executed. The server's time is the CPU time of all its processes, from /proc, against the time that passes on one core;
pgtune's own is that of its process. Asserts nothing. Run: python benchmarks/explain_rate.py [MAJOR …]
"""

import asyncio
import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support import corpus
from support.database import fresh_database
from support.servers import ServerPool

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.sql.statements import statements


def main() -> None:
    pool = ServerPool(os.environ)
    try:
        for major in [int(word) for word in sys.argv[1:]] or [13, 18]:
            server = pool.server(major)
            if server is None:
                print(f"{major}: not run: {pool.missing[major]}")
                continue
            database = fresh_database(server)
            asyncio.run(measure(major, next(database).dsn))
            database.close()
    finally:
        pool.close()


async def measure(major: int, dsn: str) -> None:
    await corpus.load(dsn)
    await corpus.record(dsn, (*corpus.TUNED, *corpus.HELD_OUT))
    connection = await connect(dsn)
    try:
        started = time.monotonic()
        snapshot = await collect(connection, CollectOptions(top=1000))
        print(f"{major}: {len(snapshot.workload.rows)} statements, read in {time.monotonic() - started:.1f} s")
        for execute in (False, True):
            await run(connection, snapshot, execute=execute)
    finally:
        await connection.close()


async def run(connection: Connection, snapshot: Snapshot, *, execute: bool) -> None:
    given = statements(snapshot)
    postmaster = await postmaster_of(connection)
    backend, own, started = cpu_seconds(postmaster), own_cpu_seconds(), time.monotonic()
    found = await explain_statements(connection, snapshot, given, ExplainOptions(execute=execute))
    seconds = time.monotonic() - started
    backend, own = cpu_seconds(postmaster) - backend, own_cpu_seconds() - own
    plans = sum(len(one.plans) for one in found.values())
    executed = sum(any(plan.executed for plan in one.plans) for one in found.values())
    print(
        f"  {'planned and executed' if execute else 'planned'}: {len(given) / seconds:.1f} statements a second"
        f" ({plans} plans, {executed} executed, {seconds:.1f} s); the server's processes took {backend:.1f} s of CPU,"
        f" {backend / seconds:.0%} of one core ({backend / len(given) * 1000:.1f} ms a statement), pgtune {own:.1f} s"
    )


async def postmaster_of(connection: Connection) -> int:
    folder = await connection.fetchval("select current_setting('data_directory')")
    return int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])


def cpu_seconds(postmaster: int) -> float:
    """Of the backends that live and those that have ended."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == postmaster:
            total += int(fields[11]) + int(fields[12])
        elif stat.parent.name == str(postmaster):
            total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def own_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
