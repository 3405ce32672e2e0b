"""What one call of a statement costs: by pg_stat_statements, or by executing a text that came with its own values."""

import msgspec

from pgtune_cli.lint.world import OWN_VALUES, World
from pgtune_cli.model.plan import StatementPlan
from pgtune_cli.model.statement import Statement


class PerCall(msgspec.Struct, frozen=True, kw_only=True):
    """Averages of one call, in blocks and rows; None where nothing was measured."""

    blocks: float | None = None
    rows: float | None = None
    temp_blocks: float | None = None


def per_call(statement: Statement, world: World) -> PerCall:
    """Files of SQL count nothing; a statement of theirs that was executed as it stands shows what it costs."""
    if world.measured and statement.calls > 0:
        return PerCall(
            blocks=(statement.shared_blks_hit + statement.shared_blks_read) / statement.calls,
            rows=statement.rows / statement.calls,
            temp_blocks=statement.temp_blks_written / statement.calls,
        )
    own = [
        plan for plan in world.plans(statement.fingerprint) if plan.executed and plan.parameters.origin in OWN_VALUES
    ]
    return _executed(own[0]) if own else PerCall()


def _executed(made: StatementPlan) -> PerCall:
    root = made.plan.root
    temp = root.temp_written_blocks
    return PerCall(
        blocks=float(made.blocks) if made.blocks is not None else None,
        rows=root.actual_rows,
        temp_blocks=float(temp) if temp is not None else None,
    )
