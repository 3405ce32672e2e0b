"""The shop's workload: its statements, and running them so that pg_stat_statements fills itself."""

import math
from collections.abc import Awaitable, Callable

from pgtune_cli.collect.connection import Connection
from pgtune_cli.demo.analyst import FAULTY_ANALYSES, HEALTHY_ANALYSES
from pgtune_cli.demo.app_reads import FAULTY_READS, HEALTHY_READS
from pgtune_cli.demo.app_writes import WRITES
from pgtune_cli.demo.shop import Progress, silent
from pgtune_cli.demo.statement import Draw, ShopSample, WorkloadStatement, draw_sample

STATEMENTS: tuple[WorkloadStatement, ...] = (
    *HEALTHY_READS,
    *FAULTY_READS,
    *HEALTHY_ANALYSES,
    *FAULTY_ANALYSES,
    *WRITES,
)

_FORGET = "select pg_stat_statements_reset(0, oid, 0) from pg_catalog.pg_database where datname = current_database()"


def calls_at(scale: float, calls: int) -> int:
    """How often a statement is called; a smaller shop has less to do."""
    return max(1, round(calls * math.sqrt(min(1.0, scale))))


async def run_workload(
    connect: Callable[[], Awaitable[Connection]], scale: float = 1.0, progress: Progress | None = None
) -> None:
    """Send every statement as its role, prepared once. `connect` gives a superuser's connection to the loaded shop.

    What pg_stat_statements held of this database before is forgotten first: the load is nobody's workload.
    """
    tell = progress or silent
    connection = await connect()
    try:
        await connection.execute("set pg_stat_statements.track = 'none'")
        sample = await draw_sample(connection, scale)
        await connection.execute(_FORGET)
        await connection.execute("reset pg_stat_statements.track")
        for number, statement in enumerate(STATEMENTS, start=1):
            tell(f"workload: {number} of {len(STATEMENTS)}, {statement.name}")
            await _run(connection, statement, sample, scale)
    finally:
        await connection.close()


async def _run(connection: Connection, statement: WorkloadStatement, sample: ShopSample, scale: float) -> None:
    await connection.execute(f"set role {statement.role}")
    prepared = await connection.prepare(statement.sql)
    draw = Draw(statement.name, sample, lambda calls: calls_at(scale, calls))
    for call in range(calls_at(scale, statement.calls)):
        draw.call = call
        await prepared.fetch(*statement.arguments(draw))
