"""Connecting: the only place that knows asyncpg. A session is read-only, bounded in time, and prints values exactly.

Through a pooler the session is shared with the application, so nothing is SET for longer than a transaction: use
`transaction()`, which repeats the settings with SET LOCAL.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias
from urllib.parse import urlencode

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from pgtune_cli import __version__
from pgtune_cli.collect.connect_options import ConnectOptions, options_of_dsn
from pgtune_cli.collect.failures import failure

Record: TypeAlias = asyncpg.Record
if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:  # a class, so that `Connection | None` can be evaluated; asyncpg's is not generic at run time
    Connection = asyncpg.Connection
PostgresError = asyncpg.PostgresError
InterfaceError = asyncpg.InterfaceError

__all__ = [
    "APPLICATION_NAME",
    "LOST",
    "MARK",
    "UNCOUNTED",
    "ConnectOptions",
    "Connection",
    "InterfaceError",
    "PostgresError",
    "Record",
    "ScanCounter",
    "backend_of",
    "connect",
    "count_scans",
    "is_pooled",
    "place_of",
    "scans_of",
    "statements",
    "transaction",
    "version_told",
]

APPLICATION_NAME = f"pgtune/{__version__}"
MARK = "/* pgtune */"
"""inside every statement of pgtune's own, so that it can be told from the application's."""

LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
"""what is raised when the connection is gone; there is no use in going on with it."""

EXACT = {
    "extra_float_digits": "1",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "quote_all_identifiers": "off",
}
"""so that the text of values and definitions does not depend on the role's settings."""

GUARDS = {
    "statement_timeout": "60s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "120s",
    "default_transaction_read_only": "on",
}
"""so that pgtune cannot hurt the server it looks at."""

NO_PATH = {"search_path": ""}
"""PostgreSQL's own names alone are found: a function or operator that somebody put into `public` may fit a call better
than PostgreSQL's, and would run with the rights of whoever runs pgtune. Definitions come schema-qualified."""

UNCOUNTED = "track_counts"
"""off where the role may turn it off, so that pgtune's own scans are in no counter."""

_BACKEND = f"SELECT {MARK} pg_catalog.pg_backend_pid()"
_MAY = f"SELECT {MARK} pg_catalog.current_setting('is_superuser')::pg_catalog.bool"
_MAY_15 = f"{_MAY} OR pg_catalog.has_parameter_privilege('{UNCOUNTED}', 'SET')"
_MAY_COMMENT = f"""\
-- needs: nothing; a role that is no superuser may since 15, after GRANT SET ON PARAMETER {UNCOUNTED} TO that role
-- then: {UNCOUNTED} = off for the session, so that pgtune's own scans are in no counter"""
_SET = (
    f"SELECT {MARK} pg_catalog.count(pg_catalog.set_config(s.name, s.value, $3))"
    " FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]))"
    " AS s (name, value)"
)

_FAILURES = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError, RuntimeError
)  # fmt: skip


if TYPE_CHECKING:
    _Base = asyncpg.Connection[asyncpg.Record]
else:  # generic in the stubs only
    _Base = asyncpg.Connection


class _Session(_Base):
    """A connection that knows what its transactions have to SET LOCAL again behind a pooler."""

    pgtune_settings: Mapping[str, str] = {}
    pgtune_scans: "ScanCounter | None" = None
    pgtune_place: str | None = None

    async def _introspect_types(self, *arguments: Any) -> Any:
        """asyncpg looks types up by queries that qualify nothing: with no path, and nothing of it stays."""
        looking = self.transaction()
        await looking.start()
        try:
            await self.execute(f"SET {MARK} LOCAL search_path = ''")
            return await super()._introspect_types(*arguments)  # type: ignore[misc]
        finally:
            if not self.is_closed():
                await looking.rollback()


class ScanCounter(Protocol):
    """Looks at the counters of a transaction at its begin and at its end."""

    async def begin(self, connection: Connection) -> None: ...

    async def end(self, connection: Connection) -> None: ...

    async def so_far(self, connection: Connection) -> dict[int, int]:
        """By oid of the index, in the transaction that is open."""

    def with_workers(self, scans: Mapping[int, int]) -> None:
        """At least so many were made in it by all processes together."""


async def connect(
    options: ConnectOptions | str, *, read_only: bool = True, application_name: str = APPLICATION_NAME
) -> Connection:
    """An open connection. `read_only=False` (the demo and trials only) leaves the guards out.

    Raises:
        ConnectionFailed: with the reason and what to do, and without the password.
        UsageError: a connection string that cannot be read.
    """
    if isinstance(options, str):
        options = options_of_dsn(options, os.environ)
    settings = {**dict(options.settings), **EXACT, **(GUARDS if read_only else {})}
    connection: _Session | None = None
    try:
        connection = await _open(options, application_name)
        if read_only and await _may_be_uncounted(connection):
            settings[UNCOUNTED] = "off"
        connection.pgtune_settings = settings
        if len(options.hosts) == 1:
            connection.pgtune_place = f"{options.hosts[0]}:{options.ports[0]}"
        if not await is_pooled(connection):
            await _set(connection, settings, local=False)
    except _FAILURES as exc:
        if connection is not None:
            connection.terminate()
        raise failure(exc, options) from None
    return connection


