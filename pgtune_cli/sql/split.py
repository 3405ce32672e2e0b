"""A script of many statements, divided at the semicolons that end one."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.sql.lex import Token, TokenKind, lex, significant


class ScriptStatement(msgspec.Struct, frozen=True):
    """`comments` are those in front of it and behind its predecessor; `start` is the offset of its first word."""

    text: str
    start: int
    comments: tuple[str, ...]


def split_script(script: str) -> Iterator[ScriptStatement]:
    """The statements, without their semicolons; brackets and BEGIN ATOMIC … END keep theirs. Raises TruncatedText."""
    pending: list[Token] = []
    depth = atomic = 0
    words: tuple[str, str] = ("", "")
    for token in (*lex(script), Token(TokenKind.PUNCTUATION, ";", len(script), len(script))):
        at_end = token.start == len(script)
        if token.text == ";" and (at_end or (depth <= 0 and not atomic)):
            yield from _statement(script, pending)
            pending, depth, atomic = [], 0, 0
            continue
        pending.append(token)
        depth += (token.text == "(") - (token.text == ")")
        if token.kind not in (TokenKind.SPACE, TokenKind.COMMENT):
            words = (words[1], token.word)
            if words == ("begin", "atomic"):
                atomic = 1
            elif atomic:
                atomic += (token.word == "case") - (token.word == "end")


def _statement(script: str, pending: list[Token]) -> Iterator[ScriptStatement]:
    found = significant(pending)
    if not found:
        return
    start, end = found[0].start, found[-1].end
    comments = tuple(token.text for token in pending if token.kind is TokenKind.COMMENT and token.start < start)
    yield ScriptStatement(script[start:end], start, comments)
