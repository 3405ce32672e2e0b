"""What each parameter of a statement is for, of all the places that it stands in."""

from collections.abc import Sequence

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.sql.shape_types import Block, ColumnRef, ParameterUse, PredicateKind, Shape, TableKind, Use
from pgtune_cli.sql.token_uses import token_uses

USE_ORDER = (Use.PREDICATE, Use.LIMIT, Use.OFFSET, Use.DERIVED, Use.ASSIGN, Use.SELECT, Use.OTHER)


def main_uses(
    sql: str, found: Shape | None, count: int, catalog: Catalog, search_path: tuple[str, ...]
) -> dict[int, ParameterUse | None]:
    """By number, the place that says most: a comparison with a column before anything else.

    What the parser does not know (`ip <<= $1`), and texts that it cannot read at all, are read by their tokens.
    """
    places: dict[int, list[ParameterUse]] = {}
    for use in found.parameters if found is not None else ():
        places.setdefault(use.number, []).append(use)
    uses = {number: _main_use(places.get(number, ())) for number in range(1, count + 1)}
    if any(use is None or (use.use is Use.OTHER and use.column is None) for use in uses.values()):
        for use in token_uses(sql, catalog, search_path):
            known = uses.get(use.number)
            if use.number in uses and (known is None or known.use is Use.OTHER):
                uses[use.number] = use
    return uses


def _main_use(uses: Sequence[ParameterUse]) -> ParameterUse | None:
    return min(uses, key=lambda use: (USE_ORDER.index(use.use), use.column is None), default=None)


def is_lower(use: ParameterUse) -> bool:
    """The column is to be above it."""
    return use.operator in (">", ">=")


def two_sided(uses: dict[int, ParameterUse | None]) -> set[int]:
    """Numbers of the parameters that bound a column whose other side is bound too."""
    sides: dict[ColumnRef, dict[bool, list[int]]] = {}
    for number, use in uses.items():
        if use is not None and use.column is not None and use.kind is PredicateKind.RANGE:
            sides.setdefault(use.column, {}).setdefault(is_lower(use), []).append(number)
    return {number for found in sides.values() if len(found) == 2 for numbers in found.values() for number in numbers}


def sizing_column(found: Shape | None) -> ColumnRef | None:
    """The one column whose comparisons decide how many rows a plain statement on one table returns."""
    block = found.outermost if found is not None and len(found.blocks) == 1 else None
    if block is None or not _plain_block(block):
        return None
    columns = {predicate.column for predicate in block.predicates}
    return columns.pop() if len(columns) == 1 else None


def _plain_block(block: Block) -> bool:
    one_table = len(block.tables) == 1 and block.tables[0].kind is TableKind.RELATION
    shrinks = block.aggregates or block.group_by or block.distinct or block.limit or block.offset or block.distinct_on
    return one_table and not shrinks and not any(predicate.under_or for predicate in block.predicates)
