"""A statement's identity over restarts, versions and ways of writing it, and its text without any constant.

Made from tokens alone: it needs no parser, so that a statement keeps its fingerprint when the parser learns more, and
baselines stay valid. FORM is part of the hash; it changes when statements begin to be told apart differently.
"""

import hashlib
from functools import lru_cache

from pgtune_cli.sql.canonical import canonical
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex, significant
from pgtune_cli.sql.literals import kept_numbers

FORM = "1"
CUT_OFF = "…"


@lru_cache(maxsize=16_384)
def fingerprint(text: str) -> str:
    """16 hexadecimal characters, equal for texts that differ in these only:

    spaces, comments, case of keywords and unquoted names, needless quotes, table aliases (and aliases of the outermost
    select list), constants or parameters, numbers of parameters, length of IN, ARRAY and VALUES lists, `interval '1'`
    or `'1'::interval`, `!=` or `<>`, INNER, OUTER, ASC, AS, `public.`, a semicolon.
    """
    found, cut_off = _tokens(text)
    form = f"{FORM} {canonical(found)}{CUT_OFF if cut_off else ''}"
    return hashlib.sha256(form.encode(errors="surrogatepass")).hexdigest()[:16]


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """The text on one line with `$n` for each constant, without comments; nothing of a constant survives.

    Parameters keep their numbers, new ones follow the highest. `ORDER BY 1` and `numeric(10, 2)` stay. A text that is
    cut off within a constant ends in `…` there.
    """
    found, cut_off = _tokens(text)
    kept = kept_numbers(found)
    number = max((token.number or 0 for token in found), default=0)
    parts: list[str] = []
    for at, token in enumerate(found):
        if at and found[at - 1].end < token.start:
            parts.append(" ")
        if token.kind in (TokenKind.STRING, TokenKind.NUMBER) and at not in kept:
            number += 1
            parts.append(_separate(parts) + f"${number}")
        else:
            parts.append(token.text)
    while parts and parts[-1] in (";", " "):
        parts.pop()
    return "".join(parts) + (f" {CUT_OFF}" if cut_off else "")


def _separate(parts: list[str]) -> str:
    """`a'b'` is a name and a string; without a space `a$1` would be one name."""
    return " " if parts and (parts[-1][-1:].isalnum() or parts[-1][-1:] in "_$") else ""


def _tokens(text: str) -> tuple[list[Token], bool]:
    try:
        return significant(lex(text)), False
    except TruncatedText as error:
        return significant(error.tokens), True
