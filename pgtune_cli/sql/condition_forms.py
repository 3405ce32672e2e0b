"""Forms of conditions that sqlglot has no node of its own for."""

from collections.abc import Iterator

from sqlglot import exp

from pgtune_cli.sql.conditions import Condition
from pgtune_cli.sql.operators import CONDITIONS_ONLY, comparison
from pgtune_cli.sql.walk import (
    is_query,
    own_nodes,
    unparen,
)


def row_elements(node: exp.Expr) -> list[exp.Expr] | None:
    """The elements of `(a, b)` or ROW(a, b)."""
    inner = unparen(node)
    if isinstance(inner, exp.Tuple):
        return list(inner.expressions)
    if isinstance(inner, exp.Anonymous) and str(inner.this).lower() == "row":
        return list(inner.expressions)
    return None


def quantified(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """ANY or ALL and its array or subquery."""
    inner = unparen(node)
    if isinstance(inner, exp.Any):
        return "ANY", inner.this if is_query(inner.this) else unparen(inner.this)
    if isinstance(inner, exp.All):
        return "ALL", inner.this
    if isinstance(inner, exp.Anonymous) and str(inner.this).lower() in ("all", "some") and len(inner.expressions) == 1:
        return ("ANY" if str(inner.this).lower() == "some" else "ALL"), inner.expressions[0]
    return None


def leaves_in(node: exp.Expr) -> Iterator[Condition]:
    """Comparisons anywhere within an expression: CASE WHEN, FILTER, a select list."""
    for each in own_nodes(node):
        if isinstance(each, exp.Between | exp.In) or (
            comparison(each) is not None and not isinstance(each, CONDITIONS_ONLY)
        ):
            yield Condition(each)
