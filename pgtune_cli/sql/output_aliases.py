"""Names that the outermost select list gives its columns, which tell nothing about the work to be done."""

from collections.abc import Sequence

from pgtune_cli.sql.brackets import Brackets, TokenBlock, own_tokens, split_at_commas
from pgtune_cli.sql.keywords import NOT_A_NAME
from pgtune_cli.sql.lex import Token, TokenKind

_LIST_ENDS = frozenset(
    ["from", "where", "group", "having", "order", "limit", "offset", "fetch", "for", "window", "into"]
)
_NOT_AN_ALIAS = NOT_A_NAME | {
    *("precision", "varying", "zone", "year", "month", "day", "hour", "minute", "second", "isnull", "over", "filter"),
    *("within", "array", "overlaps"),
}
_CAN_PRECEDE = frozenset([TokenKind.STRING, TokenKind.NUMBER, TokenKind.PARAMETER, TokenKind.QUOTED])


def output_aliases(found: Sequence[Token], brackets: Brackets, blocks: Sequence[TokenBlock]) -> dict[int, str]:
    """New words by token index: '' for an alias, `#n` where ORDER BY or GROUP BY names the n-th by its alias."""
    block = next((block for block in blocks if block.keyword == "select" and block.depth == 0), None)
    if block is None:
        return {}
    words: dict[int, str] = {}
    numbers: dict[str, int] = {}
    for number, (start, end) in enumerate(_select_items(found, brackets, block), start=1):
        alias = _alias(found, start, end)
        name = found[alias].name if alias is not None else None
        if alias is not None and name is not None:
            words[alias] = ""
            numbers.setdefault(name, number)
    for at in _sort_names(found, brackets):
        name = found[at].name
        if name in numbers:
            words[at] = f"#{numbers[name]}"
    return words


def _select_items(found: Sequence[Token], brackets: Brackets, block: TokenBlock) -> list[tuple[int, int]]:
    start = block.start + 1
    if start < block.end and found[start].word in ("all", "distinct"):
        start += 1
        if found[start : start + 1] and found[start].word == "on":
            start = brackets.partner.get(start + 1, start) + 1
    ends = (
        at
        for at in own_tokens(block, brackets)
        if at > block.start and found[at].word in _LIST_ENDS and found[at - 1].word != "distinct"
    )
    return split_at_commas(found, start, next(ends, block.end))


def _alias(found: Sequence[Token], start: int, end: int) -> int | None:
    """Index of the item's alias: behind AS, or a name behind something that ends an operand."""
    last, before = end - 1, end - 2
    if before < start or found[last].name is None:
        return None
    if found[before].word == "as":
        return last
    if found[last].word in _NOT_AN_ALIAS or found[before].text in (".", "::"):
        return None
    ends_operand = (
        found[before].kind in _CAN_PRECEDE
        or found[before].text in (")", "]")
        or (
            found[before].kind is TokenKind.WORD
            and (found[before].word not in _NOT_AN_ALIAS or found[before].word == "end")
        )
    )
    return last if ends_operand else None


def _sort_names(found: Sequence[Token], brackets: Brackets) -> list[int]:
    """Lone names in the ORDER BY and GROUP BY lists outside of any bracket."""
    places = []
    inside = False
    for at, token in enumerate(found):
        if brackets.depth[at]:
            continue
        if token.word == "by" and at and found[at - 1].word in ("order", "group"):
            inside = True
        elif token.word in ("limit", "offset", "fetch", "for", "having", "window", "union", "order", "select"):
            inside = False
        elif inside and token.name is not None and found[at - 1].text in (",", "by", "BY", "By"):
            following = found[at + 1] if at + 1 < len(found) else None
            if following is None or following.text in (",", ";") or following.kind is TokenKind.WORD:
                places.append(at)
    return places
