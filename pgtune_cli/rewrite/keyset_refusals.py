"""Why the pages of a statement cannot go by key, whatever its keys are."""

from pgtune_cli.model.catalog import RelationKind
from pgtune_cli.rewrite.keyset import Keyset, Refusal
from pgtune_cli.rewrite.keyset_predicate import MAX_NULLABLE
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.shape_types import Block, Role, SortKey, TableKind


def refuse_block(source: Source, block: Block) -> Refusal | None:
    if block.set_operation is not None:
        return Refusal("arm", "one arm of a set operation skips rows, and the pages are of the whole")
    if block.limit is None:
        return Refusal("no_limit", "it has no LIMIT: there are no pages")
    if block.limit.with_ties:
        reason = (
            "FETCH FIRST … WITH TIES pages by ties: a tiebreaker would change it; compare the keys of its ORDER BY, "
            "nothing appended, with those of the last row: no group of ties is ever split"
        )
        return Refusal("with_ties", reason)
    if block.locking:
        return Refusal("locking", "it locks rows (FOR UPDATE): a queue, not pages")
    if not block.order_by:
        return Refusal("no_order", "it has no ORDER BY: which rows a page holds is left to chance")
    if block.correlated and block.role is not Role.OUTERMOST:
        return Refusal("correlated", "it skips rows once for every row of the query around it")
    if any(key.constant for key in block.order_by) and any(item.star for item in block.select):
        return Refusal("star_position", "it orders by a position, and which column of * that is cannot be told")
    return refuse_sets(source, block) or next(filter(None, map(_refuse_sort_key, block.order_by)), None)


def refuse_sets(source: Source, block: Block) -> Refusal | None:
    returning = source.volatility.multiplies(block)
    return Refusal("set_returning", f"{returning}() makes several rows of one") if returning is not None else None


def _refuse_sort_key(key: SortKey) -> Refusal | None:
    if key.constant:
        return Refusal("constant_key", "it orders by a constant or a parameter, which orders nothing")
    if key.using:
        return Refusal("using", "it orders USING an operator")
    return None


def refuse_source(source: Source, block: Block) -> Refusal | None:
    """What it reads, and what it calls."""
    if source.makes_table:
        return Refusal("makes_table", "it makes a table (INTO): no pages")
    if source.shape.writes_in_cte or source.shape.recursive:
        return Refusal("with_writes", "its WITH clause writes or recurses")
    if not block.tables:
        return Refusal("no_table", "it reads no table")
    unknown = [name for one in (block, *source.children(block)) for name in one.functions]
    if unknown and not source.volatility.known:
        return Refusal("unknown_functions", "the snapshot does not say which functions are volatile; take a new one")
    volatile = source.volatile(block)
    if volatile is not None:
        return Refusal("volatile", f"it calls {volatile}(): each page would see other values")
    for table in block.tables:
        if table.kind is TableKind.UNKNOWN:
            return Refusal("unknown_table", f"{table.alias} is not in the catalog")
        relation = source.catalog.relation(table.relation) if table.relation is not None else None
        if relation is not None and relation.kind is RelationKind.FOREIGN:
            return Refusal("foreign_table", f"{relation.name} is a foreign table: its order is another server's")
    if block.unresolved and all(table.kind is TableKind.RELATION for table in block.tables):
        return Refusal("unresolved", f"column {block.unresolved[0]} could not be found in the catalog")
    return None


def refuse_set(source: Source) -> Refusal | None:
    shape = source.shape
    if shape.set_limit is None:
        return Refusal("no_limit", "it has no LIMIT: there are no pages")
    if not shape.set_order_by:
        return Refusal("no_order", "it has no ORDER BY: which rows a page holds is left to chance")
    if not stacked(source) and any(operation.endswith(" all") for operation in shape.set_operations):
        return Refusal("union_all", "UNION ALL may return a row twice: no column tells the copies apart")
    return None


def refuse_keys(keyset: Keyset) -> Refusal | None:
    nullable = [key.name for key in keyset.keys if key.nullable]
    if len(nullable) > MAX_NULLABLE:
        return Refusal(
            "many_nullable", f"{', '.join(nullable)} may be NULL: that takes {2 ** len(nullable)} statements a page"
        )
    return None


def stacked(source: Source) -> bool:
    return all(operation == "union all" for operation in source.shape.set_operations)
