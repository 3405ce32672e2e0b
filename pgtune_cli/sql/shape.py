"""What a statement does, resolved against a catalog: tables, predicates, joins, sort keys, limits, parameters."""

import logging
from collections.abc import Sequence

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.sql.parse import parse
from pgtune_cli.sql.shape_types import (
    Aggregate,
    Block,
    Bound,
    ColumnRef,
    CountCheck,
    JoinPair,
    Operand,
    ParameterUse,
    Place,
    Predicate,
    PredicateKind,
    Role,
    SelectItem,
    Shape,
    SortKey,
    Span,
    StatementKind,
    Table,
    TableKind,
    Use,
)

__all__ = [
    "Aggregate",
    "Block",
    "Bound",
    "ColumnRef",
    "CountCheck",
    "JoinPair",
    "Operand",
    "ParameterUse",
    "Place",
    "Predicate",
    "PredicateKind",
    "Role",
    "SelectItem",
    "Shape",
    "SortKey",
    "Span",
    "StatementKind",
    "Table",
    "TableKind",
    "Use",
    "shape",
]

DEFAULT_SEARCH_PATH = ("public",)


def shape(text: str, catalog: Catalog, search_path: Sequence[str] = DEFAULT_SEARCH_PATH) -> Shape | None:
    """The shape of one statement; None for a text that no parser takes and for utility statements.

    `search_path` holds schema names ("$user" resolved or left out); pg_catalog is always searched first.
    A column without a table goes to the one table in scope that has it; where two have it, it stays unresolved.
    """
    parsed = parse(text)
    if parsed is None:
        return None
    # sqlglot is slow to import, and only a parsed text needs it
    from pgtune_cli.sql.shape_builder import build_shape

    try:
        return build_shape(parsed, catalog, tuple(search_path))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        # sqlglot also builds trees of forms that no grammar allows; one such text must not end a run
        logging.getLogger(__name__).debug("no shape for a statement of %d characters", len(text), exc_info=True)
        return None
