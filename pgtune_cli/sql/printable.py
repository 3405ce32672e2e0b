"""SQL for paper: control characters and direction marks within names and strings, as escapes that mean the same.

For texts that people see or copy only. What is sent to a server, read by the gates, or put into to_regclass() keeps
them raw: none of those read U&"…".
"""

import re
import unicodedata

from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex

_BIDI = {"\u200e", "\u200f", "\u061c", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_STRING = re.compile(r"'((?:[^']|'')*)'")
_ESCAPED = re.compile(r"[eE]'((?:[^'\\]|\\.|'')*)'", re.DOTALL)
_PIECE = re.compile(r"\\?.", re.DOTALL)


def is_printable(character: str) -> bool:
    """False for what moves a cursor, ends a line, turns the direction of reading, or has no encoding."""
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI


def printable(sql: str) -> str:
    """The same SQL (under standard_conforming_strings) with nothing unprintable in its names and strings.

    Comments, dollar quotes, strings in several pieces and a text without an end stay as they are.
    """
    if all(map(is_printable, sql)):
        return sql
    try:
        return "".join(map(_token, lex(sql)))
    except TruncatedText:
        return sql


def _token(token: Token) -> str:
    if all(map(is_printable, token.text)):
        return token.text
    if token.kind is TokenKind.QUOTED and token.name is not None:
        return _identifier(token.name)
    if token.kind is TokenKind.STRING:
        return _string(token.text)
    return token.text


def _identifier(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '""')
    return 'U&"' + "".join(c if is_printable(c) else f"\\{ord(c):04X}" for c in escaped) + '"'


def _string(text: str) -> str:
    if (plain := _STRING.fullmatch(text)) is not None:
        return "E'" + "".join(map(_escape, plain[1].replace("\\", "\\\\"))) + "'"
    if (escaped := _ESCAPED.fullmatch(text)) is not None:
        # a backslash in front of a raw control character stands for that character
        pieces = (one if is_printable(one[-1]) else _escape(one[-1]) for one in _PIECE.findall(escaped[1]))
        return "E'" + "".join(pieces) + "'"
    return text


def _escape(character: str) -> str:
    return character if is_printable(character) else _SHORT.get(character, f"\\u{ord(character):04x}")
