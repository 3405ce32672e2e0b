"""Captures states of real servers that rules are tried with: `python tests/states/capture.py [NAME …]`.

Each state is made on a scratch server of its own and kept here as NAME.pg<major>.pgtune, a file of `pgtune snapshot`.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import asyncpg
import msgspec

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support import healthy  # noqa: E402
from support.servers import binaries_of  # noqa: E402
from worn import break_sessions, work_badly  # noqa: E402
from wraparound import server_near_wraparound  # noqa: E402

from pgtune_cli.collect.collector import CollectOptions, collect  # noqa: E402
from pgtune_cli.collect.connection import connect  # noqa: E402
from pgtune_cli.collect.snapshot_file import save  # noqa: E402
from pgtune_cli.explain.runner import ExplainOptions, explain_statements  # noqa: E402
from pgtune_cli.server.embedded import EmbeddedServer, embedded_server  # noqa: E402
from pgtune_cli.sql.statements import statements  # noqa: E402

PRELOAD = {"shared_preload_libraries": "pg_stat_statements", "autovacuum_naptime": "2147483"}
WORN = {
    **PRELOAD, "shared_buffers": "16MB", "pg_stat_statements.max": "100", "pg_stat_statements.track_planning": "on",
    "effective_cache_size": "8MB", "max_wal_size": "32MB", "min_wal_size": "32MB", "work_mem": "1MB",
    "max_parallel_workers": "0", "min_parallel_table_scan_size": "0", "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0", "track_activity_query_size": "200", "max_prepared_transactions": "5",
    "deadlock_timeout": "10ms", "archive_mode": "on", "archive_command": "false",
    "max_slot_wal_keep_size": "200MB",
}  # fmt: skip
THIRSTY = {
    **PRELOAD, "shared_buffers": "1MB", "autovacuum": "off", "track_io_timing": "on",
}  # fmt: skip


async def keep(name: str, server: EmbeddedServer, database: str, plans: bool = False) -> None:
    """Write the snapshot of a database, with the plans of its statements where rules look at those."""
    connection = await connect(server.dsn(database))
    try:
        snapshot = await collect(connection, CollectOptions(top=28))
        if plans:
            found = statements(snapshot)
            made = await explain_statements(connection, snapshot, found, ExplainOptions())
            snapshot = msgspec.structs.replace(snapshot, plans=tuple(made.values()))
    finally:
        await connection.close()
    path = HERE / f"{name}.pg{server.version_num // 10000}.pgtune"
    save(snapshot, path)
    assert not snapshot.skipped, snapshot.skipped


async def run(server: EmbeddedServer, database: str, *scripts: str) -> None:
    """Create the database and run SQL in sessions that end, so that their counters are there."""
    admin = await asyncpg.connect(server.dsn())
    await admin.execute(f"create database {database}")
    await admin.close()
    for script in scripts:
        session = await asyncpg.connect(server.dsn(database), statement_cache_size=0)
        for statement in script.split(";\n"):
            if statement.strip():
                await session.execute(statement)
        await session.close()


async def worn() -> None:
    """A badly kept schema under a bad workload, and sessions that misbehave while it is read."""
    with embedded_server(binaries_of(18), WORN) as server:
        await run(server, "worn", (HERE / "worn.sql").read_text(encoding="utf-8"))
        await work_badly(server)
        async with AsyncExitStack() as stack:
            await break_sessions(server, stack)
            await keep("worn", server, "worn", plans=True)


async def thirsty() -> None:
    """A cache that is far too small, and no autovacuum."""
    with embedded_server(binaries_of(18), THIRSTY) as server:
        await run(
            server, "thirsty",
            "create extension pg_stat_statements;\ncreate table ledger (id int primary key, pad text);\n"
            "insert into ledger select i, repeat('x', 200) from generate_series(1, 40000) i;\nvacuum analyze ledger;\n"
            "select pg_stat_reset();\n",
            ";\n".join(["select count(*) from ledger where pad > 'a'"] * 15) + ";\n",
        )  # fmt: skip
        await keep("thirsty", server, "thirsty")


async def old() -> None:
    """The oldest version that pgtune reads, without the counters that came later."""
    with embedded_server(binaries_of(13), PRELOAD) as server:
        await run(
            server, "old",
            "create extension pg_stat_statements;\ncreate table t (id int primary key);\n"
            "insert into t select generate_series(1, 2000);\nvacuum analyze t;\n",
        )  # fmt: skip
        await keep("old", server, "old")


async def compiling() -> None:
    """JIT for statements that are too short for it (the distribution's 15 has LLVM)."""
    settings = {**PRELOAD, "jit": "on", "jit_above_cost": "0", "jit_inline_above_cost": "0"}
    with embedded_server(binaries_of(15), settings) as server:
        await run(
            server, "compiling",
            "create extension pg_stat_statements;\ncreate table t (id int primary key, v int);\n"
            "insert into t select i, i from generate_series(1, 2000) i;\nvacuum analyze t;\n",
            ";\n".join(["select sum(v * 2 + 1) from t where v % 3 <> 1 and id > 5"] * 60) + ";\n",
        )  # fmt: skip
        await keep("compiling", server, "compiling")


async def skewed() -> None:
    """A queue of which nearly all is done, and a tenant that has half of everything."""
    asked = [
        "select * from jobs where state = 'stuck'", "select * from jobs where tenant_id = 77",
        "select * from jobs where id = 7", "select * from few where state = 'stuck'",
    ]  # fmt: skip
    for major in (15, 18):
        with embedded_server(binaries_of(major), PRELOAD) as server:
            script = (HERE / "skewed.sql").read_text(encoding="utf-8")
            await run(server, "skewed", script, ";\n".join(asked * 20) + ";\n")
            await keep("skewed", server, "skewed", plans=True)


async def wraparound() -> None:
    """A server whose oldest rows are 1.2 billion transactions old."""
    with server_near_wraparound(binaries_of(18)) as server:
        await keep("wraparound", server, "postgres")


async def sound() -> None:
    """The three healthy databases, small."""
    for name in healthy.DATABASES:
        with embedded_server(binaries_of(18), healthy.SETTINGS) as server:
            await run(server, name)
            await healthy.build(server.dsn, name, name, scale=0.1)
            await keep(f"healthy_{name}", server, name, plans=True)


async def chatty() -> None:
    """An application whose pool sets up every connection that it lends, with an index that failed to be built; and
    one that does not.
    """
    made = (
        "create extension pg_stat_statements;\ncreate table note (id int primary key, title text not null);\n"
        "insert into note select i, 'n' || i % 900 from generate_series(1, 1000) i;\nvacuum analyze note;\n"
        "select pg_stat_statements_reset();\n"
    )
    lent = ["set application_name = 'shop'", "set search_path = public", "show transaction_isolation", "begin"]
    asked = ["select title from note where id = 7", "commit"]
    with embedded_server(binaries_of(18), PRELOAD) as server:
        await run(server, "chatty", made, ";\n".join([*lent, *asked, "discard all"] * 120) + ";\n")
        session = await asyncpg.connect(server.dsn("chatty"))
        with suppress(asyncpg.UniqueViolationError):
            await session.execute("create unique index concurrently note_title_key on note (title)")
        await session.close()
        await keep("chatty", server, "chatty")
        await run(server, "calm", made, ";\n".join([*lent, *["begin", *asked] * 400]) + ";\n")
        await keep("calm", server, "calm")


async def parted() -> None:
    """Indexes of a partitioned table: unused, twice, a prefix of another, and two that not every partition has."""
    with embedded_server(binaries_of(18), PRELOAD) as server:
        asked = ["select count(*) from reading where sensor = 7"] * 120
        await run(server, "parted", (HERE / "parted.sql").read_text(encoding="utf-8"), ";\n".join(asked) + ";\n")
        await keep("parted", server, "parted")


STATES: dict[str, Callable[[], Awaitable[None]]] = {
    "worn": worn, "thirsty": thirsty, "old": old, "compiling": compiling, "wraparound": wraparound, "sound": sound,
    "skewed": skewed, "chatty": chatty, "parted": parted,
}  # fmt: skip


async def main(names: list[str]) -> None:
    for name in names or STATES:
        await STATES[name]()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
