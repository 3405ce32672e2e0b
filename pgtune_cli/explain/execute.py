"""EXPLAIN (ANALYZE) of one statement that passed the gates, under limits of time that the server keeps."""

from time import monotonic

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError, transaction
from pgtune_cli.errors import UsageError
from pgtune_cli.explain.code_catalog import CodeCatalog, read_stamp
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.plan_statement import PLANNED, Planned
from pgtune_cli.explain.plans import explain, statement_plan
from pgtune_cli.explain.reasons import GONE, server_failure
from pgtune_cli.explain.safety import may_execute_plan
from pgtune_cli.explain.session import LEXICAL, prepared, savepoint, watch_client
from pgtune_cli.explain.time_limit import measured_mean_ms
from pgtune_cli.explain.worker_scans import count_workers, planners_scans
from pgtune_cli.model.plan import Plan
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement

TIMED_BELOW_MS = 1000
"""timing every node slows an execution down: by a tenth to a third."""
TWICE_BELOW_MS = 100
"""cheap enough to run again for a steadier time, even when nothing had to be read."""
WARM_BELOW_MS = 1000
"""cheap enough to run again where pages had to be read, so that cold and warm caches are told apart."""
CANCELLED = "57014"
CODE_CHANGED = "functions, operators, types, views or policies were changed since they were judged: run pgtune again"


async def execute(
    connection: Connection, snapshot: Snapshot, one: Planned, code: CodeCatalog, options: ExplainOptions
) -> Planned:
    """With the executed plan in place of the planned one; with the reason where that failed."""
    if connection.is_closed():
        return msgspec.structs.replace(one, not_executed=GONE)
    started = monotonic()
    try:
        outcome = await _execute(connection, snapshot, one, code, options)
    except LOST:
        outcome = GONE
    except PostgresError as error:
        outcome = _failure(error, (monotonic() - started) * 1000, options)
    except UsageError as error:
        outcome = str(error)
    if isinstance(outcome, str):
        return msgspec.structs.replace(one, not_executed=outcome)
    first, last = outcome
    show = options.show_values
    plan = statement_plan(last, "server", one.record, executed=True, show_values=show, first=first)
    return msgspec.structs.replace(one, plans=(plan, *one.plans[1:]), not_executed=None)


async def _execute(
    connection: Connection, snapshot: Snapshot, one: Planned, code: CodeCatalog, options: ExplainOptions
) -> tuple[Plan | None, Plan] | str:
    """The first of two executions and the last one, or why there was none.

    Planned once more under the locks that PREPARE holds: what is executed is what was judged.
    """
    timing = "ON" if _timed(one.statement, options) else "OFF"
    analyze = f"ANALYZE, BUFFERS, TIMING {timing}, {PLANNED}"
    show = options.show_values
    async with (
        transaction(connection, _limits(connection, snapshot, options), isolation="read_committed", roles_path=True),
        prepared(connection, one.prepared.sql) as ready,
    ):
        await watch_client(connection)
        async with savepoint(connection):  # so that the statement can be forgotten where this fails
            stamp = await read_stamp(connection)
        if stamp != code.stamp:
            return CODE_CHANGED
        judged = await explain(connection, ready.name, ready.types, one.record, PLANNED, show_values=show)
        reason = may_execute_plan(judged.whole, snapshot.catalog, code, trust_functions=options.trust_functions)
        if reason is not None:
            return reason
        planners = await planners_scans(connection)
        found = await explain(connection, ready.name, ready.types, one.record, analyze, show_values=show)
        first = None
        if _worth_another(found.shown):
            first = found.shown
            found = await explain(connection, ready.name, ready.types, one.record, analyze, show_values=show)
        count_workers(connection, [plan for plan in (first, found.shown) if plan], planners, snapshot.catalog)
    return first, found.shown


def _worth_another(plan: Plan) -> bool:
    took_ms = plan.execution_time_ms
    if took_ms is None:
        return False
    return took_ms < (WARM_BELOW_MS if plan.root.shared_read_blocks else TWICE_BELOW_MS)


def _timed(statement: Statement, options: ExplainOptions) -> bool:
    if options.timing == "auto":
        return (measured_mean_ms(statement) or 0.0) < TIMED_BELOW_MS
    return options.timing == "on"


def _limits(connection: Connection, snapshot: Snapshot, options: ExplainOptions) -> dict[str, str]:
    """Settings for the transaction. A superuser can also keep pg_stat_statements from counting what runs."""
    time = max(round(options.max_time_ms), 1)
    limits = {
        **LEXICAL,
        **options.planner_settings,
        "statement_timeout": f"{time}ms",
        "lock_timeout": "500ms",
        "idle_in_transaction_session_timeout": "30s",
    }
    if connection.get_server_version().major >= 17:
        limits["transaction_timeout"] = f"{3 * time + 30_000}ms"
    if snapshot.server.superuser and snapshot.server.pg_stat_statements is not None:
        limits["pg_stat_statements.track"] = "none"
    return limits


def _failure(error: PostgresError, elapsed_ms: float, options: ExplainOptions) -> str:
    if error.sqlstate != CANCELLED:
        return server_failure(error)
    if elapsed_ms >= options.max_time_ms:
        return f"stopped after {options.max_time_ms / 1000:g} s (--max-time)"
    return "cancelled on the server"
