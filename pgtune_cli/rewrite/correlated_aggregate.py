"""An aggregate that is computed for each row becomes one grouped subquery, joined."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal, closing, subquery_open, tokens_in
from pgtune_cli.rewrite.source import Source, column_sql
from pgtune_cli.sql.condition_spans import conjuncts
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.free_name import free_name
from pgtune_cli.sql.lex import squeezed
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Block, JoinPair, Role, StatementKind, TableKind

KIND = "correlated_aggregate_to_join"
EXACT = ("count", "sum", "min", "max", "bool_and", "bool_or", "every", "avg")


def correlated_aggregate(source: Source) -> Iterator[Found]:
    """For every `(SELECT agg(…) FROM b WHERE b.x = a.y)` in the outermost select list."""
    outer = source.shape.outermost
    if outer is None or source.shape.kind is not StatementKind.SELECT or source.shape.set_operations:
        return
    for block in source.shape.blocks:
        in_list = block.span is not None and any(
            item.span is not None and item.span[0] <= block.span[0] < item.span[1] for item in outer.select
        )
        scalar = block.role is Role.SCALAR and block.correlated and block.parent == outer.index
        if scalar and block.aggregates_only and in_list:
            yield _rewrite(source, outer, block)


def _rewrite(source: Source, outer: Block, block: Block) -> Found:
    pairs = [pair for pair in block.joins if pair.correlated]
    refusal = _refuse(source, outer, block, pairs)
    if refusal is not None:
        return refusal
    inner, foreign = (pairs[0].left, pairs[0].right) if pairs[0].right.outer else (pairs[0].right, pairs[0].left)
    one, other = source.column(inner), source.column(foreign)
    if one is None or other is None or one.type != other.type or one.collation != other.collation:
        return Refusal("types", "the two sides of its correlation are of different types")
    return _edits(source, outer, block, pairs[0], column_sql(inner), column_sql(foreign))


def _refuse(source: Source, outer: Block, block: Block, pairs: list[JoinPair]) -> Refusal | None:
    if len(block.select) != 1 or len(block.aggregates) != 1 or block.having or block.limit or block.offset:
        return Refusal("more_than_one", "it is more than one aggregate over plain rows")
    aggregate = block.aggregates[0]
    if aggregate.name not in EXACT or aggregate.distinct or block.select[0].aggregate != aggregate.name:
        return Refusal("aggregate", f"{aggregate.name} depends on the order of its rows, or on more than one column")
    text = squeezed(block.select[0].expression or "")
    if "filter(" in text or "orderby" in text:
        return Refusal("aggregate", "its aggregate has a FILTER or an ORDER BY")
    if not aggregate.star and aggregate.column is None:
        return Refusal("expression", "it aggregates an expression")
    kind = source.column(aggregate.column) if aggregate.column is not None else None
    if kind is not None and kind.type in ("real", "double precision") and aggregate.name in ("sum", "avg"):
        return Refusal("float", "sums of floating-point numbers depend on the order of the rows")
    if len(block.tables) != 1 or block.tables[0].kind is not TableKind.RELATION:
        return Refusal("tables", "it reads more than one table")
    foreign = [p for p in block.predicates if any(c.outer for c in (*p.columns, *p.operand.columns))]
    # (b.x, b.n) = (a.y, 3) is more than its pair
    spans = [*(one.span for one in block.predicates), *(one.span for one in block.joins)]
    beside = [span for span in spans if pairs and span == pairs[0].span]
    if len(pairs) != 1 or foreign or pairs[0].under_or or pairs[0].span is None or len(beside) != 1:
        return Refusal("correlation", "it is correlated by more than one equality")
    if outer.group_by or outer.aggregates or outer.distinct or outer.windows or outer.locking:
        return Refusal("outer_groups", "the query around it groups, numbers or locks its rows")
    if any(item.star and item.star_of is None for item in outer.select):
        return Refusal("star", "the query around it returns *, which a join would add to")
    if not source.reads_only_tables(outer) or any(table.join == "from" for table in outer.tables[1:]):
        return Refusal("comma", "the query around it lists tables with commas, or reads no plain tables")
    if any(b.parent == block.index for b in source.shape.blocks) or source.volatile(block) is not None:
        return Refusal("volatile", "it holds a subquery or a volatile function")
    if block.unresolved:
        return Refusal("unresolved", f"column {block.unresolved[0]} could not be found in the catalog")
    return None


def _edits(source: Source, outer: Block, block: Block, pair: JoinPair, inner: str, foreign: str) -> Found:
    spans, own = source.clauses(outer), source.clauses(block)
    open_at = subquery_open(source, block)
    close_at = closing(source, open_at) if open_at is not None else None
    unreadable = Refusal("unreadable", "its text has a form that cannot be edited safely")
    if spans is None or own is None or own.from_ is None or own.where is None or spans.from_ is None:
        return unreadable
    if open_at is None or close_at is None or own.select_list is None or pair.span is None:
        return unreadable
    if source.tokens[open_at - 1].word in ("array", "any", "all", "some"):
        return unreadable  # no scalar
    parts = conjuncts(source.text, (tokens_in(source, own.where)[1].start, own.where[1]))
    others = [source.text[slice(*part)] for part in parts if part != pair.span]
    if len(others) != len(parts) - 1:
        return unreadable
    taken = {token.name or "" for token in source.tokens} | {
        column for table in outer.tables for column in source.uniqueness.columns(table)
    }
    name = quote_identifier(free_name(f"{block.aggregates[0].name}_of_{block.tables[0].alias}", "", taken))
    key, total = (free_name(each, "", taken) for each in ("key", "value"))
    item = next(i for i in outer.select if i.span and i.span[0] <= source.tokens[open_at].start < i.span[1])
    whole = item.span == (source.tokens[open_at].start, source.tokens[close_at].end)
    alias = f" AS {block.aggregates[0].name}" if whole else ""
    value = f"coalesce({name}.{total}, 0)" if block.aggregates[0].name == "count" else f"{name}.{total}"
    where = f" WHERE {' AND '.join(f'({text})' for text in others)}" if others else ""
    grouped = (
        f"SELECT {inner} AS {key}, {source.text[slice(*own.select_list)]} AS {total} {source.text[slice(*own.from_)]}"
        f"{where} GROUP BY {inner}"
    )
    joined = f" LEFT JOIN ({grouped}) AS {name} ON {name}.{key} = {foreign}"
    return Proposal(
        edits=(
            Edit(source.tokens[open_at].start, source.tokens[close_at].end, value + alias),
            Edit(spans.from_[1], spans.from_[1], joined),
        ),
        conditions=("one group at most meets each row, as the key of the join is the key of the groups",),
    )
