"""Does a rewritten text still mean the same to the server: the same result columns, and parameters it can type?"""

from collections.abc import Sequence

from pgtune_cli.collect.connection import Connection, PostgresError, transaction
from pgtune_cli.model.rewrite import RewriteStatement


async def same_columns(connection: Connection, before: str, after: Sequence[RewriteStatement]) -> str | None:
    """None when every text prepares with the columns (names and types) of `before`; else what differs."""
    try:
        async with transaction(connection):
            wanted = await _columns(connection, before)
            for statement in after:
                found = await _columns(connection, statement.sql)
                if found != wanted:
                    return f"the {statement.role.replace('_', ' ')} returns other columns than the original"
    except PostgresError as exc:
        return f"the rewritten text is refused: {type(exc).__name__} ({exc.sqlstate})"
    return None


async def _columns(connection: Connection, sql: str) -> list[tuple[str, int]]:
    prepared = await connection.prepare(sql)
    return [(attribute.name, attribute.type.oid) for attribute in prepared.get_attributes()]
