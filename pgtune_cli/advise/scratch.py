"""The scratch copy of a trial: is it one, and the indexes that are built and dropped there.

The one place where pgtune changes a database, which is why it looks twice at which one it is.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from pgtune_cli.collect.connect_options import ConnectOptions
from pgtune_cli.collect.connection import LOST, MARK, Connection, PostgresError, Record, connect
from pgtune_cli.errors import ConnectionFailed, ServerRefused, UsageError
from pgtune_cli.explain.reasons import server_failure
from pgtune_cli.model.index import ChosenIndex
from pgtune_cli.sql.quote import qualified, quote_literal

SYSTEM = (
    f"SELECT {MARK} system_identifier AS identifier, pg_catalog.pg_postmaster_start_time() AS started,"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication) AS replicas"
    " FROM pg_catalog.pg_control_system()"
)
"""a physical copy has the identifier of what it is a copy of, and was started at another time; so has a standby"""
WHERE = (
    f"SELECT {MARK} oid::int8 AS oid, datname::text AS name, pg_catalog.pg_is_in_recovery() AS standby,"
    " (pg_catalog.current_setting('transaction_read_only') = 'on') AS read_only,"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a"
    "   WHERE a.datid = d.oid AND a.pid <> pg_catalog.pg_backend_pid()"
    "   AND coalesce(a.backend_type, 'client backend') = 'client backend') AS others"
    " FROM pg_catalog.pg_database AS d WHERE datname = pg_catalog.current_database()"
)
THERE = (
    f"SELECT {MARK} pg_catalog.bool_and(attname IS NOT NULL) FROM pg_catalog.unnest($2::text[]) AS c(name)"
    " LEFT JOIN pg_catalog.pg_attribute AS a"
    "   ON a.attrelid = pg_catalog.to_regclass($1)::oid AND a.attname = c.name AND NOT a.attisdropped"
)
END = f"SELECT {MARK} pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = $1"
UNDO = {"statement_timeout": "0", "lock_timeout": "30s"}
PATIENCE_S = 20.0
DATA_FAULTS = ("23", "22", "54")
"""classes of errors that the rows cause: the same would happen on the source"""


class NotBuilt(msgspec.Struct, frozen=True):
    why: str
    of_rows: bool
    """it would fail on the source too."""


async def check_copy(copy: Connection, source: Connection | None, chosen: Sequence[ChosenIndex]) -> None:
    """Raises UsageError where it is no scratch copy; ServerRefused where that cannot be told."""
    try:
        mine, system = await _identity(copy)
        theirs = None if source is None else await _identity(source)
    except PostgresError as exc:
        raise ServerRefused(
            f"--trial: cannot tell which server that is: {type(exc).__name__}",
            "GRANT EXECUTE ON FUNCTION pg_control_system() TO this role, or pg_monitor",
        ) from exc
    if theirs is not None:
        _check_other(mine, system, *theirs)
    if mine["standby"]:
        raise UsageError("--trial: that server is a standby, on which no index can be built")
    if mine["read_only"]:
        raise UsageError(f"--trial: database {mine['name']} is read-only")
    if mine["others"]:
        raise UsageError(
            f"--trial: database {mine['name']} is used by other sessions ({mine['others']})", "name a scratch copy"
        )
    await _check_tables(copy, mine["name"], chosen)


async def _identity(connection: Connection) -> tuple[Record, Record]:
    """Of the database and of its server."""
    database, system = await connection.fetchrow(WHERE), await connection.fetchrow(SYSTEM)
    assert database is not None
    assert system is not None
    return database, system


def _check_other(mine: Record, system: Record, theirs: Record, their_system: Record) -> None:
    """Raises UsageError where it is the source itself, or may be the primary that the source streams from."""
    if system["identifier"] != their_system["identifier"]:
        return
    if system["started"] == their_system["started"]:
        if mine["oid"] == theirs["oid"]:
            raise UsageError("--trial: that is the database that is analysed", "name a scratch copy of it")
        return  # another database of the same server
    advice = "name a scratch copy with an identity of its own (pg_dump), or one beside the primary that is analysed"
    if theirs["standby"]:
        raise UsageError("--trial: that may be the primary of the standby that is analysed", advice)
    if system["replicas"]:
        raise UsageError("--trial: that server has replicas, and the identity of the one that is analysed", advice)


async def _check_tables(copy: Connection, name: str, chosen: Sequence[ChosenIndex]) -> None:
    for index in chosen:
        definition = index.definition
        if definition is None:
            continue
        keys = [key.column for key in definition.keys if key.column is not None]
        table = definition.table
        found = await copy.fetchval(THERE, qualified(table), [*keys, *definition.include])
        there = await copy.fetchval(f"SELECT {MARK} pg_catalog.to_regclass($1) IS NOT NULL", qualified(table))
        if not there or found is False:
            raise UsageError(
                f"--trial: database {name} has no {index.relation} ({', '.join(index.columns)}): it is no copy",
                "name a copy of the database that is analysed",
            )
    for leaf in (leaf for index in chosen for leaf in index.leaves):
        if await copy.fetchval(f"SELECT {MARK} pg_catalog.to_regclass($1) IS NOT NULL", leaf):
            raise UsageError(f"--trial: {leaf} is there already", "drop it, or name a fresh copy")


async def build(builder: Connection, index: ChosenIndex) -> int | NotBuilt:
    """Its true size in bytes; or why it could not be built. A connection that broke is raised."""
    try:
        for step in index.steps:
            await builder.execute(step)
    except PostgresError as exc:
        if builder.is_closed():
            raise
        return NotBuilt(server_failure(exc), (exc.sqlstate or "").startswith(DATA_FAULTS))
    names = ", ".join(f"pg_catalog.to_regclass({quote_literal(leaf)})" for leaf in index.leaves)
    sizes = f"SELECT pg_catalog.pg_relation_size(c) AS size FROM pg_catalog.unnest(ARRAY[{names}]) AS c"
    total = f"SELECT {MARK} pg_catalog.sum(size)::int8 FROM ({sizes}) AS s"
    return int(await builder.fetchval(total) or 0)


async def dropped(session: Connection, index: ChosenIndex) -> str | None:
    """Whatever of it is there; or why something is left."""
    try:
        for sql in dict.fromkeys(step for step in reversed(index.rollback_steps) if step is not None):
            await session.execute(sql)
    except PostgresError as exc:
        return server_failure(exc)
    return None


async def undo(options: ConnectOptions, builder: Connection, built: Sequence[ChosenIndex]) -> None:
    """Drop what was built, also what was being built: on a session of its own, once the builder's is gone.

    Raises ServerRefused with what is left, if anything is.
    """
    if not built:
        return
    left: list[str] = []
    why = ""
    try:
        session = await connect(options, read_only=False)
    except ConnectionFailed as exc:
        left, why = [leaf for index in built for leaf in index.leaves], str(exc)
    else:
        try:
            for name, value in UNDO.items():
                await session.execute(f"SET {name} = '{value}'")
            await _end(session, builder)
            for index in reversed(built):
                problem = await dropped(session, index)
                if problem is not None:
                    left += index.leaves
                    why = problem
        except LOST:
            left, why = [leaf for index in built for leaf in index.leaves], "the connection was lost"
        finally:
            session.terminate()
    if left:
        drops = "; ".join(f"DROP INDEX IF EXISTS {leaf}" for leaf in left)
        raise ServerRefused(f"--trial: not all that was built could be dropped again: {why}", drops)


async def _end(session: Connection, builder: Connection) -> None:
    """Ctrl-C may have left it building."""
    pid = builder.get_server_pid() if not builder.is_closed() else None
    builder.terminate()
    waited = 0.0
    while pid is not None and waited < PATIENCE_S and await session.fetch(END, pid):
        await asyncio.sleep(0.05)
        waited += 0.05
