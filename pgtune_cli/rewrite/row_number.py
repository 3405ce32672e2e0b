"""`row_number() … BETWEEN a AND b` around a numbering SELECT: OFFSET and LIMIT in other words."""

from pgtune_cli.rewrite.keyset import Form, Keyset, Refusal, RowNumber, flags
from pgtune_cli.rewrite.keyset_keys import Keys
from pgtune_cli.rewrite.keyset_ties import row_ties
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import Token, squeezed, tokens
from pgtune_cli.sql.shape_types import Block, Predicate, PredicateKind, SelectItem, Span, Table, TableKind


def row_number_pages(source: Source, outer: Block) -> Keyset | Refusal | None:
    """None where the block asks for no range of row numbers."""
    found = _numbered(source, outer)
    if found is None:
        return None
    table, inner, item = found
    bounds = [each for each in outer.predicates if _is_bound(each, table, str(item.name))]
    lower = [each for each in bounds if each.operator in (">", ">=")]
    if not lower:
        return None  # the first rows only: nothing is skipped
    if not _is_bare(item.expression or ""):
        return Refusal("computed_number", "it computes with the row number: a number to go on from cannot be told")
    refusal = _refuse(source, outer, inner, bounds)
    if refusal is not None:
        return refusal
    over = _over(source, item)
    if over is None or inner.partition_by:
        return Refusal("partitioned", "it numbers rows within partitions: the first of each group, not pages")
    call, window = over
    keys = Keys(source, inner)
    written = keys.written(inner.window_order)
    if isinstance(written, Refusal):
        return written
    if not written:
        return Refusal("no_order", "it numbers rows in no order: which rows a page holds is left to chance")
    appended = row_ties(keys, written)
    if isinstance(appended, Refusal):
        return appended
    all_keys = (*written, *appended)
    return Keyset(
        block=inner,
        form=Form.ROW_NUMBER,
        keys=all_keys,
        returned=False,
        notes=flags(all_keys),
        bounds=RowNumber(outer=outer, call=call, window=window, name=str(item.name)),
    )


def _numbered(source: Source, outer: Block) -> tuple[Table, Block, SelectItem] | None:
    """The one subquery of the FROM clause, and its item that numbers the rows."""
    if len(outer.tables) != 1 or outer.tables[0].kind is not TableKind.SUBQUERY:
        return None
    table = outer.tables[0]
    inner = next((block for block in source.shape.blocks if block.index == table.block), None)
    if inner is None or inner.set_operation is not None:
        return None
    items = [
        item for item in inner.select
        if item.window and item.name
        and squeezed(item.expression or "").startswith("row_number()over(")
    ]  # fmt: skip
    return (table, inner, items[0]) if len(items) == 1 else None


def _is_bare(text: str) -> bool:
    """`row_number() OVER (…)`, and nothing behind it."""
    found = tokens(text)
    return Brackets(found).partner.get(4) == len(found) - 1


def _is_bound(predicate: Predicate, table: Table, name: str) -> bool:
    text = (predicate.expression or "").lower()
    return predicate.kind is PredicateKind.RANGE and text in (name, f"{table.alias}.{name}") and predicate.operand.plain


def _refuse(source: Source, outer: Block, inner: Block, bounds: list[Predicate]) -> Refusal | None:
    spans = {predicate.span for predicate in bounds}
    whole = source.clauses(outer)
    upper = [each for each in bounds if each.operator in ("<", "<=")]
    if not upper or any(each.under_or or each.under_not for each in bounds):
        return Refusal("open_range", "its range of row numbers has no upper end: there are no pages")
    if len(outer.predicates) != len(bounds) or outer.joins or len(spans) > 2 or whole is None or whole.where is None:
        return Refusal("filtered_numbers", "it filters by more than the row number, after the rows were numbered")
    if outer.group_by or outer.aggregates or outer.distinct or outer.windows or outer.limit or outer.offset:
        return Refusal("regrouped_numbers", "it groups, limits or numbers again what it took by row number")
    if inner.group_by or inner.distinct or inner.limit or inner.offset or inner.order_by or inner.aggregates:
        return Refusal("numbered_groups", "it numbers groups, distinct rows or a part of the rows")
    text = source.text[slice(*inner.span)].lower() if inner.span else ""
    if text.count(" over") + text.count(")over") > 1:
        return Refusal("other_windows", "it has other window functions, which a condition would change")
    return None


def _over(source: Source, item: SelectItem) -> tuple[Span, Span] | None:
    """The spans of the call and of what is within OVER (…)."""
    if item.span is None:
        return None
    found: list[Token] = [t for t in source.tokens if item.span[0] <= t.start and t.end <= item.span[1]]
    brackets = Brackets(found)
    over = next((at for at, token in enumerate(found) if token.word == "over"), None)
    if over is None or over + 1 >= len(found) or found[over + 1].text != "(":
        return None
    close = brackets.partner.get(over + 1)
    if close is None or close <= over + 2:
        return None
    return (found[0].start, found[close].end), (found[over + 2].start, found[close - 1].end)
