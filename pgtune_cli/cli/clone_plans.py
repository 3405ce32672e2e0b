"""The clone's plans of the statements that the source has not planned: writes above all, all of them in a file."""

import msgspec

from pgtune_cli.cli.console import Notes
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.explain.reasons import GONE
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement
from pgtune_cli.whatif.clone import Clone
from pgtune_cli.whatif.reason import ENDED

MAX_ENDED = 5
"""statements that do not end; each takes half a minute"""


async def with_clone_plans(
    plans: dict[str, StatementPlans],
    clone: Clone,
    snapshot: Snapshot,
    statements: tuple[Statement, ...],
    options: ExplainOptions,
    notes: Notes,
) -> dict[str, StatementPlans]:
    """Plans by fingerprint, with the clone's for those of the statements that have none."""
    unplanned = tuple(one for one in statements if one.fingerprint not in plans or not plans[one.fingerprint].plans)
    merged = dict(plans)
    for role, some in _by_role(unplanned, clone).items():
        on_clone = await _planned(clone, role, snapshot, some, options, notes)
        merged |= {fingerprint: _merged(plans.get(fingerprint), found) for fingerprint, found in on_clone.items()}
    return merged


async def _planned(
    clone: Clone,
    role: str | None,
    snapshot: Snapshot,
    statements: list[Statement],
    options: ExplainOptions,
    notes: Notes,
) -> dict[str, StatementPlans]:
    """A statement that ended the connection is left behind, and the rest goes on with another."""
    found: dict[str, StatementPlans] = {}
    waiting = statements
    for _ in range(MAX_ENDED):
        try:
            async with clone.connected_as(role) as connection:
                found |= await explain_statements(
                    connection, snapshot, waiting, options, source="clone", progress=notes.progress
                )
        except EmbeddedServerError as error:
            return found | {one.fingerprint: _without(one, str(error)) for one in waiting}
        lost = [one for one in waiting if found[one.fingerprint].not_explained == GONE]
        if not lost:
            break
        found[lost[0].fingerprint] = _without(lost[0], ENDED)
        waiting = lost[1:]
    return found


def _by_role(statements: tuple[Statement, ...], clone: Clone) -> dict[str | None, list[Statement]]:
    """By who runs them, where row security or settings of a role make a difference."""
    found: dict[str | None, list[Statement]] = {}
    for one in statements:
        found.setdefault(clone.role_of(one.fingerprint, one.query), []).append(one)
    return found


def _without(statement: Statement, why: str) -> StatementPlans:
    return StatementPlans(fingerprint=statement.fingerprint, not_explained=why, not_executed=why)


def _merged(on_server: StatementPlans | None, on_clone: StatementPlans) -> StatementPlans:
    """The clone's plans with the server's reason not to have any; the server's reason where the clone fails too."""
    if on_server is None or on_server.not_explained is None:
        return on_clone
    if not on_clone.plans:
        return on_server
    return msgspec.structs.replace(on_clone, not_executed=f"planned on the clone: {on_server.not_explained}")
