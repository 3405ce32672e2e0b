"""NOT IN (SELECT …) becomes NOT EXISTS, which a join can answer: the same only where no side can be NULL."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal, add_condition, subquery_open
from pgtune_cli.rewrite.source import Source, column_sql
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.shape_types import Block, Predicate, PredicateKind

KIND = "not_in_to_not_exists"


def not_in(source: Source) -> Iterator[Found]:
    """For every NOT IN and <> ALL over a subquery."""
    for block in source.shape.blocks:
        seen = set()
        for predicate in block.predicates:
            index = predicate.operand.subquery
            if predicate.kind is PredicateKind.NOT_IN and index is not None and index not in seen:
                seen.add(index)
                inner = next((each for each in source.shape.blocks if each.index == index), None)
                if inner is not None:
                    yield _rewrite(source, block, predicate, inner)


def _rewrite(source: Source, block: Block, predicate: Predicate, inner: Block) -> Found:
    refusal = _refuse(source, block, predicate, inner)
    if refusal is not None:
        return refusal
    assert predicate.column is not None
    item = inner.select[0]
    assert item.column is not None
    span = _span(source, inner)
    added = add_condition(source, inner, f"{column_sql(predicate.column)} = {column_sql(item.column)}")
    if span is None or added is None:
        return Refusal("unreadable", "its text has a form that cannot be edited safely")
    return Proposal(
        edits=(Edit(*span, "NOT EXISTS "), *added),
        conditions=(f"{predicate.column.column} and {item.column.column} are never NULL there",),
    )


def _refuse(source: Source, block: Block, predicate: Predicate, inner: Block) -> Refusal | None:
    if predicate.row_position is not None:
        return Refusal("rows", "it compares rows: which of their parts may be NULL decides")
    if predicate.column is None or predicate.cast is not None or predicate.column.derived or predicate.column.outer:
        return Refusal("expression", "its left side is not a plain column of a table beside it")
    if inner.set_operation or inner.group_by or inner.aggregates or inner.having or inner.windows:
        return Refusal("grouped", "its subquery groups, numbers or unites rows")
    if inner.limit or inner.offset or inner.distinct_on or inner.locking:
        return Refusal("limited", "its subquery takes a part of the rows only")
    item = inner.select[0] if len(inner.select) == 1 else None
    if item is None or item.column is None or item.column.derived or item.column.outer:
        return Refusal("inner_expression", "its subquery does not return a plain column of its own")
    if source.volatile(inner) is not None or inner.unresolved or block.unresolved:
        return Refusal("volatile", f"its subquery calls {source.volatile(inner) or 'what is not known'}")
    if predicate.column.alias in {table.alias for table in inner.tables}:
        return Refusal("same_alias", f"{predicate.column.alias} has another meaning within the subquery")
    for where, column in ((block, predicate.column), (inner, item.column)):
        if not source.not_null(where, column):
            return Refusal("nullable", f"{column.column} may be NULL: NOT IN then returns nothing, NOT EXISTS does")
    one, other = source.column(predicate.column), source.column(item.column)
    if one is None or other is None or one.type != other.type:
        return Refusal("types", "its two sides are of different types")
    return None


def _span(source: Source, inner: Block) -> tuple[int, int] | None:
    """From the left side to the parenthesis: `x NOT IN (`, `NOT x IN (`, `x <> ALL (`."""
    at = subquery_open(source, inner)
    found = source.tokens
    if at is None or at < 3:
        return None
    words = [token.word or token.text for token in found[at - 2 : at]]
    if words == ["not", "in"] or (words[1] == "all" and words[0] in ("<>", "!=")):
        start = _name_start(source, at - 3)
        negated = start is not None and start > 0 and found[start - 1].word == "not"
        return None if start is None or negated else (found[start].start, found[at].start)
    if words[1] == "in":
        start = _name_start(source, at - 2)
        if start is not None and start > 0 and found[start - 1].word == "not":
            return found[start - 1].start, found[at].start
    return None


def _name_start(source: Source, last: int) -> int | None:
    found = source.tokens
    if last < 0 or found[last].name is None:
        return None
    while last >= 2 and found[last - 1].text == "." and found[last - 2].name is not None:
        last -= 2
    return last
