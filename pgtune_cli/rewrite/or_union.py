"""An OR across tables becomes UNION ALL: each arm can then start from the table that its condition is about."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal, tokens_in
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.condition_spans import conjuncts, disjuncts
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.shape_types import Block, Role, Span

KIND = "or_to_union_all"
MAX_ARMS = 4


def or_union(source: Source) -> Iterator[Found]:
    """For an OR of the outermost WHERE whose sides read different tables."""
    block = source.shape.outermost
    spans = source.whole
    if block is None or len(block.tables) < 2 or spans is None or spans.where is None or block.set_operation:
        return
    body = (tokens_in(source, spans.where)[1].start, spans.where[1])
    for condition in conjuncts(source.text, body):
        arms = disjuncts(source.text, condition)
        read = [_aliases(block, arm) for arm in arms]
        if len(arms) > 1 and len({frozenset(one) for one in read if one}) > 1:
            yield _rewrite(source, block, condition, arms, known=all(read))
            return


def _aliases(block: Block, arm: Span) -> set[str]:
    """The tables that a side of the OR reads; empty where that cannot be told."""
    found: set[str] = set()
    for predicate in block.predicates:
        if predicate.span is not None and arm[0] <= predicate.span[0] and predicate.span[1] <= arm[1]:
            found |= {column.alias for column in (*predicate.columns, *predicate.operand.columns)}
    for pair in block.joins:
        if pair.span is not None and arm[0] <= pair.span[0] and pair.span[1] <= arm[1]:
            found |= {pair.left.alias, pair.right.alias}
    return found


def _rewrite(source: Source, block: Block, condition: Span, arms: list[Span], *, known: bool) -> Found:
    refusal = _refuse(source, block, arms, known=known)
    if refusal is not None:
        return refusal
    spans = source.whole
    assert spans is not None
    tail = _tail(source, block)
    if isinstance(tail, Refusal):
        return tail
    start = spans.body[0]
    end = min(span[0] for span in (spans.order_by, spans.limit, spans.offset, (spans.end, 0)) if span is not None)
    end = len(source.text[:end].rstrip())
    texts = [source.text[slice(*arm)] for arm in arms]
    united = []
    for at, text in enumerate(texts):
        others = "".join(f" AND ({one}) IS NOT TRUE" for one in texts[:at])
        edits = [Edit(*condition, f"({text}){others}")]
        united.append(apply_edits(source.text[:end], edits)[start:])
    return Proposal(
        edits=(Edit(start, spans.end, "\nUNION ALL\n".join(united) + tail),),
        conditions=("a row that meets several sides is returned once, by the first of them",),
    )


def _refuse(source: Source, block: Block, arms: list[Span], *, known: bool) -> Refusal | None:
    if not known or len(arms) > MAX_ARMS:
        return Refusal("unknown_side", "a side of the OR reads tables that cannot be told, or there are too many sides")
    if block.aggregates or block.group_by or block.having:
        return Refusal("grouped", "it aggregates: both arms together would have to be grouped again")
    if block.windows:
        return Refusal("windows", "its window functions look at the rows of both sides")
    if block.distinct or block.distinct_on:
        return Refusal("distinct", "it removes duplicates over the rows of both sides")
    if source.makes_table:
        return Refusal("makes_table", "it makes a table, which two arms cannot both make")
    if block.locking:
        return Refusal("locking", "it locks rows, which UNION ALL cannot")
    if source.volatile(block) is not None:
        return Refusal("volatile", f"it calls {source.volatile(block)}(), which each arm would call again")
    if source.volatility.returns_set(name for name in block.functions) is not None:
        return Refusal("set_returning", "a function in its select list returns sets")
    if any(block_.role is not Role.OUTERMOST and block_.parent == block.index for block_ in source.shape.blocks):
        inside = [b for b in source.shape.blocks if b.span and any(a[0] <= b.span[0] < a[1] for a in arms)]
        if inside:
            return Refusal("subquery", "a side of the OR is a subquery")
    return None


def _tail(source: Source, block: Block) -> str | Refusal:
    """ORDER BY by positions in the select list, then LIMIT and OFFSET as written."""
    spans = source.whole
    assert spans is not None
    if spans.order_by is None:
        if spans.limit is not None or spans.offset is not None:
            return Refusal("limit_without_order", "it limits rows in no order: which ones is left to chance")
        return ""
    outputs = source.outputs(block)
    positions = []
    for key in block.order_by:
        at = next(
            (n for n, (_, column, _) in enumerate(outputs or (), 1) if key.column is not None and column == key.column),
            None,
        )
        if at is None or key.collation:
            return Refusal("order_key", "it orders by what it does not return, which UNION ALL cannot")
        nulls = "" if key.nulls_first == key.descending else f" NULLS {'FIRST' if key.nulls_first else 'LAST'}"
        positions.append(f"{at}{' DESC' if key.descending else ''}{nulls}")
    rest = [source.text[slice(*span)] for span in sorted(filter(None, (spans.limit, spans.offset)))]
    return "\n" + " ".join((f"ORDER BY {', '.join(positions)}", *rest))
