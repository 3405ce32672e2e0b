"""Whether a key occurs twice in a table, counted on the server: what must be known before an index may be UNIQUE.

Within the gates of execution: read-only, planned before it is read and not read above a ceiling of cost, no longer than
a statement may take, no tables with row security, no code but PostgreSQL's own. No value is fetched.
"""

from collections.abc import Sequence

import msgspec

from pgtune_cli.collect.connection import MARK, Connection
from pgtune_cli.explain.gated_read import gated_read
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.sample_rows import plain_type, readable
from pgtune_cli.model.catalog import Catalog, Relation
from pgtune_cli.sql.quote import qualified, quote_identifier

MOST_COST = 2_000_000.0
"""a table of about a million pages, sorted"""
NOW = f"SELECT {MARK} to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    unique: bool
    at: str
    """UTC, by the server's clock."""


async def count_keys(
    connection: Connection, catalog: Catalog, relation: Relation, columns: Sequence[str], options: ExplainOptions
) -> Counted | str:
    """Or why that was not counted. Keys with a NULL are not equal to any."""
    reason = _refused(catalog, relation, columns)
    if reason is not None:
        return reason
    sql = unique_sql(relation, columns)

    async def read() -> Counted:
        at = str(await connection.fetchval(NOW))
        return Counted(unique=await connection.fetchval(sql) is None, at=at)

    return await gated_read(
        connection, sql, read, options, settings={"statement_timeout": f"{round(options.max_time_ms)}ms"},
        ceiling=("to count its keys", MOST_COST),
    )  # fmt: skip


def unique_sql(relation: Relation, columns: Sequence[str]) -> str:
    """One row if a key occurs twice: of the table itself, as an index is."""
    names = ", ".join(map(quote_identifier, columns))
    known = " AND ".join(f"{quote_identifier(column)} IS NOT NULL" for column in columns)
    return (
        f"SELECT {MARK} 1 FROM ONLY {qualified(relation.relation_name)} WHERE {known}"
        f" GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    )


def _refused(catalog: Catalog, relation: Relation, columns: Sequence[str]) -> str | None:
    if not readable(relation):
        return "it has row security, or is no table"
    for name in columns:
        column = relation.column(name)
        if column is None or not plain_type(column.type, catalog):
            return f"the type of {name} has code of its own"
    return None
