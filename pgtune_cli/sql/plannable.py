"""Which texts are statements worth analysing: those that the planner sees."""

from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import Token, TruncatedText, significant, tokens

_PLANNED = frozenset(["select", "insert", "update", "delete", "merge", "with", "values", "table"])
NO_PRIVILEGE = "<insufficient privilege>"


def first_word(text: str) -> str:
    """The first keyword in lower case, behind comments and opening parentheses; '' when there is none."""
    for token in _readable(text):
        if token.text != "(":
            return token.word
    return ""


def is_plannable(text: str) -> bool:
    """Not transaction control, SET, SHOW, DDL, FETCH, VACUUM, …; a text that is hidden from us counts as plannable."""
    return text.strip() == NO_PRIVILEGE or first_word(text) in _PLANNED


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
