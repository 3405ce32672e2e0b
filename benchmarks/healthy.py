"""Healthy databases at real sizes: what the rules say of them. `python benchmarks/healthy.py [SCALE]`, 1 by default.

Prints the findings of each, warnings first, and how long judging took: none at warning or above is what is wanted.
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support import healthy
from support.servers import binaries_of

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.server.embedded import EmbeddedServer, embedded_server
from pgtune_cli.sql.statements import statements

PGBENCH_SCALE = 10


async def judge(name: str, dsn: str) -> None:
    connection = await connect(dsn)
    try:
        snapshot = await collect(connection)
        found = statements(snapshot)
        plans = await explain_statements(connection, snapshot, found, ExplainOptions())
    finally:
        await connection.close()
    begin = time.perf_counter()
    findings, _ = evaluate(load_rules(), Analysis(snapshot=snapshot, statements=found, plans=plans))
    took = time.perf_counter() - begin
    rows = sum(relation.reltuples or 0 for relation in snapshot.catalog.relations)
    print(
        f"{name}: {rows:,.0f} rows, {len(found)} statements, {len(findings)} findings, judged in {took * 1000:.0f} ms"
    )
    for finding in findings:
        print(f"  {finding.severity.value} {finding.rule} {finding.relation or ''} {finding.detail[:150]}")


async def own(scale: float) -> None:
    for name in healthy.DATABASES:
        with embedded_server(binaries_of(18), healthy.SETTINGS) as server:
            await _create(server, name)
            await healthy.build(server.dsn, name, name, scale)
            await judge(name, server.dsn(name))


async def pgbench() -> None:
    program = Path(binaries_of(18).bin_dir) / "pgbench"
    with embedded_server(binaries_of(18), {"shared_preload_libraries": "pg_stat_statements"}) as server:
        await _create(server, "bench")
        place = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.user, "bench"]
        await asyncio.to_thread(subprocess.run, [program, "-i", "-q", "-s", str(PGBENCH_SCALE), *place], check=True)
        await asyncio.to_thread(subprocess.run, [program, "-c", "8", "-T", "30", *place], check=True)
        await judge(f"pgbench at scale {PGBENCH_SCALE}", server.dsn("bench"))


async def _create(server: EmbeddedServer, name: str) -> None:
    import asyncpg

    for database, command in (("postgres", f"create database {name}"), (name, "create extension pg_stat_statements")):
        session = await asyncpg.connect(server.dsn(database))
        await session.execute(command)
        await session.close()


async def main() -> None:
    await own(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
    await pgbench()


if __name__ == "__main__":
    asyncio.run(main())
