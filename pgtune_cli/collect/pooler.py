"""What stands between pgtune and the server: which pooler, and whether a session is one for longer than a transaction.

Only asked where the process id that was promised is not the one that answers. Nothing is set in any session.
"""

import asyncio

import msgspec

from pgtune_cli.collect.connect_options import ConnectOptions
from pgtune_cli.collect.connection import Connection, backend_of, connect, version_told
from pgtune_cli.errors import PgtuneError

_BY_HOST = (
    (".pooler.supabase.com", "Supavisor"),
    ("-pooler.", "Neon's PgBouncer"),
    (".proxy-", "RDS Proxy"),
)
"""what the names of the providers' poolers hold."""
_BY_WORDS = (
    ("/bouncer", "PgBouncer"),
    ("bouncer", "PgBouncer"),
    ("no such database", "PgBouncer"),
    ("not allowed", "PgBouncer"),
    ("pgcat", "PgCat"),
    ("no pool configured", "PgCat"),
    ("odyssey", "Odyssey"),
    ("tenant or user not found", "Supavisor"),
    ("pgpool", "Pgpool-II"),
)
"""what a pooler answers when its console is asked for."""
CONSOLE = "pgbouncer"
"""the database that PgBouncer, and others after its model, keep for their console."""

ASK_SECONDS = 5.0
LOOKS = 5


class Pooler(msgspec.Struct, frozen=True):
    name: str | None
    """None: something that does not say what it is."""
    shared: bool | None
    """True: a server's session was seen to serve two of ours in turn. None: a second session was not to be had."""


async def look(connection: Connection, options: ConnectOptions | None) -> Pooler:
    """Which pooler it is. `options` open further sessions; None, and nothing but its presence is known."""
    if options is None:
        return Pooler(None, None)
    return Pooler(by_host(options) or await _console(options), await _shared(connection, options))


def by_host(options: ConnectOptions | None) -> str | None:
    """The provider's pooler whose address this is."""
    hosts = [host.lower() for host in options.hosts] if options is not None else []
    return next((name for part, name in _BY_HOST if any(part in host for host in hosts)), None)


async def _console(options: ConnectOptions) -> str | None:
    """Whoever refuses or opens its console tells who it is."""
    asked = msgspec.structs.replace(options, database=CONSOLE)
    try:
        words = await asyncio.wait_for(version_told(asked), ASK_SECONDS)
    except (PgtuneError, TimeoutError) as exc:
        words = str(exc)
    return next((name for part, name in _BY_WORDS if part in words.lower()), None)


async def _shared(connection: Connection, options: ConnectOptions) -> bool | None:
    try:
        other = await asyncio.wait_for(connect(options), ASK_SECONDS)
    except (PgtuneError, TimeoutError):
        return None
    try:
        for _ in range(LOOKS):
            if await backend_of(connection) == await backend_of(other):
                return True
        return False
    finally:
        other.terminate()
