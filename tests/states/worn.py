"""A workload that does everything wrong, and sessions that hold up others."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
from support.servers import binaries_of

from pgtune_cli.server.account import server_account
from pgtune_cli.server.embedded import EmbeddedServer

LONG = "select id, name from parent where id = $1" + "".join(f" and name <> 'not this {n}'" for n in range(12))
CALLS: tuple[tuple[str, int, Any], ...] = (
    ("select name from country where code = $1", 12000, lambda n: (f"c{n % 200 + 1}",)),
    ("select id, body from document where id >= $1", 20, lambda n: (n % 5,)),
    ("update visitor set visits = visits + 1 where id = $1", 12000, lambda n: (n % 1000 + 1,)),
    ("select name from parent where id = $1", 2000, lambda n: (900000 + n,)),
    ("select count(*) from place", 1100, lambda n: ()),
    ("delete from event where created_at < $1", 8, lambda n: (_day(n),)),
    ("select n from wide where id = $1", 50, lambda n: (n + 1,)),
    ("update job_state set state = $2 where id = $1", 4000, lambda n: (n % 2000 + 1, f"s{n % 7}")),
    ("update packed set note = $2 where id = $1", 4000, lambda n: (n % 4000 + 1, "q" * (240 + n % 40))),
    (LONG, 20, lambda n: (n,)),
    ("select id, pad from dying order by pad, v, id", 5, lambda n: ()),
    ("select pg_sleep(0.6)", 1, lambda n: ()),
)  # fmt: skip


def _day(number: int) -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=2 * number)


async def work_badly(server: EmbeddedServer) -> None:
    """Counted from its own beginning."""
    dsn = server.dsn("worn")
    await _do(dsn, "select pg_stat_statements_reset()")
    await _many_texts(dsn)
    session = await asyncpg.connect(dsn, statement_cache_size=0)
    await session.execute("set work_mem = '256kB'")
    for text, calls, arguments in CALLS:
        prepared = await session.prepare(text)
        for number in range(calls):
            await prepared.fetch(*arguments(number))
    for _ in range(1100):  # prepared anew for every call
        await session.fetch(
            "select p.name from parent p join child c on c.parent_id = p.id join country y on y.code = p.name"
            " where c.id = $1", 1,
        )  # fmt: skip
    for _ in range(5):
        await session.fetch("select id from place where country = 'C7' and city = 'City 37' and zip = 'Z37'")
    await session.close()
    await _do(dsn, "update dying set v = v + 1", "vacuum (index_cleanup off, truncate off) hollow")
    await _do(dsn, *(f"select pg_stat_clear_snapshot() /* {number} */" for number in range(3)))
    for _ in range(60):  # sessions for one statement each
        await _do(dsn, "select 1")
    for number in range(12):
        await _deadlock(dsn, number)
    for _ in range(25):  # WAL beyond max_wal_size
        await _do(
            dsn, "insert into scratch select max(id) + 1, 'v' from scratch", "update parent set name = name || ''"
        )


async def _do(dsn: str, *commands: str) -> None:
    session = await asyncpg.connect(dsn, statement_cache_size=0)
    for command in commands:
        await session.execute(command)
    await session.close()


async def _many_texts(dsn: str) -> None:
    """More different texts than pg_stat_statements has room for, in between what stays."""
    session = await asyncpg.connect(dsn, statement_cache_size=0)
    for number in range(400):
        await session.execute(f"select {', '.join(map(str, range(number + 1)))}")
    await session.close()


async def _deadlock(dsn: str, number: int) -> None:
    one, other = [await asyncpg.connect(dsn, statement_cache_size=0) for _ in range(2)]
    for session, key in ((one, 1), (other, 2)):
        await session.execute(f"begin; update visitor set visits = visits where id = {key}")
    results = await asyncio.gather(
        one.execute("update visitor set visits = 0 where id = 2"),
        other.execute("update visitor set visits = 0 where id = 1"),
        return_exceptions=True,
    )
    assert any(isinstance(result, asyncpg.DeadlockDetectedError) for result in results), number
    await one.close()
    await other.close()


async def break_sessions(server: EmbeddedServer, stack: AsyncExitStack) -> None:
    """Until the stack is closed: idle in a transaction, waiting for a lock, slots that hold WAL, a prepared one."""
    dsn = server.dsn("worn")

    async def session(name: str) -> asyncpg.Connection:
        made = await asyncpg.connect(dsn, statement_cache_size=0, server_settings={"application_name": name})
        stack.callback(made.terminate)
        return made

    idle = await session("forgetful worker")
    await idle.execute("begin isolation level repeatable read; update visitor set visits = 1 where id = 7; select 1")
    waiting = await session("patient worker")
    stack.callback(asyncio.ensure_future(waiting.execute("update visitor set visits = 2 where id = 7")).cancel)
    left = await session("transaction manager")
    await left.execute("begin; update visitor set visits = 3 where id = 9; prepare transaction 'left behind'")
    for number in range(12):
        await session(f"pool {number}")
    await _slots(server, stack)
    await _do(
        dsn, "do $$ begin for i in 1..1500 loop update visitor set visits = 4 where id = 11; commit; end loop; end $$"
    )
    await asyncio.sleep(1.5)


async def _slots(server: EmbeddedServer, stack: AsyncExitStack) -> None:
    dsn = server.dsn("worn")
    await _do(dsn, "select pg_create_physical_replication_slot('gone_standby', true)")
    await _write_wal(dsn, 16)
    await _do(dsn, "checkpoint")
    await _do(dsn, "select pg_create_physical_replication_slot('idle_standby', true)",
              "select pg_create_physical_replication_slot('slow_standby', true)")  # fmt: skip
    folder = server.data_dir.parent / "received"
    folder.mkdir()
    account = server_account()
    reader: dict[str, Any] = {}
    if account is not None:
        os.chown(folder, account.uid, account.gid)
        reader = {"user": account.uid, "group": account.gid, "extra_groups": []}
    program = Path(binaries_of(18).bin_dir) / "pg_receivewal"
    process = await asyncio.create_subprocess_exec(
        program, "-D", folder, "--slot", "slow_standby", "-d", server.dsn("worn"), "--no-loop", **reader
    )
    stack.callback(process.kill)
    for _ in range(100):
        await asyncio.sleep(0.1)
        connection = await asyncpg.connect(dsn)
        found = await connection.fetchval("select active from pg_replication_slots where slot_name = 'slow_standby'")
        await connection.close()
        if found:
            break
    process.send_signal(signal.SIGSTOP)  # it reads no more, and stays connected
    await _write_wal(dsn, 3)


async def _write_wal(dsn: str, segments: int) -> None:
    for _ in range(segments):
        await _do(dsn, "create table if not exists wal_maker (n int)", "insert into wal_maker values (1)",
                  "select pg_switch_wal()")  # fmt: skip
