"""The source's own plans in a snapshot: made when it is taken, and used in place of the server later."""

from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.model.plan import StatementPlan, StatementPlans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pgtune_cli.cli.console import Notes
    from pgtune_cli.cli.source import Source
    from pgtune_cli.model.snapshot import Snapshot
    from pgtune_cli.model.statement import Statement

SOURCE = "snapshot"
NO_SERVER = "a snapshot has no rows to execute it on"


async def with_plans(source: "Source", notes: "Notes") -> "Snapshot":
    """The snapshot with a plan of every statement that its server plans: plain EXPLAIN, inside the same gates."""
    if source.connection is None:
        return source.snapshot
    from pgtune_cli.explain.runner import ExplainOptions, explain_statements
    from pgtune_cli.sql.statements import statements

    found = await explain_statements(
        source.connection,
        source.snapshot,
        statements(source.snapshot),
        ExplainOptions(execute=False),
        progress=notes.progress,
    )
    return msgspec.structs.replace(source.snapshot, plans=tuple(_kept(found[key]) for key in sorted(found)))


def _kept(found: StatementPlans) -> StatementPlans:
    plans = tuple(msgspec.structs.replace(plan, source=SOURCE) for plan in found.plans)
    return msgspec.structs.replace(found, plans=plans, not_executed=found.not_explained or NO_SERVER)


def stored_plans(
    snapshot: "Snapshot", statements: "Iterable[Statement]", *, show_values: bool
) -> dict[str, StatementPlans]:
    """By fingerprint, those of these statements. Their conditions never show values; their parameters may."""
    wanted = {statement.fingerprint for statement in statements}
    found = {plans.fingerprint: plans for plans in snapshot.plans if plans.fingerprint in wanted}
    return {key: _with_values(plans) for key, plans in found.items()} if show_values else found


def _with_values(found: StatementPlans) -> StatementPlans:
    sets = found.prepared.value_sets if found.prepared is not None else ()
    values = {one.name: one.values for one in sets}

    def shown(plan: StatementPlan) -> StatementPlan:
        parameters = msgspec.structs.replace(plan.parameters, values=values.get(plan.parameters.name))
        return msgspec.structs.replace(plan, parameters=parameters)

    return msgspec.structs.replace(found, plans=tuple(shown(plan) for plan in found.plans))
