"""A condition's text taken apart at its outermost AND or OR, from tokens alone, for rewrites that splice it."""

from collections.abc import Sequence

from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import Token, TruncatedText, tokens
from pgtune_cli.sql.shape_types import Span


def conjuncts(text: str, span: Span) -> list[Span]:
    """The spans of a, b, c in `a AND (b AND c)`; the whole where it cannot be taken apart."""
    return _split(text, span, "and")


def disjuncts(text: str, span: Span) -> list[Span]:
    """The spans of a, b, c in `a OR (b OR c)`, parentheses around the whole allowed."""
    return _split(text, span, "or")


def tokens_within(text: str, span: Span) -> list[Token]:
    """The significant tokens of a span; none of a text that is cut off."""
    try:
        return [token for token in tokens(text) if span[0] <= token.start and token.end <= span[1]]
    except TruncatedText:
        return []


def _split(text: str, span: Span, word: str) -> list[Span]:
    found = tokens_within(text, span)
    waiting, parts = [found], []
    while waiting:
        part = _unwrapped(waiting.pop(0))
        pieces = _pieces(part, word)
        if len(pieces) > 1:
            waiting = pieces + waiting
        elif part:
            parts.append((part[0].start, part[-1].end))
    return parts


def _unwrapped(found: list[Token]) -> list[Token]:
    while len(found) > 2 and found[0].text == "(" and Brackets(found).partner.get(0) == len(found) - 1:
        found = found[1:-1]
    return found


def _pieces(found: Sequence[Token], word: str) -> list[list[Token]]:
    """Cut at `word` outside of brackets, CASE and BETWEEN; AND binds tighter than OR, so an OR keeps its ANDs."""
    depths = Brackets(found).depth
    pieces: list[list[Token]] = [[]]
    cases, between, other = 0, False, False
    for token, depth in zip(found, depths, strict=True):
        if depth == 0:
            cases += (token.word == "case") - (token.word == "end" and cases > 0)
            if token.word == "between":
                between = True
            elif token.word == "and" and between and not cases:
                between = False
            elif token.word == word and not cases:
                pieces.append([])
                continue
            elif token.word == "or" and not cases:
                other = True
        pieces[-1].append(token)
    return [list(found)] if other and word == "and" else pieces
