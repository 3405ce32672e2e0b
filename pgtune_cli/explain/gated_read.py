"""A statement of pgtune's own that reads a table: within the gates of execution, and not above a ceiling of cost."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from pgtune_cli.collect.connection import LOST, MARK, Connection, PostgresError, transaction
from pgtune_cli.errors import UsageError
from pgtune_cli.explain.load import too_busy
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.explain.reasons import GONE, server_failure
from pgtune_cli.explain.session import LEXICAL, watch_client

LIMITS = {
    **LEXICAL, "lock_timeout": "100ms", "jit": "off",
    "max_parallel_workers_per_gather": "0",
}  # fmt: skip
T = TypeVar("T")


async def gated_read(
    connection: Connection,
    sql: str,
    read: Callable[[], Awaitable[T]],
    options: ExplainOptions,
    *,
    settings: Mapping[str, str],
    ceiling: tuple[str, float],
) -> T | str:
    """What `read` gives, which sends `sql` in a read-only transaction; or why not. `ceiling`: what would cost more."""
    what, most_cost = ceiling
    try:
        busy = await too_busy(connection, options.max_active)
        if busy is not None:
            return busy
        async with transaction(connection, {**LIMITS, **settings}, isolation="read_committed"):
            await watch_client(connection)
            planned = parse_plan(await connection.fetchval(f"EXPLAIN {MARK} (FORMAT JSON) {sql}"))
            if planned.total_cost > most_cost:
                return f"{what} would cost {planned.total_cost:,.0f} cost units"
            return await read()
    except LOST:
        return GONE
    except (PostgresError, UsageError) as error:
        return server_failure(error) if isinstance(error, PostgresError) else str(error)
