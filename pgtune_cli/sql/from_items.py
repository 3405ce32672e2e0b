"""The tables that FROM, JOIN, USING, INTO and UPDATE name, from tokens alone."""

from collections.abc import Iterator, Sequence

import msgspec

from pgtune_cli.sql.brackets import Brackets, TokenBlock, own_tokens
from pgtune_cli.sql.keywords import NOT_A_NAME
from pgtune_cli.sql.lex import Token

_NOT_AN_ALIAS = NOT_A_NAME | {"set", "values", "overriding"}
_ENDS_FROM = frozenset(
    [
        *("where", "group", "having", "order", "limit", "offset", "fetch", "for", "window", "returning", "set", "when"),
        *("values", "select", "default", "overriding"),
    ]
)


class FromItem(msgspec.Struct, frozen=True):
    """`block` is its index among the statement's blocks; token indexes of the name's end and of the alias."""

    block: int
    name: str | None
    """the alias, or the table's own name; None for a subquery without alias."""
    end: int
    """index of the last token before the alias (or before where it would stand)."""
    alias: int | None
    is_table: bool


def from_items(found: Sequence[Token], brackets: Brackets, blocks: Sequence[TokenBlock]) -> list[FromItem]:
    """All items of all blocks, in order of appearance."""
    items = [
        item
        for number, block in enumerate(blocks)
        for at in _item_starts(found, brackets, block)
        for item in _items_at(found, brackets, number, at, block.end)
    ]
    return sorted(items, key=lambda item: item.end)


def _item_starts(found: Sequence[Token], brackets: Brackets, block: TokenBlock) -> Iterator[int]:
    """Indexes right behind the words and commas that announce an item."""
    in_from = False
    for at in own_tokens(block, brackets):
        word = found[at].word
        if _announces(found, at, block.keyword):
            in_from = True
            yield at + 1
        elif in_from and (word == "join" or found[at].text == ","):
            yield at + 1
        elif word in _ENDS_FROM and at > block.start:
            in_from = False


def _announces(found: Sequence[Token], at: int, keyword: str) -> bool:
    word, before = found[at].word, found[at - 1].word if at else ""
    if word == "from":
        return keyword in ("select", "update", "delete") and (before != "distinct" or keyword == "delete")
    if word == "update":
        return keyword == "update" and before not in ("for", "do", "then", "key")
    if word == "using":
        return keyword in ("delete", "merge")
    return word == "into" and keyword in ("insert", "merge")


def _items_at(found: Sequence[Token], brackets: Brackets, block: int, at: int, end: int) -> Iterator[FromItem]:
    while at < end and found[at].word in ("only", "lateral"):
        at += 1
    if at >= end:
        return
    if found[at].text == "(":
        close = brackets.partner.get(at, end)
        if at + 1 < end and _is_joined(found, at + 1):
            yield from _inside_parentheses(found, brackets, block, at, min(close, end))
        yield _with_alias(found, block, None, close, end, is_table=False)
        return
    name, last = _qualified_name(found, at, end)
    if name is None:
        return
    is_table = True
    if last + 1 < end and found[last + 1].text == "(" and found[last + 1].start >= found[last].end:
        is_table = not _is_call(found, last)
        if not is_table:
            last = brackets.partner.get(last + 1, end)
    if last + 1 < end and found[last + 1].text == "*":
        last += 1
    if [token.word for token in found[last + 1 : last + 3]] == ["with", "ordinality"]:
        last += 2
    yield _with_alias(found, block, name, last, end, is_table=is_table)


def _is_joined(found: Sequence[Token], at: int) -> bool:
    """`(a JOIN b …)`, not a subquery."""
    while at < len(found) and found[at].text == "(":
        at += 1
    return at < len(found) and found[at].word not in ("select", "with", "values", "table", "insert", "update", "delete")


def _inside_parentheses(
    found: Sequence[Token], brackets: Brackets, block: int, open_at: int, close: int
) -> Iterator[FromItem]:
    yield from _items_at(found, brackets, block, open_at + 1, close)
    at = open_at + 1
    while at < close:
        if found[at].word == "join" or found[at].text == ",":
            yield from _items_at(found, brackets, block, at + 1, close)
        at = brackets.partner[at] if brackets.partner.get(at, 0) > at else at + 1


def _is_call(found: Sequence[Token], last: int) -> bool:
    """`INSERT INTO t (a, b)` has a column list, everything else with a parenthesis is a function."""
    at = last
    while at >= 2 and found[at - 1].text == ".":
        at -= 2
    return at == 0 or found[at - 1].word != "into"


def _qualified_name(found: Sequence[Token], at: int, end: int) -> tuple[str | None, int]:
    token = found[at]
    if token.name is None or token.word in NOT_A_NAME:
        return None, at
    while at + 2 < end and found[at + 1].text == "." and found[at + 2].name is not None:
        at += 2
    return found[at].name, at


def _with_alias(
    found: Sequence[Token], block: int, name: str | None, last: int, end: int, *, is_table: bool
) -> FromItem:
    at = last + 1
    if at < end and found[at].word == "as":
        at += 1
    if at < end and found[at].name is not None and found[at].word not in _NOT_AN_ALIAS:
        return FromItem(block, found[at].name, last, at, is_table)
    return FromItem(block, name, last, None, is_table)
