"""How many bytes a table or a b-tree index would take if it were written anew, estimated from its statistics."""

import math

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Index, Relation, RelationName

PAGE_HEADER = 24
BTREE_PAGE = PAGE_HEADER + 16
TUPLE_HEADER = 23
INDEX_TUPLE_HEADER = 8
LINE_POINTER = 4
ALIGNMENT = 8
BTREE_FILLFACTOR = 90
HEAP_FILLFACTOR = 100


def table_bytes(relation: Relation, world: World) -> float | None:
    """Of the main fork, for the rows of the counters; None where a column has no statistics."""
    usage = world.usage.get(relation.relation_name)
    rows = float(usage.n_live_tup) if usage is not None and usage.n_live_tup else relation.reltuples
    width = row_width(relation, world)
    if rows is None or width is None:
        return None
    nulls = math.ceil(len(relation.columns) / 8)
    tuple_bytes = _aligned(TUPLE_HEADER + nulls) + _aligned(width) + LINE_POINTER
    return _pages(rows, tuple_bytes, world, PAGE_HEADER, fillfactor(relation.options, HEAP_FILLFACTOR))


def row_width(relation: Relation, world: World) -> float | None:
    """Average bytes of a row's values, those in TOAST as their pointers; None where a column has no statistics."""
    total = 0.0
    for column in relation.columns:
        found = world.column_statistics(relation.relation_name, column.name)
        if found is None:
            return None
        total += found.avg_width * (1 - found.null_frac)
    # values are aligned within the row: a little more than the sum
    return total + len(relation.columns)


def btree_bytes(index: Index, world: World) -> float | None:
    """Of a b-tree without deduplication, so never too small; None for other methods and unknown widths."""
    if index.method != "btree" or index.reltuples is None:
        return None
    columns = [key.column for key in index.keys] + list(index.include)
    widths = [_width(index.table, name, world) for name in columns if name is not None]
    if len(widths) != len(columns) or any(width is None for width in widths):
        return None
    tuple_bytes = _aligned(INDEX_TUPLE_HEADER + sum(width or 0.0 for width in widths)) + LINE_POINTER
    return _pages(index.reltuples, tuple_bytes, world, BTREE_PAGE, BTREE_FILLFACTOR)


def _width(table: RelationName, column: str, world: World) -> float | None:
    found = world.column_statistics(table, column)
    return found.avg_width * (1 - found.null_frac) if found is not None else None


def _pages(rows: float, tuple_bytes: float, world: World, header: int, fill: int) -> float:
    block = world.snapshot.server.block_size
    in_a_page = max((block - header) * fill / 100 / tuple_bytes, 1.0)
    return math.ceil(rows / in_a_page) * float(block)


def _aligned(size: float) -> float:
    """The widths are averages, so nearly every row has another rest to align: half a step is lost on average."""
    return size if size % ALIGNMENT == 0 else size + ALIGNMENT / 2


def fillfactor(options: tuple[str, ...], default: int) -> int:
    """The storage parameter of a table."""
    found = option(options, "fillfactor")
    return int(found) if found is not None and found.isdigit() else default


def option(options: tuple[str, ...], name: str) -> str | None:
    """A storage parameter as written."""
    return next((text.partition("=")[2] for text in options if text.partition("=")[0] == name), None)
