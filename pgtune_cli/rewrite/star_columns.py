"""`SELECT *` in a subquery or a WITH query becomes the columns that the levels around it use."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Block, Role, StatementKind

KIND = "star_to_columns"


def star_columns(source: Source) -> Iterator[Found]:
    """For every `*` that is not the result of the statement itself."""
    if source.shape.kind is not StatementKind.SELECT:
        return
    for block in source.shape.blocks:
        stars = [item for item in block.select if item.star]
        if stars and block.role in (Role.CTE, Role.DERIVED):
            yield _rewrite(source, block)


def _rewrite(source: Source, block: Block) -> Found:
    readers = [(other, table) for other in source.shape.blocks for table in other.tables if table.block == block.index]
    refusal = _refuse(source, block, readers)
    if refusal is not None:
        return refusal
    item = block.select[0]
    table = block.tables[0]
    assert block.span is not None
    assert item.span is not None
    # a name anywhere outside counts as used, so no more than needed is ever left out
    outside = {
        token.name
        for token in source.tokens
        if token.name is not None and not block.span[0] <= token.start < block.span[1]
    }
    names = source.uniqueness.columns(table)
    used = [name for name in names if name in outside]
    if not used:
        return Refusal("no_column", "no column of it is used by name")
    if len(used) == len(names):
        return Refusal("all_columns", "all its columns are used")
    columns = ", ".join(f"{quote_identifier(table.alias)}.{quote_identifier(name)}" for name in used)
    left_out = len(names) - len(used)
    return Proposal(
        edits=(Edit(*item.span, columns),),
        conditions=(f"{left_out} of its {len(names)} columns are used nowhere",),
        cheaper=block.role is not Role.DERIVED,
    )


def _refuse(source: Source, block: Block, readers: list) -> Refusal | None:  # type: ignore[type-arg]
    if len(block.select) != 1 or len(block.tables) != 1 or block.tables[0].relation is None:
        return Refusal("more_than_a_star", "it selects more than the * of one table")
    if block.distinct or block.set_operation or block.select[0].span is None or block.span is None:
        return Refusal("distinct", "its * decides which rows are alike")
    if not readers:
        return Refusal("unused", "nothing reads it")
    if any(p.join is not None and p.span is None for other, _ in readers for p in other.joins) or any(
        other.natural_join for other, _ in readers
    ):
        return Refusal("natural", "it is joined by USING or NATURAL, which look at its names")
    if any(key.constant for key in block.order_by):
        return Refusal("position", "it orders by a position within its *")
    for other, table in readers:
        if table.columns is not None and set(table.columns) != set(source.uniqueness.columns(block.tables[0])):
            return Refusal("renamed", "its columns are renamed around it")
        if any(item.star and item.star_of in (None, table.alias) for item in other.select):
            return Refusal("passed_on", "another * around it passes all its columns on")
        if _whole_row(source, table.alias, block.name):
            return Refusal("whole_row", "its rows are used as a whole")
    return None


def _whole_row(source: Source, alias: str, name: str | None) -> bool:
    """The alias by itself, where it is not introduced: `row_to_json(s)`."""
    found = source.tokens
    uses = 0
    for at, token in enumerate(found):
        before = found[at - 1] if at else None
        after = found[at + 1].text if at + 1 < len(found) else ""
        if token.name != alias or before is None:
            continue
        if after == ".":
            uses += found[at + 2].text == "*"  # count(s.*)
            continue
        introduced = (
            before.text == ")" or before.name == name or before.word in ("as", "from", "join", "with", "recursive", ",")
        )
        declared = after == "as" or (at + 1 < len(found) and found[at + 1].word == "as")
        uses += not (introduced or declared)
    return uses > 0
