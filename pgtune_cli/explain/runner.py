"""Every statement planned, and those that are proven read-only executed: one at a time, each in its own transaction.

First all are prepared and planned, so that it is known how many will be executed before the first one is.
"""

from collections.abc import Callable, Sequence

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError
from pgtune_cli.explain.code_catalog import read_code
from pgtune_cli.explain.execute import execute
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.plan_statement import Planned, plan_statement
from pgtune_cli.explain.reasons import GONE, server_failure
from pgtune_cli.explain.time_limit import ms_per_cost, too_slow
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement

__all__ = ["ExplainOptions", "explain_statements"]

Progress = Callable[[str], None]


async def explain_statements(
    connection: Connection,
    snapshot: Snapshot,
    statements: Sequence[Statement],
    options: ExplainOptions,
    *,
    source: str = "server",
    progress: Progress | None = None,
    announce: Progress | None = None,
) -> dict[str, StatementPlans]:
    """Plans by fingerprint, or the reason why there are none; one statement never ends the others.

    A connection that breaks ends the work: what was found stays, the rest carries the reason. Cancelling the task
    cancels what runs on the server. On a clone (`source="clone"`) nothing is ever executed. `announce` is told how
    many will be executed before the first one is.
    """
    say = progress or _quiet
    try:
        code = await read_code(connection, [statement.query for statement in statements])
    except LOST:
        return {one.fingerprint: _without(one, GONE) for one in statements}
    except PostgresError as error:
        reason = f"the functions of the database could not be read: {server_failure(error)}"
        return {one.fingerprint: _without(one, reason) for one in statements}
    planned: dict[str, Planned | str] = {}
    for number, statement in enumerate(statements, start=1):
        say(f"planning statement {number} of {len(statements)}")
        planned[statement.fingerprint] = await plan_statement(connection, snapshot, statement, code, options, source)
    ready = _ready(planned, options, source)
    if ready:
        (announce or say)(f"executing {len(ready)} of {len(statements)} statements")
    for number, fingerprint in enumerate(ready, start=1):
        say(f"executing statement {number} of {len(ready)}")
        one = planned[fingerprint]
        assert isinstance(one, Planned)
        planned[fingerprint] = await execute(connection, snapshot, one, code, options)
    return {one.fingerprint: _result(one, planned[one.fingerprint]) for one in statements}


def _quiet(_: str) -> None:
    pass


def _ready(planned: dict[str, Planned | str], options: ExplainOptions, source: str) -> list[str]:
    """Fingerprints of those that will be executed; the others get their reason."""
    found = {name: one for name, one in planned.items() if isinstance(one, Planned)}
    rate = ms_per_cost((one.statement, one.plans[0].total_cost) for one in found.values())
    ready = []
    for fingerprint, one in found.items():
        reason = one.not_executed or too_slow(one.statement, one.plans[0].total_cost, rate, options.max_time_ms)
        if source != "server":
            reason = "the clone has no rows"
        elif not options.execute:
            reason = "execution is turned off"
        if reason is None:
            ready.append(fingerprint)
        planned[fingerprint] = msgspec.structs.replace(one, not_executed=reason)
    return ready


def _result(statement: Statement, one: Planned | str) -> StatementPlans:
    if isinstance(one, str):
        return _without(statement, one)
    return StatementPlans(
        fingerprint=statement.fingerprint, prepared=one.prepared, plans=one.plans, not_executed=one.not_executed
    )


def _without(statement: Statement, reason: str) -> StatementPlans:
    return StatementPlans(fingerprint=statement.fingerprint, not_explained=reason, not_executed=reason)
