"""The CPU time that the server's executor takes, as it logs it itself."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

SECONDS = re.compile(r"([\d.]+) s user, ([\d.]+) s system, [\d.]+ s elapsed")


@asynccontextmanager
async def executor_cpu(connection: Any) -> AsyncIterator[list[float]]:
    """Seconds of what is executed within, under log_executor_stats. Raises RuntimeError where nothing was logged."""
    seen: list[float] = []

    def listen(_: Any, message: Any) -> None:
        found = SECONDS.search(message.detail or "")
        if found is not None:
            seen.append(sum(float(each) for each in found.groups()))

    connection.add_log_listener(listen)
    try:
        yield seen
        await asyncio.sleep(0)
    finally:
        connection.remove_log_listener(listen)
    if not seen:
        raise RuntimeError("the server told no executor statistics")
