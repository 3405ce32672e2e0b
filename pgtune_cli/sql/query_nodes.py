"""What is read off the nodes of a query: the arms of a set operation, the role of a subquery, the items of a list."""

from collections.abc import Iterator

from sqlglot import exp

from pgtune_cli.sql.scope import Scope
from pgtune_cli.sql.shape_types import Role
from pgtune_cli.sql.walk import own_nodes, unparen, unwrap_query

_SET_NAMES: dict[type[exp.Expr], str] = {exp.Union: "union", exp.Intersect: "intersect", exp.Except: "except"}


def arms_of(node: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    """The arms of a set operation, first to last, with the operation that joins each (the first: to the second)."""
    stack: list[tuple[exp.Expr, str]] = []
    current: exp.Expr = node
    while isinstance(current, exp.SetOperation):
        name = _SET_NAMES[type(current)] + ("" if current.args.get("distinct", True) else " all")
        stack.append((current.expression, name))
        current = current.this
        if isinstance(current, exp.Subquery) and isinstance(unwrap_query(current), exp.SetOperation):
            break
    yield current, stack[-1][1]
    yield from reversed(stack)


def role_of(node: exp.Expr) -> Role:
    """What a subquery within an expression is for."""
    parent: exp.Expr | None = node.parent
    child: exp.Expr = node
    while isinstance(parent, exp.Paren | exp.Subquery):
        child, parent = parent, parent.parent
    if isinstance(parent, exp.In) and parent.this is not child:
        return Role.NOT_IN if _is_negated(parent) else Role.IN
    if isinstance(parent, exp.Exists):
        return Role.NOT_EXISTS if _is_negated(parent) else Role.EXISTS
    if isinstance(parent, exp.Any) and isinstance(parent.parent, exp.EQ):
        return Role.IN
    if isinstance(parent, exp.All) and isinstance(parent.parent, exp.NEQ):
        return Role.NOT_IN
    return Role.SCALAR


def _is_negated(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return isinstance(parent, exp.Not)


def is_correlated(node: exp.Expr, scope: Scope) -> bool:
    """It names a column of a query around it, itself or through a query within."""
    columns = (each for each in own_nodes(node) if isinstance(each, exp.Column))
    return any(found.outer for each in columns if (found := scope.resolve(each)) is not None)


def has_grouping_sets(group: exp.Expr) -> bool:
    return any(group.args.get(key) for key in ("grouping_sets", "cube", "rollup")) or any(
        isinstance(each, exp.GroupingSets | exp.Cube | exp.Rollup) for each in group.expressions
    )


def group_items(group: exp.Expr | None) -> list[exp.Expr]:
    if group is None:
        return []
    items = list(group.expressions)
    for key in ("grouping_sets", "cube", "rollup"):
        for each in group.args.get(key) or ():
            if isinstance(each, exp.Expr):
                items += _flat(each)
    return items


def _flat(node: exp.Expr) -> list[exp.Expr]:
    """The expressions within GROUPING SETS ((a, b), ROLLUP (c))."""
    if isinstance(node, exp.Tuple | exp.Cube | exp.Rollup | exp.GroupingSets):
        return [inner for each in node.expressions for inner in _flat(each)]
    return [unparen(node)]


def items_of(node: exp.Expr | None) -> list[exp.Expr]:
    if node is None:
        return []
    return list(node.expressions) if isinstance(node, exp.Tuple) else [unparen(node)]
