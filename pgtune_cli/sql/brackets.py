"""Which bracket closes which, and the SELECT, UPDATE, … blocks of a statement, from tokens alone."""

from collections.abc import Iterator, Sequence

import msgspec

from pgtune_cli.sql.lex import Token

_OPEN = {"(": ")", "[": "]"}
_STARTS = frozenset(["select", "insert", "update", "delete", "merge", "values", "table"])
SET_OPERATIONS = frozenset(["union", "intersect", "except"])


class Brackets:
    """Depth of every token, and the partner of every bracket; an unmatched one has no partner."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.depth: list[int] = []
        self.partner: dict[int, int] = {}
        stack: list[int] = []
        for at, token in enumerate(found):
            if token.text in (")", "]") and stack and _OPEN[found[stack[-1]].text] == token.text:
                start = stack.pop()
                self.partner[start], self.partner[at] = at, start
            self.depth.append(len(stack))
            if token.text in _OPEN:
                stack.append(at)
        self.balanced = not stack and not any(
            token.text in (")", "]") and at not in self.partner for at, token in enumerate(found)
        )


class TokenBlock(msgspec.Struct, frozen=True):
    """Tokens [start, end) of one SELECT, UPDATE, …; its own tokens are those at `depth`."""

    keyword: str
    start: int
    end: int
    depth: int


def token_blocks(found: Sequence[Token], brackets: Brackets) -> list[TokenBlock]:
    """Every block, enclosing ones first."""
    return [
        TokenBlock(token.word, at, _block_end(found, brackets, at), brackets.depth[at])
        for at, token in enumerate(found)
        if token.word in _STARTS and _can_start(found, at)
    ]


def _can_start(found: Sequence[Token], at: int) -> bool:
    """Not `FOR UPDATE`, `ON CONFLICT DO UPDATE`, a column named values, INSERT … VALUES, `THEN DELETE`."""
    before = found[at - 1] if at else None
    if before is None or before.text in ("(", ")", ";"):
        return found[at].word != "values" or before is None or before.text != ")"
    if found[at].word == "select":
        return before.text != "."
    return before.word in (*SET_OPERATIONS, "all", "as")


def _block_end(found: Sequence[Token], brackets: Brackets, start: int) -> int:
    depth = brackets.depth[start]
    for at in range(start + 1, len(found)):
        if brackets.depth[at] < depth:
            return at
        if brackets.depth[at] == depth and (found[at].word in SET_OPERATIONS or found[at].text == ";"):
            return at
    return len(found)


def own_tokens(block: TokenBlock, brackets: Brackets) -> Iterator[int]:
    """Indexes of the block's tokens outside of brackets; an opening bracket counts as outside."""
    at = block.start
    while at < block.end:
        if brackets.depth[at] == block.depth:
            yield at
        at = brackets.partner[at] if at in brackets.partner and brackets.partner[at] > at else at + 1


def split_at_commas(found: Sequence[Token], start: int, end: int) -> list[tuple[int, int]]:
    """[start, end) divided at the commas outside of brackets; empty for an empty range."""
    parts, depth, begin = [], 0, start
    for at in range(start, end):
        text = found[at].text
        depth += (text in _OPEN) - (text in (")", "]"))
        if text == "," and depth == 0:
            parts.append((begin, at))
            begin = at + 1
    return [*parts, (begin, end)] if end > start else []
