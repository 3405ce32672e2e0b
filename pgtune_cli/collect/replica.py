"""Whether a connection leads to a physical replica of the server that is analysed, and how far that one is behind."""

from pgtune_cli.collect.connection import MARK, Connection, PostgresError, transaction
from pgtune_cli.errors import ServerRefused, UsageError

MAX_BEHIND_BYTES = 64 * 1024 * 1024
IDENTITY = (
    f"SELECT {MARK} pg_catalog.pg_is_in_recovery() AS in_recovery,"
    " d.oid::pg_catalog.int8 AS database, d.datname AS name,"
    " pg_catalog.current_setting('server_version_num')::int / 10000 AS major"
    " FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()"
)
SYSTEM = f"SELECT {MARK} system_identifier FROM pg_catalog.pg_control_system()"
REPLAYED = f"SELECT {MARK} pg_catalog.pg_last_wal_replay_lsn()::text"
BEHIND = (
    f"SELECT {MARK} pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()"
    " THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,"
    " $1::text::pg_catalog.pg_lsn)::pg_catalog.int8"
)


async def check_replica(primary: Connection, replica: Connection, option: str = "--execute-on") -> None:
    """Return where `replica` is one of `primary`, on the same database.

    Raises:
        UsageError: it is no replica, or one of another server or database.
        ServerRefused: the server does not tell.
    """
    try:
        one, other = await _row(primary, IDENTITY), await _row(replica, IDENTITY)
        systems = {await _system(primary), await _system(replica)} - {None}
    except PostgresError as exc:
        raise ServerRefused(f"{option}: what server that is could not be read: {type(exc).__name__}") from exc
    if not other["in_recovery"]:
        raise UsageError(
            f"{option}: that server is no replica: it is not in recovery",
            f"leave {option} out",
        )
    if len(systems) > 1 or one["major"] != other["major"]:
        raise UsageError(f"{option}: that is a replica of another server (its system identifier differs)")
    if one["database"] != other["database"]:
        raise UsageError(
            f"{option}: the replica's connection is to database {other['name']}, not to {one['name']}",
            "name the same database in both",
        )


async def bytes_behind(primary: Connection, replica: Connection) -> int:
    """WAL that the primary has written and the replica has not replayed. Raises PostgresError."""
    async with transaction(replica, isolation="read_committed"):
        replayed = await replica.fetchval(REPLAYED)
    async with transaction(primary, isolation="read_committed"):
        return int(await primary.fetchval(BEHIND, replayed) or 0)


async def _row(connection: Connection, sql: str) -> dict[str, object]:
    async with transaction(connection, isolation="read_committed"):
        return dict(await connection.fetchrow(sql) or {})


async def _system(connection: Connection) -> object:
    """None where the role may not know."""
    try:
        return (await _row(connection, SYSTEM))["system_identifier"]
    except PostgresError:
        return None
