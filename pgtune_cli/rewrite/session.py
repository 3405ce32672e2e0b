"""One snapshot of the server for a proof: read-only, REPEATABLE READ, bounded in rows and in time.

The role's search_path is in force, and the texts are no longer those that were judged: each is judged again.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from pgtune_cli.collect.connection import LOST, MARK, Connection, PostgresError, Record, transaction
from pgtune_cli.explain.code_catalog import CodeCatalog, read_stamp
from pgtune_cli.explain.execute import CODE_CHANGED
from pgtune_cli.explain.safety import may_execute_text
from pgtune_cli.explain.session import LEXICAL, marked, watch_client
from pgtune_cli.explain.time_limit import MS_PER_COST

MAX_ROWS = 2_000_000
"""rows that a proof may walk or sort on somebody's server, by the planner's estimate"""


class Unproven(Exception):
    """The server did not answer, or was not asked. The message never quotes a value of a row."""


class Work(msgspec.Struct, frozen=True):
    """What EXPLAIN says of a text."""

    cost: float
    rows: float
    """of the node with the most rows."""
    blocks: int | None = None
    """shared and temporary, hit and read; None when not executed."""
    time_ms: float | None = None


class Session:
    """Queries of one transaction, each in a savepoint: a failure of one leaves the snapshot to the others."""

    def __init__(
        self, connection: Connection, code: CodeCatalog | None, max_cost: float, trust_functions: bool
    ) -> None:
        self._connection = connection
        self._code = code
        self._max_cost = max_cost
        self._trust = trust_functions
        self._judged = ""

    async def affordable(self, sql: str) -> Work:
        """The plan of a text that may be run for a proof. Raises Unproven for too many rows, or beyond the ceiling."""
        work = await self.plan(sql)
        if work.rows > MAX_ROWS:
            raise Unproven(f"about {work.rows:,.0f} rows are too many to compare")
        if work.cost > self._max_cost:
            raise Unproven(f"by its cost of {work.cost:,.0f} it may not finish within --max-time")
        return work

    async def row(self, sql: str) -> Record | None:
        rows = await self.rows(sql)
        return rows[0] if rows else None

    async def rows(self, sql: str) -> list[Record]:
        """Raises Unproven."""
        self._judge(sql)
        return await self._sent(sql)

    def _judge(self, sql: str) -> None:
        if sql == self._judged:
            return  # it was planned just now
        if self._code is None:
            raise Unproven("the functions of the database could not be read")
        reason = may_execute_text(sql, (), self._code, trust_functions=self._trust)
        if reason is not None:
            raise Unproven(f"it would run more than the statement: {reason}")
        self._judged = sql

    async def _sent(self, sql: str) -> list[Record]:
        try:
            async with self._connection.transaction():
                return await self._connection.fetch(sql)
        except LOST:
            raise Unproven("the connection to the server was lost") from None
        except PostgresError as exc:
            if exc.sqlstate == "57014":
                raise Unproven("it did not finish within --max-time") from None
            raise Unproven(f"the server refused it: {type(exc).__name__} ({exc.sqlstate})") from None

    async def plan(self, sql: str, *, execute: bool = False) -> Work:
        """EXPLAIN, or EXPLAIN (ANALYZE, BUFFERS), of a text without parameters. Raises Unproven."""
        options = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON" if execute else "FORMAT JSON"
        self._judge(sql)
        rows = await self._sent(f"EXPLAIN ({options}) {marked(sql)}")
        found = json.loads(rows[0][0])[0]
        blocks = _blocks(found["Plan"]) if execute else None
        return Work(float(found["Plan"]["Total Cost"]), _most_rows(found["Plan"]), blocks, found.get("Execution Time"))

    async def types(self, sql: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """The types of the parameters, and names and types of the result columns. Raises Unproven."""
        try:
            async with self._connection.transaction():
                prepared = await self._connection.prepare(marked(sql))
                oids = [parameter.oid for parameter in prepared.get_parameters()]
                columns = [(attribute.name, attribute.type.oid) for attribute in prepared.get_attributes()]
            names = await self._sent(
                f"SELECT {MARK} oid, pg_catalog.format_type(oid, NULL) AS name FROM pg_catalog.pg_type"
                " WHERE oid OPERATOR(pg_catalog.=)"
                f" ANY ('{{{','.join(map(str, {*oids, *(oid for _, oid in columns)}))}}}'::pg_catalog.oid[])"
            )
        except LOST:
            raise Unproven("the connection to the server was lost") from None
        except PostgresError as exc:
            raise Unproven(f"the server refused it: {type(exc).__name__} ({exc.sqlstate})") from None
        known = {row["oid"]: row["name"] for row in names}
        return tuple(known.get(oid, "") for oid in oids), tuple((name, known.get(oid, "")) for name, oid in columns)


@asynccontextmanager
async def snapshot(
    connection: Connection, max_time_ms: float, code: CodeCatalog | None = None, *, trust_functions: bool = False
) -> AsyncIterator[Session]:
    """A session for proofs, each within `max_time_ms`; without the `code` of the database, for types alone.

    Raises Unproven where the server is gone.
    """
    settings = {**LEXICAL, "statement_timeout": f"{max(round(max_time_ms), 1)}ms", "lock_timeout": "500ms"}
    try:
        async with transaction(connection, settings, roles_path=True):
            await watch_client(connection)
            if code is not None and await read_stamp(connection) != code.stamp:
                raise Unproven(f"not proven: {CODE_CHANGED}")
            yield Session(connection, code, max_time_ms / MS_PER_COST, trust_functions)
    except LOST:
        raise Unproven("the connection to the server was lost") from None
    except PostgresError as exc:
        raise Unproven(f"the server refused it: {type(exc).__name__} ({exc.sqlstate})") from None


def _blocks(plan: dict[str, Any]) -> int:
    keys = ("Shared Hit Blocks", "Shared Read Blocks", "Temp Read Blocks", "Temp Written Blocks")
    return sum(int(plan.get(key, 0)) for key in keys)


def _most_rows(root: dict[str, Any]) -> float:
    most, waiting = 0.0, [root]
    while waiting:
        node = waiting.pop()
        most = max(most, float(node["Plan Rows"]))
        waiting.extend(node.get("Plans", ()))
    return most
