"""Text to syntax tree. sqlglot stands behind it and is imported on first use: `pgtune --help` must not wait for it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from pgtune_cli.sql.brackets import SET_OPERATIONS, Brackets
from pgtune_cli.sql.edits import Edit, Offsets, apply_edits
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex, significant
from pgtune_cli.sql.literals import CONSTANT_KINDS
from pgtune_cli.sql.repair import lexical_edits

if TYPE_CHECKING:
    from sqlglot import exp

MAX_TOKENS = 40_000
"""a text that is longer after its lists are cut is not parsed: sqlglot reads about 50,000 tokens a second."""
MAX_LIST = 200
"""constants of one list that the parser gets to see."""
_STACK = 8_000
_LIST_TEXTS = frozenset([",", "(", ")", "-", "+", "::", "[", "]"])
_LIST_WORDS = frozenset(["null", "true", "false", "default", "array", "row"])


class Parsed:
    """A syntax tree and the text it was made from. `tree` is a sqlglot expression, for the sql room only."""

    def __init__(
        self, text: str, tree: "exp.Expr", offsets: Offsets, found: list[Token], *, lists_cut: bool = False
    ) -> None:
        self.text = text
        self.tokens = found
        """of the text, spaces and comments left out."""
        self.tree = tree
        self.lists_cut = lists_cut
        """a list is longer in the text than in the tree; its last parameters are not in the tree."""
        self._offsets = offsets

    def span(self, node: "exp.Expr") -> tuple[int, int] | None:
        """Where the node stands in the original text; None where that is not known."""
        found = _span_of_names(node) or node.meta.get("span") or _span_of_children(node)
        if found is None and node.key == "select":
            return self._span_of_first_arm(node)
        return None if found is None else (self._offsets.start(found[0]), self._offsets.end(found[1]))

    def _span_of_first_arm(self, node: "exp.Expr") -> tuple[int, int] | None:
        """The SELECT in front of UNION, which the parser turns into the set operation without noting its end."""
        whole: exp.Expr = node
        while whole.parent is not None and whole.parent.key in SET_OPERATIONS and whole.parent.this is whole:
            whole = whole.parent
        span = self.span(whole) if whole is not node else None
        if span is None:
            return None
        found = [token for token in self.tokens if span[0] <= token.start and token.end <= span[1]]
        depth = Brackets(found).depth
        end = next((at for at, token in enumerate(found) if depth[at] == 0 and token.word in SET_OPERATIONS), None)
        return (span[0], found[end - 1].end) if end else None

    def source(self, node: "exp.Expr") -> str | None:
        """The node's text as the statement has it."""
        span = self.span(node)
        return None if span is None else self.text[span[0] : span[1]]


def _span_of_names(node: "exp.Expr") -> tuple[int, int] | None:
    """Of a column or an identifier. A cast behind a column, `a::text`, is read together with it."""
    parts = [node] if node.key == "identifier" else list(node.iter_expressions()) if node.key == "column" else []
    if not parts or any("start" not in part.meta for part in parts):
        return None
    return min(part.meta["start"] for part in parts), max(part.meta["end"] for part in parts) + 1


def _span_of_children(node: "exp.Expr") -> tuple[int, int] | None:
    """From the first to the last part of `a + b + c`, whose inner nodes were built without a method of their own."""
    right = node.args.get("expression")
    end = right.meta.get("span") if right is not None and hasattr(right, "meta") else None
    left: exp.Expr | None = node.args.get("this")
    while end is not None and left is not None and hasattr(left, "meta"):
        start = left.meta.get("span")
        if start is not None:
            return start[0], end[1]
        left = left.args.get("this")
    return None


@lru_cache(maxsize=1024)
def parse(text: str) -> Parsed | None:
    """One statement's tree; None where no parser takes it: cut off, too long, too deep, or beyond sqlglot.

    A tree proves nothing: sqlglot also takes what PostgreSQL refuses. The server is the authority.
    """
    try:
        pieces = lex(text)
    except TruncatedText:
        return None
    found = significant(pieces)
    cuts = _long_list_edits(found)
    edits = _outermost([*lexical_edits(text, found), *_dollar_edits(text, found), *cuts])
    if len(found) > MAX_TOKENS and len(found) - _dropped(found, edits) > MAX_TOKENS:
        return None
    tree = _tree(apply_edits(_without_comments(pieces), edits))
    return None if tree is None else Parsed(text, tree, Offsets(edits), found, lists_cut=bool(cuts))


def _without_comments(pieces: list[Token]) -> str:
    """Blanks in their place: sqlglot does not expect one within ORDER BY or IS NULL, and takes some for hints."""
    return "".join(
        " " * (piece.end - piece.start) if piece.kind is TokenKind.COMMENT else piece.text for piece in pieces
    )


def _tree(text: str) -> "exp.Expr | None":
    from pgtune_cli.sql.sqlglot_parser import parse_text

    with _deep_stack():
        try:
            return parse_text(text)
        except RecursionError:
            return None


@contextmanager
def _deep_stack() -> Iterator[None]:
    """sqlglot needs some 40 frames for each level of parentheses."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _STACK))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _dollar_edits(text: str, found: list[Token]) -> list[Edit]:
    """`$1,$2`: sqlglot takes `$1,$` for the tag of a dollar quote, unless a space follows the number."""
    return [
        Edit(token.end, token.end, " ")
        for token in found
        if token.kind is TokenKind.PARAMETER and text[token.end : token.end + 1].strip()
    ]


def _long_list_edits(found: list[Token]) -> list[Edit]:
    """Cuts `1, 2, 3, …` and `(1, 2), (3, 4), …` behind MAX_LIST constants; the rest says nothing new."""
    edits = []
    start: int | None = None
    for at, token in enumerate((*found, Token(TokenKind.PUNCTUATION, ";", 0, 0))):
        in_list = token.kind in CONSTANT_KINDS or token.text in _LIST_TEXTS or token.word in _LIST_WORDS
        if in_list and start is None:
            start = at
        elif not in_list and start is not None:
            if at - start > 2 * MAX_LIST:
                edits += _cut(found, start, at)
            start = None
    return edits


def _cut(found: list[Token], start: int, end: int) -> list[Edit]:
    """From the first comma behind MAX_LIST tokens up to the last at the same depth."""
    depth = 0
    commas: dict[int, list[int]] = {}
    for at in range(start, end):
        depth += (found[at].text == "(") - (found[at].text == ")")
        if found[at].text == ",":
            commas.setdefault(depth, []).append(at)
    for level in sorted(commas):
        late = [at for at in commas[level] if at - start >= MAX_LIST]
        if len(late) > 1:
            return [Edit(found[late[0]].start, found[late[-1]].start, "")]
    return []


def _outermost(edits: list[Edit]) -> list[Edit]:
    """Without those that lie within another."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if not kept or edit.start >= kept[-1].end or kept[-1].end == kept[-1].start:
            kept.append(edit)
    return kept


def _dropped(found: list[Token], edits: list[Edit]) -> int:
    longest = [edit for edit in edits if not edit.replacement]
    return sum(1 for token in found for edit in longest if edit.start <= token.start < edit.end)
