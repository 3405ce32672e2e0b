"""Collecting in one call, for tests that start from what a server says."""

import asyncio
from typing import Any

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.model.snapshot import Snapshot


def read(dsn: str, **options: Any) -> Snapshot:
    """The snapshot of a database, as pgtune reads it."""

    async def main() -> Snapshot:
        connection = await connect(dsn)
        try:
            return await collect(connection, CollectOptions(**options))
        finally:
            await connection.close()

    return asyncio.run(main())