async def is_pooled(connection: Connection) -> bool:
    """Whether something stands between pgtune and the server: a pooler hands out a process id of its own."""
    return await backend_of(connection) != connection.get_server_pid()


async def backend_of(connection: Connection) -> int:
    """The process of the server that answers in this moment."""
    # in a transaction, as all that is sent: a pooler may give what is prepared and executed to two servers otherwise
    async with connection.transaction(readonly=True):
        return int(await connection.fetchval(_BACKEND))


async def version_told(options: ConnectOptions) -> str:
    """What the other side calls its version, whoever that is: connects, and asks nothing.

    Raises:
        ConnectionFailed: it lets nobody in.
    """
    try:
        connection = await _open(options, APPLICATION_NAME)
    except _FAILURES as exc:
        raise failure(exc, options) from None
    told = str(getattr(connection.get_settings(), "server_version", ""))
    connection.terminate()
    return told


async def _may_be_uncounted(connection: Connection) -> bool:
    async with connection.transaction(readonly=True):
        return bool(await connection.fetchval(_MAY_15 if connection.get_server_version().major >= 15 else _MAY))


@asynccontextmanager
async def transaction(
    connection: Connection,
    settings: Mapping[str, str] | None = None,
    *,
    isolation: Literal["read_committed", "repeatable_read"] = "repeatable_read",
    roles_path: bool = False,
) -> AsyncIterator[None]:
    """A READ ONLY transaction under pgtune's guards, and `settings` on top, all of them SET LOCAL.

    `roles_path` keeps the role's search_path, for statements of the application: pgtune's own must then qualify every
    function, operator and type.
    """
    async with connection.transaction(isolation=isolation, readonly=True):
        known = getattr(connection, "pgtune_settings", {**EXACT, **GUARDS})
        path = {} if roles_path else NO_PATH
        await _set(connection, {**known, **path, **(settings or {})}, local=True)
        if (scans := scans_of(connection)) is not None:
            await scans.begin(connection)
        try:
            yield
        except Exception:
            # not after a cancellation: it must not wait
            await _end(connection)
            raise
        await _end(connection)


def scans_of(connection: Connection) -> ScanCounter | None:
    """Who counts the scans of this session, if anyone does."""
    return getattr(connection, "pgtune_scans", None)


def is_counted(connection: Connection) -> bool:
    """Whether its scans are in the server's counters."""
    return UNCOUNTED not in getattr(connection, "pgtune_settings", {})


def place_of(connection: Connection) -> str | None:
    """Host and port, where there is one of each."""
    return getattr(connection, "pgtune_place", None)


def count_scans(connection: Connection, counter: ScanCounter) -> None:
    """From the end of the transaction that is open; of no use where nothing is counted."""
    if isinstance(connection, _Session) and is_counted(connection):
        connection.pgtune_scans = counter


async def _end(connection: Connection) -> None:
    scans = scans_of(connection)
    if scans is not None and not connection.is_closed():
        # a transaction that failed answers nothing
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await scans.end(connection)


async def _set(connection: Connection, settings: Mapping[str, str], *, local: bool) -> None:
    await connection.fetchval(_SET, list(settings), list(settings.values()), local)


def statements() -> tuple[tuple[str, str], ...]:
    """What is sent to connect and to open a transaction, by name."""
    values = "\n".join(f"-- {name} = {value}" for name, value in {**EXACT, **GUARDS}.items())
    return (
        ("connect: may it be left uncounted", f"{_MAY_COMMENT}\n{_MAY_15}"),
        ("connect: is there a pooler", _BACKEND),
        ("connect: settings", f"{values}\n{_SET}"),
        ("transaction", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    )


async def _open(options: ConnectOptions, application_name: str) -> _Session:
    label = f"{application_name} ({options.label})" if options.label else application_name
    server_settings = {"application_name": label}
    if options.startup_options:
        server_settings["options"] = options.startup_options
    # an empty password stands for none: with None the driver would look for one again, by other rules than libpq's
    return await asyncpg.connect(
        _tls_dsn(options),
        host=list(options.hosts),
        port=list(options.ports),
        user=options.user,
        password=options.password or "",
        database=options.database,
        timeout=_timeout(options),
        statement_cache_size=0,
        ssl=True if _trusts_system(options) else None,
        server_settings=server_settings,
        target_session_attrs=SessionAttribute(options.target_session_attrs),
        connection_class=_Session,
        **_kerberos(options),
    )


def _tls_dsn(options: ConnectOptions) -> str:
    """asyncpg takes the paths of certificates in a URI only; this one holds nothing else."""
    pairs = [(name, value) for name, value in options.tls if not (_trusts_system(options) and name == "sslrootcert")]
    return f"postgresql://?{urlencode(pairs)}" if pairs else "postgresql://"


def _trusts_system(options: ConnectOptions) -> bool:
    """libpq's sslrootcert=system: the operating system's authorities, and the host name is checked."""
    return ("sslrootcert", "system") in options.tls


def _timeout(options: ConnectOptions) -> float:
    return options.timeout_s * len(options.hosts) if options.timeout_s is not None else float("inf")


def _kerberos(options: ConnectOptions) -> dict[str, Any]:
    return dict(options.kerberos)
