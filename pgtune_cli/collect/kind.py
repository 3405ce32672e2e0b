"""What an entry of pg_stat_statements is, from the beginning of its text."""

import re
from enum import StrEnum

from pgtune_cli.collect.connection import MARK

HIDDEN_TEXT = "<insufficient privilege>"

_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|\(|;)+")
_WORD = re.compile(r"[A-Za-z]+")
_PREPARE = re.compile(
    r'PREPARE\s+(?:"(?:[^"]|"")*"|[^\s("]+)\s*(?:\((?:[^()]|\([^()]*\))*\)\s*)?\s*AS\s+', re.IGNORECASE | re.DOTALL
)
_SETTING = re.compile(
    r"SELECT\s+(?:current_setting\([^()]*\)\s+AS\s+cur,\s+)?(?:pg_catalog\.)?set_config\(", re.IGNORECASE
)
_QUERIES = frozenset(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"))


class Kind(StrEnum):
    QUERY = "query"
    UTILITY = "utility"
    """nothing to analyse: BEGIN, SET (and set_config), DDL, COPY, VACUUM, EXPLAIN, FETCH."""
    OWN = "own"
    """pgtune's own, and the type look-ups of its driver."""
    HIDDEN = "hidden"
    """the text is not shown to this role, or was lost."""


def kind_of(text: str | None) -> Kind:
    """What the text, or the beginning of it, is."""
    if text is None or text == HIDDEN_TEXT:
        return Kind.HIDDEN
    if MARK in text or text.startswith("WITH RECURSIVE typeinfo_tree("):
        return Kind.OWN
    start = skip_comments(text)
    if start >= len(text):
        # a comment longer than what was read, or nothing: the parser will say
        return Kind.QUERY if text.strip() else Kind.UTILITY
    word = _WORD.match(text, start)
    if word is None or _SETTING.match(text, start):
        return Kind.UTILITY
    if word[0].upper() in _QUERIES or _prepared_query(text[start:]):
        return Kind.QUERY
    return Kind.UTILITY


def query_of(text: str) -> str:
    """The text, without the PREPARE … AS that SQL-level prepared statements are listed with."""
    start = skip_comments(text)
    match = _PREPARE.match(text, start)
    return text[match.end() :] if match and _prepared_query(text[start:]) else text


def skip_comments(text: str) -> int:
    """Where the first word stands, behind white space, comments (they nest) and opening parentheses."""
    at = 0
    while True:
        plain = _LEADING.match(text, at)
        if plain:
            at = plain.end()
        if not text.startswith("/*", at):
            return at
        at = _end_of_comment(text, at)


def _end_of_comment(text: str, at: int) -> int:
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(text, at):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _prepared_query(text: str) -> bool:
    match = _PREPARE.match(text)
    if match is None:
        return False
    word = _WORD.match(text, skip_comments(text[match.end() :]) + match.end())
    return word is not None and word[0].upper() in _QUERIES
