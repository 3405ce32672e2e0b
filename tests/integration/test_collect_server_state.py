"""What the server was doing and counted, read while it is in that state."""

import asyncio

import asyncpg
import pytest
from support.collecting import read
from support.database import Database

from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_state import read_server_state
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Snapshot

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 16, 18)]

SCHEMA = """
create table account (id serial primary key, balance int not null, note text) with (fillfactor = 100);
insert into account (balance, note) select i, repeat('x', 400) from generate_series(1, 200) i;
create sequence free maxvalue 100;
create sequence counted as smallint increment -2 minvalue -1000 maxvalue -1 start -1;
create table ledger (id int primary key default nextval('free'));
"""


async def _in_that_state(pg: Database) -> Snapshot:
    """One session idles in a transaction that another waits for."""
    idle, waiting = await pg.connect(), await pg.connect()
    task = None
    try:
        await idle.execute("set application_name = 'forgetful'")
        await idle.execute("begin; update account set balance = balance + 1 where id = 1")
        task = asyncio.create_task(waiting.execute("update account set balance = 0 where id = 1"))
        await _until_waiting(idle)
        return await asyncio.to_thread(read, pg.dsn)
    finally:
        await idle.execute("rollback")
        if task is not None:
            await task
        await idle.close()
        await waiting.close()


async def _until_waiting(session: asyncpg.Connection) -> None:
    for _ in range(500):
        if await session.fetchval("select count(*) from pg_locks where not granted"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("no session waited for a lock")


def test_sessions_locks_slots_and_counters(pg: Database) -> None:
    pg.execute(SCHEMA)
    slot = f"held_{pg.database}"
    pg.fetch("select pg_create_physical_replication_slot($1, true)", slot)
    pg.execute(f"alter database {pg.database} set statement_timeout = '7s'")
    try:
        snapshot = asyncio.run(_in_that_state(pg))
    finally:
        pg.fetch("select pg_drop_replication_slot($1)", slot)
    assert [item.what for item in snapshot.skipped if item.what != "pg_stat_statements"] == []
    state = snapshot.usage.server
    sessions = state.sessions
    assert sessions is not None
    assert (sessions.total, sessions.active, sessions.idle_in_transaction, sessions.hidden) == (3, 1, 1, 0)
    assert (sessions.idle_in_transaction_application, sessions.lock_waits) == ("forgetful", 1)
    assert sessions.lock_holder_state == "idle in transaction"
    assert 0 <= (sessions.lock_wait_seconds or -1) < 60
    assert state.slots is not None
    held = next(item for item in state.slots if item.name == slot)
    assert (held.kind, held.active, held.wal_status) == ("physical", False, "reserved")
    assert (held.retained_bytes or 0) > 0
    assert state.prepared is not None
    assert state.prepared.total == 0
    assert state.role_settings is not None
    assert [(item.role, item.name, item.value) for item in state.role_settings] == [(None, "statement_timeout", "7s")]
    assert state.database is not None
    assert (state.database.xid_age or 0) > 0
    assert state.checkpoints is not None
    assert state.archiver is not None
    assert not state.archiver.failing


def test_sequences_say_how_far_they_are_and_what_they_fill(pg: Database) -> None:
    pg.execute(SCHEMA + "select nextval('counted'); select nextval('counted')")
    pg.execute("insert into ledger default values")
    found = {item.name: item for item in read(pg.dsn).catalog.sequences}
    account = RelationName("public", "account")
    assert (found["account_id_seq"].table, found["account_id_seq"].column) == (account, "id")
    assert (found["account_id_seq"].type, found["account_id_seq"].last_value) == ("integer", 200)
    assert (found["counted"].table, found["counted"].last_value, found["counted"].minimum) == (None, -3, -1000)
    assert (found["free"].table, found["free"].column) == (RelationName("public", "ledger"), "id")
    assert (found["free"].maximum, found["free"].last_value) == (100, 1)


def test_pages_ages_and_blocks_of_a_table(pg: Database) -> None:
    asyncio.run(_in_a_session_that_ends(pg, SCHEMA, "update account set note = repeat('y', 800)", "vacuum account"))
    for _ in range(50):  # 13 has a process of its own for counters
        if any(item.blks_hit for item in read(pg.dsn).usage.tables):
            break
        pg.fetch("select pg_sleep(0.1)")
    snapshot = read(pg.dsn)
    relation = snapshot.catalog.relation(RelationName("public", "account"))
    assert relation is not None
    assert (relation.xid_age or 0) > 0
    assert relation.multixact_age is not None
    usage = next(item for item in snapshot.usage.tables if item.table.name == "account")
    assert (usage.blks_hit or 0) > 0
    if pg.version_num >= 160000:
        assert (usage.n_tup_newpage_upd or 0) > 100
    else:
        assert usage.n_tup_newpage_upd is None


async def _in_a_session_that_ends(pg: Database, *commands: str) -> None:
    """A session hands its counters over when it ends."""
    session = await pg.connect()
    for command in commands:
        await session.execute(command)
    await session.close()


def test_a_role_without_rights_loses_only_what_it_may_not_see(pg: Database) -> None:
    pg.execute(SCHEMA)
    dsn = pg.create_role(f"plain_{pg.database}")
    snapshot = read(dsn)
    state = snapshot.usage.server
    assert state.sessions is not None
    assert state.sessions.hidden >= 1
    assert state.slots == ()
    assert state.database is not None
    assert {item.name: item.last_value for item in snapshot.catalog.sequences}["account_id_seq"] is None


def test_a_part_that_fails_is_named_and_the_others_are_read(pg: Database) -> None:
    async def main() -> tuple[Reader, bool]:
        session = await pg.connect()
        try:
            async with session.transaction():
                # pgtune finds pg_stat_archiver refused
                await session.execute("revoke select on pg_catalog.pg_stat_archiver from public")
                await session.execute("create role nobody_at_all")
                await session.execute("set local role nobody_at_all")
                reader = Reader(session)
                state = await read_server_state(reader, pg.version_num)
                await session.execute("reset role")
                raise _Undo(reader, state.archiver is None and state.database is not None)
        except _Undo as undo:
            return undo.reader, undo.others
        finally:
            await session.close()

    reader, others = asyncio.run(main())
    assert [(item.what, item.remedy) for item in reader.skipped] == [("whether WAL is archived", "needs any login")]
    assert others


class _Undo(Exception):
    def __init__(self, reader: Reader, others: bool) -> None:
        self.reader, self.others = reader, others
