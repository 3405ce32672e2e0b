"""A statement prepared on the server for as long as it is looked at: one transaction, nothing left behind.

Everything happens within one READ ONLY transaction, so that it works behind a pooler that shares sessions.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec

from pgtune_cli.collect.connection import MARK, Connection, InterfaceError, PostgresError
from pgtune_cli.sql.lex import tokens
from pgtune_cli.sql.quote import quote_literal

LEXICAL = {"standard_conforming_strings": "on"}
"""for the transaction in which a text is prepared: the server must read strings as the gates did."""

WATCH_CLIENT = (
    f"SELECT {MARK} pg_catalog.set_config(name, '500ms', true) FROM pg_catalog.pg_settings"
    " WHERE name OPERATOR(pg_catalog.=) 'client_connection_check_interval'"
)
"""so that the server stops what runs soon after pgtune is gone: a killed process can cancel nothing. 14 and later."""


class PreparedName(msgspec.Struct, frozen=True):
    """What the server calls the prepared statement, and its parameters' regtype names in order of $n."""

    name: str
    types: tuple[str, ...]


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """What is done within is undone, whether it fails or not; the transaction around it goes on."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        if not connection.is_closed():
            await transaction.rollback()


async def watch_client(connection: Connection) -> None:
    """For this transaction; where the server's platform cannot tell, nothing changes."""
    with suppress(PostgresError):
        async with connection.transaction():
            await connection.fetch(WATCH_CLIENT)


@asynccontextmanager
async def prepared(connection: Connection, sql: str) -> AsyncIterator[PreparedName]:
    """PREPARE within a transaction, DEALLOCATE at the end. Raises PostgresError.

    The extended protocol takes one statement, and PREPARE one that has a plan: no CREATE TABLE AS, no COPY.
    """
    name = f"pgtune_{secrets.token_hex(6)}"
    async with savepoint(connection):
        # a prepared statement outlives the savepoint
        await connection.fetch(f"PREPARE {name} AS {marked(sql)}")
    try:
        yield PreparedName(name, await _types(connection, name))
    finally:
        # the connection may be gone, and the statement with it
        with suppress(PostgresError, InterfaceError, OSError):
            await connection.fetch(f"DEALLOCATE {name}")


async def _types(connection: Connection, name: str) -> tuple[str, ...]:
    found = await connection.fetchval(
        f"SELECT {MARK} parameter_types::pg_catalog.text[] FROM pg_catalog.pg_prepared_statements"
        " WHERE name OPERATOR(pg_catalog.=) $1",
        name,
    )
    return tuple(found or ())


def marked(sql: str) -> str:
    """The text with pgtune's mark behind its first word, where pg_stat_statements keeps it."""
    end = tokens(sql)[0].end
    return f"{sql[:end]} {MARK}{sql[end:]}"


def place_in_text(sql: str, name_length: int, position: int) -> int:
    """Offset in `sql` of a position (from 1) that the server gave for the PREPARE of it."""
    offset = position - 1 - len("PREPARE  AS ") - name_length
    end = tokens(sql)[0].end
    return max(offset if offset < end else offset - len(MARK) - 1, 0)


def execute_sql(name: str, values: Sequence[str | None]) -> str:
    """EXECUTE with quoted untyped literals, which PostgreSQL coerces to the parameters' types."""
    return f"EXECUTE {name}({', '.join(quote_literal(value) for value in values)})" if values else f"EXECUTE {name}"
