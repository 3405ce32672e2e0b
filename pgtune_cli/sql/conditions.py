"""A condition taken apart: what is ANDed, what stands under OR and NOT."""

from collections.abc import Iterator

import msgspec
from sqlglot import exp

from pgtune_cli.sql.walk import unparen


class Condition(msgspec.Struct, frozen=True):
    """A leaf of AND, OR, NOT. `or_group` counts the outermost ORs, `or_branch` their arms."""

    node: exp.Expr
    under_not: bool = False
    or_group: int | None = None
    or_branch: int | None = None


def conditions(node: exp.Expr, first_group: int = 0) -> Iterator[Condition]:
    """The leaves in order. A plain NOT of a negatable comparison stays in the leaf's `under_not`."""
    group = first_group
    stack = [Condition(node)]
    while stack:
        current = stack.pop()
        inner = unparen(current.node)
        if isinstance(inner, exp.And | exp.Or):
            arms = _arms(inner, type(inner))
            # NOT (a OR b) is NOT a AND NOT b
            alternatives = isinstance(inner, exp.Or) != current.under_not
            if alternatives and current.or_group is None:
                leaves = [
                    msgspec.structs.replace(current, node=arm, or_group=group, or_branch=branch)
                    for branch, arm in enumerate(arms)
                ]
                group += 1
            else:
                leaves = [msgspec.structs.replace(current, node=arm) for arm in arms]
            stack.extend(reversed(leaves))
        elif isinstance(inner, exp.Not):
            stack.append(msgspec.structs.replace(current, node=inner.this, under_not=not current.under_not))
        else:
            yield msgspec.structs.replace(current, node=inner)


def _arms(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """a, b, c of `a AND b AND c`, which is nested to the left, perhaps thousands deep."""
    arms: list[exp.Expr] = []
    stack = [node]
    while stack:
        current = stack.pop()
        inner = unparen(current)
        if isinstance(inner, kind):
            stack += [inner.args["this"], inner.args["expression"]]
        else:
            arms.append(current)
    return arms[::-1]
