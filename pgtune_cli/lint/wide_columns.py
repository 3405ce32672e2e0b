"""Wide columns that a `*` drags along."""

import msgspec

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Column, Relation, RelationName
from pgtune_cli.sql.shape import Block, Shape, TableKind

TOASTABLE = {"x", "e"}
WIDE_BYTES = 100
POINTER_BYTES = 18
"""what ANALYZE counts for a value that lies in TOAST."""
NARROW_TYPES = ("character varying(", "character(", "numeric", "public.citext", "inet", "cidr")
"""types that may be TOASTed but hardly ever are."""


class WideStar(msgspec.Struct, frozen=True):
    columns: tuple[str, ...] | None
    bytes: float | None
    """average width of these columns together, TOAST included; None when nothing is known of it."""


def wide_star(shape: Shape | None, world: World) -> WideStar:
    """The wide columns under the outermost `*`; none when every column is named."""
    if shape is None:
        return WideStar(None, None)
    block = shape.outermost
    tables = _starred(block) if block is not None else []
    columns: list[str] = []
    widths: list[float] = []
    for table in tables:
        relation = world.relations.get(table)
        wide = [column for column in relation.columns if _is_wide(relation, column, world)] if relation else []
        width = _width(table, wide, world)
        if wide:
            columns += [column.name for column in wide]
            widths += [width] if width is not None else []
    return WideStar(tuple(columns), sum(widths) if widths or not columns else None)


def toasted_bytes(shape: Shape | None, world: World) -> float:
    """What a row of the result brings from TOAST: planned widths count the pointers alone."""
    block = shape.outermost if shape is not None else None
    if block is None:
        return 0.0
    starred = set(_starred(block))
    selected = {(item.column.relation, item.column.column) for item in block.select if item.column is not None}
    total = 0.0
    for table in {*starred, *(relation for relation, _ in selected)}:
        relation = world.relations.get(table)
        wide = [column.name for column in relation.columns if _is_wide(relation, column, world)] if relation else []
        shown = [name for name in wide if table in starred or (table, name) in selected]
        if relation is not None and wide:
            total += _toast_per_row(relation, world) * len(shown) / len(wide)
    return total


def may_be_wide(column: Column) -> bool:
    """Whether PostgreSQL may move its values out of the row, and it is a type that tends to be long."""
    return column.storage in TOASTABLE and not column.type.startswith(NARROW_TYPES)


def _is_wide(relation: Relation, column: Column, world: World) -> bool:
    """By its statistics; where the table has much in TOAST, a column of pointers counts."""
    statistics = world.column_statistics(relation.relation_name, column.name)
    if statistics is None or not may_be_wide(column):
        return False
    outside = _toast_per_row(relation, world) >= WIDE_BYTES
    return statistics.avg_width >= (POINTER_BYTES if outside else WIDE_BYTES)


def _toast_per_row(relation: Relation, world: World) -> float:
    rows = world.rows(relation.relation_name)
    return relation.toast_bytes / rows if relation.toast_bytes and rows else 0.0


def _starred(block: Block) -> list[RelationName]:
    stars = [item for item in block.select if item.star]
    if any(item.star_of is None for item in stars):
        chosen = list(block.tables)
    else:
        chosen = [table for item in stars if (table := block.table(item.star_of or "")) is not None]
    return [table.relation for table in chosen if table.kind is TableKind.RELATION and table.relation is not None]


def _width(table: RelationName, columns: list[Column], world: World) -> float | None:
    """ANALYZE counts a TOASTed value as the 18 bytes of its pointer, so what lies in TOAST is added."""
    inside = [statistics.avg_width for column in columns
              if (statistics := world.column_statistics(table, column.name)) is not None]  # fmt: skip
    relation = world.relations.get(table)
    outside = _toast_per_row(relation, world) if relation is not None else 0.0
    return sum(inside) + outside if inside or outside else None
