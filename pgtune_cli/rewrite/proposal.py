"""What a rewriter of one place says: edits of the text with their conditions, or a refusal."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.comments import keep_comments
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import Token
from pgtune_cli.sql.shape_types import Block, Span


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Edits that leave the result as it is, under conditions that the catalog met."""

    edits: tuple[Edit, ...]
    conditions: tuple[str, ...] = ()
    possible: str | None = None
    """why it is a suggestion only: what decides it is hidden."""
    parameters: bool = True
    """the parameters stay those of the original."""
    cheaper: bool = True
    """it must be cheaper for the planner; else it saves calls or texts, not work within one call."""
    values: bool = False
    """it holds for the values of a domain only, so comparing rows cannot prove it."""
    added: tuple[tuple[int, str, str], ...] = ()
    """(number, type, source) of parameters that come instead."""

    def applied(self, text: str) -> str:
        """The text with the edits made, and every comment that stood where they are."""
        return apply_edits(text, keep_comments(text, self.edits))


Found = Proposal | Refusal


def subquery_open(source: Source, block: Block) -> int | None:
    """The index, among the statement's tokens, of the parenthesis in front of a subquery."""
    if block.span is None:
        return None
    at = next((at for at, token in enumerate(source.tokens) if token.start >= block.span[0]), None)
    return at - 1 if at and source.tokens[at - 1].text == "(" else None


def closing(source: Source, open_at: int) -> int | None:
    """The index of the parenthesis that closes it."""
    found = Brackets(source.tokens).partner.get(open_at)
    return found if found is not None and found > open_at else None


def add_condition(source: Source, block: Block, condition: str) -> tuple[Edit, ...] | None:
    """`condition` ANDed to the WHERE of a block, which may have none yet."""
    spans = source.clauses(block)
    if spans is None or spans.from_ is None:
        return None
    if spans.where is None:
        return (Edit(spans.from_[1], spans.from_[1], f" WHERE {condition}"),)
    where = spans.where
    first = next(token for token in source.tokens if token.start > where[0])
    end = where[1]
    return Edit(first.start, first.start, "("), Edit(end, end, f") AND {condition}")


def tokens_in(source: Source, span: Span) -> list[Token]:
    return [token for token in source.tokens if span[0] <= token.start and token.end <= span[1]]


def plain_block(block: Block) -> bool:
    """It neither groups, numbers, limits nor locks its rows, and is no arm of a set operation."""
    return not (
        block.group_by or block.aggregates or block.having or block.windows or block.limit or block.offset
        or block.distinct_on or block.set_operation or block.locking or block.grouping_sets
    )  # fmt: skip


def names_in(source: Source, span: Span) -> Iterator[tuple[str, str | None]]:
    """(name, qualifier) of every identifier in a span."""
    found = tokens_in(source, span)
    for at, token in enumerate(found):
        if token.name is None or (at + 1 < len(found) and found[at + 1].text == "."):
            continue
        qualifier = found[at - 2].name if at > 1 and found[at - 1].text == "." else None
        yield token.name, qualifier
