"""Whether the server can bear another execution: it is not busy, and its replicas keep up."""

from pgtune_cli.collect.connection import Connection, transaction
from pgtune_cli.collect.replica import MAX_BEHIND_BYTES, bytes_behind
from pgtune_cli.explain.code_catalog import query

MAX_BEHIND_S = 10.0


async def too_busy(connection: Connection, max_active: int, *, primary: Connection | None = None) -> str | None:
    """Why nothing more should be executed now; None where it may. Raises PostgresError.

    `connection` executes: that is the server, or a replica of `primary`.

    Sessions that the role cannot see are not counted.
    """
    async with transaction(connection, isolation="read_committed"):
        load = await connection.fetchrow(query("load"))
    assert load is not None
    if load["active"] > max_active:
        return f"the server is busy: {load['active']} sessions active, --max-active is {max_active}"
    behind = load["behind_s"]
    if behind is not None and behind > MAX_BEHIND_S:
        return f"the replica is {behind:.0f} s behind"
    if primary is not None:
        behind_bytes = await bytes_behind(primary, connection)
        if behind_bytes > MAX_BEHIND_BYTES:
            return f"the replica is {behind_bytes / 2**20:.0f} MB of WAL behind"
    behind, behind_bytes = load["replicas_behind_s"], load["replicas_behind_bytes"]
    if behind is not None and behind > MAX_BEHIND_S:
        return f"a replica is {behind:.0f} s behind"
    if behind_bytes is not None and behind_bytes > MAX_BEHIND_BYTES:
        return f"a replica is {behind_bytes / 2**20:.0f} MB of WAL behind"
    return None
