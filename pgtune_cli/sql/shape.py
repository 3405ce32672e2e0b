"""What a statement does, resolved against a catalog: tables, predicates, joins, sort keys, limits, parameters."""

import logging
from collections.abc import Sequence
from functools import lru_cache, partial

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
SHAPES_KEPT = 256


def shape(text: str, catalog: Catalog, search_path: Sequence[str] = DEFAULT_SEARCH_PATH) -> Shape | None:
    """The shape of one statement; None for a text that no parser takes and for utility statements.

    `search_path` holds schema names ("$user" resolved or left out); pg_catalog is always searched first.
    A column without a table goes to the one table in scope that has it; where two have it, it stays unresolved.
    """
    if not _last or _last[0].catalog is not catalog:
        _last[:] = [_Shapes(catalog)]
    return _last[0].of(text, tuple(search_path))


class _Shapes:
    """The last shapes over one catalog: each analyser asks for those of the same statements."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.of = lru_cache(maxsize=SHAPES_KEPT)(partial(_shape, catalog))


_last: list[_Shapes] = []


def _shape(catalog: Catalog, text: str, search_path: tuple[str, ...]) -> Shape | None:
    parsed = parse(text)
    if parsed is None:
        return None
    # sqlglot is slow to import, and only a parsed text needs it
    from pgtune_cli.sql.shape_builder import build_shape

    try:
        return build_shape(parsed, catalog, search_path)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        # sqlglot also builds trees of forms that no grammar allows; one such text must not end a run
        logging.getLogger(__name__).debug("no shape for a statement of %d characters", len(text), exc_info=True)
        return None
