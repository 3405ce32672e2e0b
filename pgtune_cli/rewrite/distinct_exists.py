"""DISTINCT over a join that only asks whether there is a partner becomes EXISTS: no row doubled, none removed."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal, names_in, tokens_in
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.condition_spans import conjuncts
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.shape_types import Block, Span, Table

KIND = "distinct_join_to_exists"


def distinct_exists(source: Source) -> Iterator[Found]:
    """For every SELECT DISTINCT over a join of which one side is not returned."""
    for block in source.shape.blocks:
        if block.distinct and not block.distinct_on and len(block.tables) > 1:
            found = _rewrite(source, block)
            if found is not None:
                yield found


def _rewrite(source: Source, block: Block) -> Found | None:
    used = {column.alias for item in block.select for column in item.columns or ((item.column,) if item.column else ())}
    used |= {column.alias for key in block.order_by for column in key.columns}
    if any(item.star and item.star_of is None for item in block.select):
        return None
    used |= {item.star_of for item in block.select if item.star_of}
    if len(block.tables) != 2:
        return Refusal("several_tables", "it joins more than two tables")
    kept, joined = block.tables
    if _names(source, block, joined):
        used.add(joined.alias)  # in a subquery, or as a whole row
    if joined.alias in used:
        return None if used == {joined.alias, kept.alias} else Refusal("first_unused", "it returns the joined side")
    refusal = _refuse(source, block, kept, joined)
    if refusal is not None:
        return refusal
    return _edits(source, block, joined)


def _names(source: Source, block: Block, joined: Table) -> bool:
    """The joined table is named in what is returned."""
    spans = source.clauses(block)
    own = {joined.alias, *source.uniqueness.columns(joined)}
    kept = {
        column.column for item in block.select for column in item.columns or ((item.column,) if item.column else ())
    }
    return spans is not None and spans.select_list is not None and any(
        joined.alias in (name, qualifier) or (qualifier is None and name in own - kept)
        for name, qualifier in names_in(source, spans.select_list)
    )  # fmt: skip


def _refuse(source: Source, block: Block, kept: Table, joined: Table) -> Refusal | None:
    if not source.reads_only_tables(block):
        return Refusal("no_tables", "it joins a subquery, a function or an unknown table")
    if joined.join != "inner" or block.natural_join or any(p.join is not None and p.span is None for p in block.joins):
        return Refusal("join_kind", "it is not joined by INNER JOIN … ON")
    if block.group_by or block.aggregates or block.windows or block.having or block.set_operation or block.locking:
        return Refusal("grouped", "it groups, numbers or unites rows")
    if source.volatile(block) is not None:
        return Refusal("volatile", f"it calls {source.volatile(block)}()")
    if (returning := source.volatility.multiplies(block)) is not None:
        return Refusal("set_returning", f"{returning}() makes several rows of one, and DISTINCT one of them")
    selected = {(item.column.alias, item.column.column) for item in block.select if item.column is not None}
    star = any(item.star for item in block.select)
    keys = source.uniqueness.keys_of(kept)
    if not keys or not (star or any(all((kept.alias, name) in selected for name in key) for key in keys)):
        return Refusal("no_key", f"it does not return a unique key of {kept.alias}: DISTINCT removes more than copies")
    if block.unresolved:
        return Refusal("unresolved", f"column {block.unresolved[0]} could not be found in the catalog")
    return None


def _edits(source: Source, block: Block, joined: Table) -> Found:
    spans = source.clauses(block)
    assert spans is not None
    if spans.from_ is None or spans.distinct is None or spans.select_list is None or joined.span is None:
        return Refusal("unreadable", "its text has a form that cannot be edited safely")
    found = tokens_in(source, spans.from_)
    on = next((token for token in found if token.word == "on" and token.start > joined.span[1]), None)
    before = [token for token in found if token.end <= joined.span[0]]
    if on is None or not before or before[-1].word != "join":
        return Refusal("unreadable", "its text has a form that cannot be edited safely")
    start = before[-2].start if before[-2].word in ("inner", "cross") else before[-1].start
    table = source.text[joined.span[0] : on.start].rstrip()
    condition = source.text[on.end : spans.from_[1]].strip()
    body = (tokens_in(source, spans.where)[1].start, spans.where[1]) if spans.where is not None else None
    parts = conjuncts(source.text, body) if body is not None else []
    moved = [part for part in parts if not _is_others(source, block, part, joined)]
    stays = [source.text[slice(*part)] for part in parts if part not in moved]
    inner = " AND ".join([f"({condition})", *(f"({source.text[slice(*part)]})" for part in moved)])
    exists = f"EXISTS (SELECT 1 FROM {table} WHERE {inner})"
    where = " AND ".join([*(f"({text})" for text in stays), exists])
    cut = len(source.text[:start].rstrip())
    end = spans.where[1] if spans.where is not None else spans.from_[1]
    return Proposal(
        edits=(Edit(spans.distinct[0], spans.select_list[0], ""), Edit(cut, end, f" WHERE {where}")),
        conditions=("a unique key is returned, so no two rows are alike",),
    )


def _is_others(source: Source, block: Block, part: Span, joined: Table) -> bool:
    """The condition is known to be about the other table alone."""
    columns = {
        column.alias
        for predicate in block.predicates
        if predicate.span is not None and part[0] <= predicate.span[0] and predicate.span[1] <= part[1]
        for column in (*predicate.columns, *predicate.operand.columns)
    }
    own = set(source.uniqueness.columns(joined))
    named = any(q == joined.alias or (q is None and name in own) for name, q in names_in(source, part))
    has_query = any(token.word == "select" for token in tokens_in(source, part))
    return bool(columns) and joined.alias not in columns and not named and not has_query
