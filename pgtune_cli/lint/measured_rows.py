"""Whether the rows that pg_stat_statements counted may be held against the planner's estimate.

The values that the application sent are unknown, the plans were made with others. Where a column equals a value, the
estimate for the most common one is the largest there is, so an average above it proves an error. Ranges, patterns,
lists of unknown length and optional filters ($1 IS NULL OR …) have no such bound, and whatever excludes rows (<>,
NOT EXISTS, EXCEPT, an outer join) leaves the more of them the rarer the value is.
"""

from pgtune_cli.lint.world import World
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import Block, Bound, ParameterUse, Predicate, PredicateKind, Shape, StatementKind, Use

EXCLUDING = {"not_in", "not_exists"}
"""roles of subqueries that take rows away"""
SIDES = {"left", "right", "full"}


def comparable_rows(statement: Statement, world: World) -> bool:
    """A measured SELECT, without LIMIT, HAVING, recursion or functions in FROM, that compares by equality only."""
    shape = world.shape(statement)
    if not world.measured or statement.calls < 1 or shape is None or shape.kind is not StatementKind.SELECT:
        return False
    if shape.recursive or shape.writes_in_cte or _any((shape.set_limit, shape.set_offset)):
        return False
    return (
        _plain_output(shape)
        and all(_equality(use) for use in shape.parameters)
        and all(_comparable(block) for block in shape.blocks)
    )


def _comparable(block: Block) -> bool:
    if _any((block.limit, block.offset)) or block.having or (_excludes(block) and _has_parameters(block)):
        return False
    return all(table.kind.value in ("relation", "cte", "subquery") for table in block.tables) and all(
        _bounded(predicate) for predicate in block.predicates
    )


def _any(bounds: tuple[Bound | None, ...]) -> bool:
    return any(bound is not None for bound in bounds)


def _bounded(predicate: Predicate) -> bool:
    if predicate.left_parameters:
        return False
    return not predicate.operand.parameters or (predicate.kind is PredicateKind.EQ and not predicate.under_not)


def _equality(use: ParameterUse) -> bool:
    """A parameter that a column equals, or that is only shown: of an expression the common values are unknown."""
    return use.use is Use.SELECT or (use.kind is PredicateKind.EQ and use.use is Use.PREDICATE and not use.expression)


def _excludes(block: Block) -> bool:
    """What it finds, other rows may be without."""
    outer = any(table.join in SIDES for table in block.tables)
    return block.role.value in EXCLUDING or outer or (block.set_operation or "").startswith(("except", "intersect"))


def _has_parameters(block: Block) -> bool:
    return any(predicate.operand.parameters for predicate in block.predicates)


def _plain_output(shape: Shape) -> bool:
    """Groups are estimated apart from rows, and a function in the select list may return many."""
    block = shape.outermost
    return block is not None and bool(block.tables) and not block.group_by and not block.distinct and not block.windows
