"""Plans of one statement on one connection: EXPLAIN for each value set, and EXPLAIN (ANALYZE) for the one of record.

Under the server's own settings: parallel query and JIT stay as they are. plan_cache_mode alone is set, and left out of
the settings that a plan carries.
"""

from collections.abc import Sequence

import msgspec

from pgtune_cli.collect.connection import MARK, Connection
from pgtune_cli.explain.derive import blocks_total
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.explain.session import execute_sql, savepoint
from pgtune_cli.model.plan import FirstRun, Plan, PlanParameters, StatementPlan
from pgtune_cli.model.statement import ValueSet

PLAN_CACHE_MODE = "plan_cache_mode"


class Explained(msgspec.Struct, frozen=True):
    """A plan as it is shown, and with its literals for the gates. The latter must not leave this room."""

    shown: Plan
    whole: Plan


async def explain(
    connection: Connection, name: str, types: Sequence[str], values: ValueSet, options: str, *, show_values: bool
) -> Explained:
    """EXPLAIN of a prepared statement, undone afterwards. Raises PostgresError; UsageError for an odd plan.

    A generic plan is made by force_generic_plan and NULLs: without the setting they would be folded into the plan.
    """
    generic = bool(types) and values.values is None
    arguments = values.values if values.values is not None else (None,) * len(types)
    mode = f"force_{'generic' if generic else 'custom'}_plan"
    async with savepoint(connection):
        await connection.fetchval(f"SELECT {MARK} pg_catalog.set_config($1, $2, true)", PLAN_CACHE_MODE, mode)
        document = await connection.fetchval(f"EXPLAIN {MARK} ({options}, FORMAT JSON) {execute_sql(name, arguments)}")
    return Explained(parse_plan(document, show_values=show_values), parse_plan(document, show_values=True))


def statement_plan(
    plan: Plan, source: str, values: ValueSet, *, executed: bool, show_values: bool, first: Plan | None = None
) -> StatementPlan:
    """The plan with where it came from. `first` is that of the execution before."""
    settings = {name: value for name, value in plan.settings.items() if name != PLAN_CACHE_MODE}
    return StatementPlan(
        source=source,
        parameters=PlanParameters(values.name, values.origin, values.values if show_values else None),
        executed=executed,
        total_cost=plan.total_cost,
        execution_time_ms=plan.execution_time_ms,
        blocks=blocks_total(plan) if executed else None,
        first_run=_run(first) if first is not None else None,
        settings=settings,
        plan=msgspec.structs.replace(plan, settings=settings),
    )


def _run(plan: Plan) -> FirstRun:
    return FirstRun(
        execution_time_ms=plan.execution_time_ms or 0.0,
        shared_hit_blocks=plan.root.shared_hit_blocks or 0,
        shared_read_blocks=plan.root.shared_read_blocks or 0,
    )
