"""--execute-on: a replica that executes in the server's place."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import Source
from pgtune_cli.errors import UsageError


@asynccontextmanager
async def with_replica(source: Source, dsn: str | None, notes: Notes) -> AsyncIterator[Source]:
    """`source` with an open connection to its replica; as it is without a `dsn`.

    Raises:
        UsageError: it is no replica of the server, or there is no server.
        ConnectionFailed: it cannot be reached.
    """
    if dsn is None:
        yield source
        return
    if source.connection is None:
        raise UsageError("--execute-on needs a server, and this is a snapshot file")
    from pgtune_cli.collect.connect_options import options_of_dsn
    from pgtune_cli.collect.connection import connect
    from pgtune_cli.collect.replica import check_replica

    options = options_of_dsn(dsn, os.environ)
    connection = await connect(options)
    try:
        await check_replica(source.connection, connection)
        notes.note(f"executing on the replica {options.describe()}")
        yield replace(source, replica=connection)
    finally:
        if not connection.is_closed():
            connection.terminate()
