"""From a parsed text to its Shape."""

import msgspec
from sqlglot import exp

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.sql.blocks import Around, Blocks
from pgtune_cli.sql.parse import Parsed
from pgtune_cli.sql.scope import CatalogNames, Scope
from pgtune_cli.sql.select_lists import ListReader
from pgtune_cli.sql.shape_types import Shape, SortKey, StatementKind
from pgtune_cli.sql.walk import all_nodes, is_query, unwrap_query
from pgtune_cli.sql.writes import Write, Writes

_KINDS: dict[type[exp.Expr], StatementKind] = {
    exp.Insert: StatementKind.INSERT,
    exp.Update: StatementKind.UPDATE,
    exp.Delete: StatementKind.DELETE,
    exp.Merge: StatementKind.MERGE,
}
_names: tuple[Catalog, tuple[str, ...], CatalogNames] | None = None


def build_shape(parsed: Parsed, catalog: Catalog, search_path: tuple[str, ...]) -> Shape | None:
    """The shape of a SELECT, INSERT, UPDATE, DELETE or MERGE; None for anything else."""
    tree = parsed.tree
    kind = StatementKind.SELECT if is_query(tree) else _KINDS.get(type(tree))
    if kind is None:
        return None
    blocks = Blocks(parsed, _catalog_names(catalog, search_path))
    write: Write | None = None
    if kind is StatementKind.SELECT:
        blocks.query(tree, Around())
    else:
        write = Writes(blocks).build(tree, Around())
    writes_in_cte = bool(blocks.writes)
    while blocks.writes:
        node, around = blocks.writes.pop(0)
        if type(node) in _KINDS:
            Writes(blocks).build(node, around)
    found = Shape(
        kind=kind,
        blocks=tuple(block for block in blocks.built if block is not None),
        target=write.target if write is not None else None,
        assigned=write.assigned if write is not None else (),
        conflict_columns=write.conflict_columns if write is not None else (),
        returning=write is not None and write.returning,
        writes_in_cte=writes_in_cte,
        parameters=blocks.uses.with_cut_off(tree, parsed.text) if parsed.lists_cut else blocks.uses.all(tree),
        count_checks=tuple(dict.fromkeys(blocks.count_checks)),
        set_operations=tuple(blocks.set_operations),
        recursive=any(isinstance(node, exp.With) and node.args.get("recursive") for node in all_nodes(tree)),
    )
    whole = unwrap_query(tree)
    return _with_tail(found, whole, blocks, parsed) if isinstance(whole, exp.SetOperation) else found


def _with_tail(found: Shape, tree: exp.SetOperation, blocks: Blocks, parsed: Parsed) -> Shape:
    """ORDER BY, LIMIT and OFFSET behind an outermost set operation."""
    limit, offset = blocks.limits(tree)
    order = tree.args.get("order")
    keys: tuple[SortKey, ...] = ()
    if order is not None:
        first = unwrap_query(tree)
        while isinstance(first, exp.SetOperation):
            first = unwrap_query(first.this)
        keys = ListReader(parsed, Scope(None)).sort_keys(order.expressions, first.expressions, found.blocks[0].select)
    return msgspec.structs.replace(found, set_order_by=keys, set_limit=limit, set_offset=offset)


def _catalog_names(catalog: Catalog, search_path: tuple[str, ...]) -> CatalogNames:
    """Made once for a run of statements over one catalog."""
    global _names
    if _names is None or _names[0] is not catalog or _names[1] != search_path:
        _names = (catalog, search_path, CatalogNames(catalog, search_path))
    return _names[2]
