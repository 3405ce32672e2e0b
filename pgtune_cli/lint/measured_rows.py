"""Whether the rows that pg_stat_statements counted may be held against the planner's estimate.

The values that the application sent are unknown, the plans were made with others. For conditions by equality the
estimate for the most common values is the largest there is, so an average above it proves an error. Ranges, patterns
and lists of unknown length have no such bound.
"""

from pgtune_cli.lint.world import World
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import Bound, Predicate, PredicateKind, Shape, StatementKind

BOUNDED = {
    PredicateKind.EQ, PredicateKind.NOT_EQ, PredicateKind.IS_NULL, PredicateKind.IS_NOT_NULL, PredicateKind.BOOL,
}  # fmt: skip


def comparable_rows(statement: Statement, world: World) -> bool:
    """A measured SELECT, without LIMIT, HAVING, recursion or functions in FROM, that compares by equality only."""
    shape = world.shape(statement)
    if not world.measured or statement.calls < 1 or shape is None or shape.kind is not StatementKind.SELECT:
        return False
    return not shape.recursive and not shape.writes_in_cte and all(
        block.limit is None and block.offset is None and not block.having
        and all(table.kind.value in ("relation", "cte", "subquery") for table in block.tables)
        and all(_bounded(predicate) for predicate in block.predicates)
        for block in shape.blocks
    ) and not _any((shape.set_limit, shape.set_offset)) and _plain_output(shape)  # fmt: skip


def _any(bounds: tuple[Bound | None, ...]) -> bool:
    return any(bound is not None for bound in bounds)


def _bounded(predicate: Predicate) -> bool:
    return not predicate.operand.parameters or (predicate.kind in BOUNDED and not predicate.left_parameters)


def _plain_output(shape: Shape) -> bool:
    """Groups are estimated apart from rows, and a function in the select list may return many."""
    block = shape.outermost
    return block is not None and bool(block.tables) and not block.group_by and not block.distinct and not block.windows
