"""Every statement planned, and those that are proven read-only executed: one at a time, each in its own transaction.

First all are prepared and planned, so that it is known how many will be executed before the first one is.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError
from pgtune_cli.explain.code_catalog import CodeCatalog, read_code
from pgtune_cli.explain.execute import execute
from pgtune_cli.explain.load import too_busy
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.plan_statement import Planned, plan_statement
from pgtune_cli.explain.reasons import GONE, server_failure
from pgtune_cli.explain.spill import spills
from pgtune_cli.explain.time_limit import ms_per_cost, too_slow
from pgtune_cli.model.dry_run import DryRunStatement, Outcome
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement

__all__ = ["ExplainOptions", "dry_run", "explain_statements"]

Progress = Callable[[str], None]
LOOKS, BETWEEN_LOOKS_S = 3, 0.5
"""a server that is busy, or a replica that is behind, for a moment only ends nothing."""


async def explain_statements(
    connection: Connection,
    snapshot: Snapshot,
    statements: Sequence[Statement],
    options: ExplainOptions,
    *,
    source: str = "server",
    replica: Connection | None = None,
    progress: Progress | None = None,
    announce: Progress | None = None,
) -> dict[str, StatementPlans]:
    """Plans by fingerprint, or the reason why there are none; one statement never ends the others.

    A connection that breaks ends the work: what was found stays, the rest carries the reason. Cancelling the task
    cancels what runs on the server. On a clone (`source="clone"`) nothing is ever executed. What is executed runs on
    `replica` where there is one, and rows are looked at there. `announce` is told how many will be executed before the
    first one is.
    """
    say = progress or _quiet
    work = await _plan(connection, snapshot, statements, options, source, say, replica)
    if work.ready:
        (announce or say)(f"executing {len(work.ready)} of {len(statements)} statements")
    busy: str | None = None
    for number, fingerprint in enumerate(work.ready, start=1):
        one = work.planned[fingerprint]
        assert isinstance(one, Planned)
        busy = busy or await _busy(connection, replica, options)
        if busy is not None:
            work.planned[fingerprint] = msgspec.structs.replace(one, not_executed=busy)
            continue
        say(f"executing statement {number} of {len(work.ready)}")
        assert work.code is not None
        work.planned[fingerprint] = await execute(replica or connection, snapshot, one, work.code, options)
    return {one.fingerprint: _result(one, work.planned[one.fingerprint]) for one in statements}


async def dry_run(
    connection: Connection,
    snapshot: Snapshot,
    statements: Sequence[Statement],
    options: ExplainOptions,
    *,
    progress: Progress | None = None,
) -> tuple[DryRunStatement, ...]:
    """What would become of each statement: all that explain_statements() does but for reading rows and executing."""
    options = msgspec.structs.replace(options, sample_rows=False)
    work = await _plan(connection, snapshot, statements, options, "server", progress or _quiet)
    return tuple(_outcome(one, work.planned[one.fingerprint]) for one in statements)


class _Work(msgspec.Struct):
    """`planned` by fingerprint; `ready` are the fingerprints of those that will be executed."""

    planned: dict[str, Planned | str]
    ready: list[str]
    code: CodeCatalog | None


async def _plan(
    connection: Connection,
    snapshot: Snapshot,
    statements: Sequence[Statement],
    options: ExplainOptions,
    source: str,
    say: Progress,
    replica: Connection | None = None,
) -> _Work:
    try:
        code = await read_code(connection, [statement.query for statement in statements])
    except LOST:
        return _Work({one.fingerprint: GONE for one in statements}, [], None)
    except PostgresError as error:
        reason = f"the functions of the database could not be read: {server_failure(error)}"
        return _Work({one.fingerprint: reason for one in statements}, [], None)
    planned: dict[str, Planned | str] = {}
    for number, statement in enumerate(statements, start=1):
        say(f"planning statement {number} of {len(statements)}")
        planned[statement.fingerprint] = await plan_statement(
            connection, snapshot, statement, code, options, source, replica
        )
    return _Work(planned, _ready(planned, snapshot, options, source), code)


async def _busy(connection: Connection, replica: Connection | None, options: ExplainOptions) -> str | None:
    """Why nothing more is executed, after waiting for a second; None as soon as it may."""
    reason = await _load(connection, replica, options)
    for _ in range(LOOKS - 1):
        if reason is None or reason == GONE:
            break
        await asyncio.sleep(BETWEEN_LOOKS_S)
        reason = await _load(connection, replica, options)
    return reason


async def _load(connection: Connection, replica: Connection | None, options: ExplainOptions) -> str | None:
    try:
        if replica is None:
            return await too_busy(connection, options.max_active)
        return await too_busy(replica, options.max_active, primary=connection)
    except LOST:
        return GONE
    except PostgresError as error:
        return f"how busy the server is could not be read: {server_failure(error)}"


def _quiet(_: str) -> None:
    pass


def _ready(planned: dict[str, Planned | str], snapshot: Snapshot, options: ExplainOptions, source: str) -> list[str]:
    """Fingerprints of those that will be executed; the others get their reason."""
    found = {name: one for name, one in planned.items() if isinstance(one, Planned)}
    rate = ms_per_cost((one.statement, one.plans[0].total_cost) for one in found.values())
    ready = []
    for fingerprint, one in found.items():
        plan = one.plans[0]
        reason = one.not_executed or too_slow(one.statement, plan.total_cost, rate, options.max_time_ms)
        reason = reason or spills(one.statement, plan.plan, snapshot.server.settings)
        if source != "server":
            reason = "the clone has no rows"
        elif not options.execute:
            reason = "execution is turned off"
        if reason is None:
            ready.append(fingerprint)
        planned[fingerprint] = msgspec.structs.replace(one, not_executed=reason)
    return ready


def _outcome(statement: Statement, one: Planned | str) -> DryRunStatement:
    reason = one if isinstance(one, str) else one.not_executed
    outcome = Outcome.SKIPPED if isinstance(one, str) else Outcome.PLANNED if reason is not None else Outcome.EXECUTED
    return DryRunStatement(
        fingerprint=statement.fingerprint,
        query=statement.query,
        calls=statement.calls,
        mean_exec_time_ms=statement.mean_exec_time_ms,
        outcome=outcome,
        reason=reason,
    )


def _result(statement: Statement, one: Planned | str) -> StatementPlans:
    if isinstance(one, str):
        return _without(statement, one)
    return StatementPlans(
        fingerprint=statement.fingerprint, prepared=one.prepared, plans=one.plans, not_executed=one.not_executed
    )


def _without(statement: Statement, reason: str) -> StatementPlans:
    return StatementPlans(fingerprint=statement.fingerprint, not_explained=reason, not_executed=reason)
