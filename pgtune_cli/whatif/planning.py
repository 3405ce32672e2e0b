"""One plan of one prepared statement: PREPARE, EXPLAIN EXECUTE, DEALLOCATE. Nothing is ever executed.

A plan that was cached before an index came or went would be shown again as it was, so no statement stays prepared.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.plan import Plan
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.sql.quote import quote_literal

NAME = "pgtune_whatif"


def is_generic(prepared: Prepared, values: ValueSet) -> bool:
    """A plan for any values: `$n` without values to fill it."""
    return values.values is None and bool(prepared.parameter_types)


def mode_sql(generic: bool) -> str:
    """With NULLs for values and without this setting the planner would fold them in."""
    return f"SET LOCAL plan_cache_mode = force_{'generic' if generic else 'custom'}_plan"


def execute_sql(prepared: Prepared, values: ValueSet) -> str:
    """EXECUTE with the values as untyped literals, which PostgreSQL coerces to the parameters' types."""
    given = values.values if values.values is not None else (None,) * len(prepared.parameter_types)
    arguments = ", ".join(quote_literal(value) for value in given)
    return f"EXECUTE {NAME}({arguments})" if given else f"EXECUTE {NAME}"


async def plan_prepared(connection: Connection, prepared: Prepared, values: ValueSet) -> Plan:
    """Within a transaction whose plan_cache_mode is set. Raises PostgresError; UsageError for an odd plan."""
    # PREPARE takes one SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES; the extended protocol takes one statement
    await connection.fetch(f"PREPARE {NAME} AS {prepared.sql}")
    document = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {execute_sql(prepared, values)}")
    await connection.execute(f"DEALLOCATE {NAME}")
    return parse_plan(document)


@asynccontextmanager
async def rolled_back(connection: Connection, *, read_only: bool = False) -> AsyncIterator[None]:
    """A transaction that leaves nothing, not even the statement that was prepared when it failed."""
    transaction = connection.transaction(readonly=read_only)
    await transaction.start()
    failed = False
    try:
        yield
    except BaseException:
        failed = True
        raise
    finally:
        await transaction.rollback()
        if failed:
            await forget(connection)


async def forget(connection: Connection) -> None:
    """DEALLOCATE what an error left prepared, if it did."""
    try:
        await connection.execute(f"DEALLOCATE {NAME}")
    except PostgresError:
        return
