"""A WITH query that is computed whole before it is filtered becomes one that the planner may see through."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.shape_types import Block, Role, TableKind

KIND = "cte_to_inline"


def inline_cte(source: Source) -> Iterator[Found]:
    """For every WITH query that is MATERIALIZED by its text, or because it is used more than once."""
    found = source.tokens
    for block in source.shape.blocks:
        if block.role is not Role.CTE or block.span is None or block.name is None:
            continue
        at = next((n for n, token in enumerate(found) if token.start >= block.span[0]), None)
        if at is None or at < 2 or found[at - 1].text != "(":
            continue
        word = found[at - 2]
        written = word.word == "materialized"
        if written and found[at - 3].word == "not":
            continue
        uses = sum(
            table.kind is TableKind.CTE and table.block == block.index
            for other in source.shape.blocks for table in other.tables
        )  # fmt: skip
        if written or uses > 1:
            yield _rewrite(source, block, uses, word.start if written else word.end, word.end, written=written)


def _rewrite(source: Source, block: Block, uses: int, start: int, end: int, *, written: bool) -> Found:
    within = (block, *source.children(block))
    if source.shape.recursive:
        return Refusal("recursive", "its WITH is recursive")
    if source.shape.writes_in_cte:
        return Refusal("writes", "its WITH writes")
    if not uses:
        return Refusal("unused", f"{block.name} is not used: it can go")
    if any(one.locking for one in within):
        return Refusal("locking", f"{block.name} locks rows")
    volatile = source.volatile(block)
    if volatile is not None:
        return Refusal("volatile", f"{block.name} calls {volatile}(): each use would see other values")
    if not source.volatility.known and any(one.functions for one in within):
        return Refusal("unknown_functions", "the snapshot does not say which functions are volatile")
    if any(one.limit is not None and not one.order_by for one in within):
        return Refusal("limit_without_order", f"{block.name} takes rows in no order: each use may take others")
    replacement = ("" if uses == 1 else "NOT MATERIALIZED") if written else " NOT MATERIALIZED"
    if written and uses == 1:
        # the space behind the word goes with it
        end += len(source.text[end:]) - len(source.text[end:].lstrip(" "))
    return Proposal(
        edits=(Edit(start, end, replacement),),
        conditions=(f"{block.name} is computed for each of its {uses} uses" if uses > 1 else "it is used once",),
    )
