"""What the definitions of a snapshot may use up: memory, time, room for temporary files.

They run without rights, yet they can loop, or gather memory; the settings of a session they can change. So memory is
bounded by the kernel, and a watch ends what runs on after statement_timeout, which a function may catch, or what runs
at all for longer than a moment once the disk fills: it may be what fills it.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError
from pgtune_cli.whatif.clone.ground import OWNER

LOOK_S = 1.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    statement_timeout_s: float = 15.0
    definitions_s: float = 60.0
    """of all definitions together, and some milliseconds for each of them."""
    disk_bytes: int = 4 << 30
    """that may go from the disk of its data folder, and no more than half of what is free."""
    memory_bytes: int = 2 << 30
    """of address space, of each process of the server."""


OVERDUE = f"""
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE usename = '{OWNER}' AND state <> 'idle' AND now() - query_start > pg_catalog.make_interval(secs => $1)"""


@asynccontextmanager
async def watched(admin: Connection, limits: Limits, data_dir: Path) -> AsyncIterator[None]:
    """Within, a statement of the owner that does not end is ended with its connection. `admin` is for this alone."""
    watch = asyncio.create_task(_watch(admin, limits, data_dir))
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(admin: Connection, limits: Limits, data_dir: Path) -> None:
    free = shutil.disk_usage(data_dir).free
    least = free - min(limits.disk_bytes, free // 2)
    with suppress(PostgresError, *LOST):  # the server is gone, and everything with it
        while True:
            await asyncio.sleep(LOOK_S)
            full = shutil.disk_usage(data_dir).free < least
            await admin.fetch(OVERDUE, LOOK_S if full else 2 * limits.statement_timeout_s)
