"""Which texts are statements worth analysing: those that the planner sees."""

from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import Token, TruncatedText, significant, tokens

_UTILITY = frozenset([
    "abort", "alter", "analyse", "analyze", "begin", "call", "checkpoint", "close", "cluster", "comment", "commit",
    "copy", "create", "deallocate", "declare", "discard", "do", "drop", "end", "execute", "explain", "fetch",
    "grant", "import", "listen", "load", "lock", "move", "notify", "prepare", "reassign", "refresh", "reindex",
    "release", "reset", "revoke", "rollback", "savepoint", "security", "set", "show", "start", "truncate",
    "unlisten", "vacuum",
])  # fmt: skip
"""https://www.postgresql.org/docs/current/sql-commands.html, but for those that the planner sees"""
NO_PRIVILEGE = "<insufficient privilege>"


def first_word(text: str) -> str:
    """The first keyword in lower case, behind comments and opening parentheses; '' when there is none."""
    for token in _readable(text):
        if token.text != "(":
            return token.word
    return ""


def is_plannable(text: str) -> bool:
    """Not transaction control, SET, SHOW, DDL, FETCH, VACUUM, …

    A text that is hidden from us or that no parser would take counts as plannable: somebody is told why it has no plan.
    """
    word = first_word(text)
    return word not in _UTILITY and bool(word or text.strip() == NO_PRIVILEGE)


def is_cut_off(text: str) -> bool:
    """It ends within a token or inside of brackets, as texts do at track_activity_query_size."""
    try:
        return not Brackets(tokens(text)).balanced
    except TruncatedText:
        return True


def _readable(text: str) -> list[Token]:
    try:
        return tokens(text)
    except TruncatedText as error:
        return significant(error.tokens)
