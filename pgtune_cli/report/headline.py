"""A statement in one line that shows what tells it from others: FROM and WHERE, not the forty columns before them."""

from pgtune_cli.report.format import one_line
from pgtune_cli.sql.lex import TruncatedText, tokens

_LONG = 24
"""characters of a select list that are worth showing"""


def headline(sql: str, width: int) -> str:
    """At most `width` characters; a long select list of the outermost SELECT becomes an ellipsis."""
    return one_line(_without_list(sql), width)


def _without_list(sql: str) -> str:
    try:
        found = tokens(sql[:20_000])
    except TruncatedText as cut:
        found = list(cut.tokens)
    if not found or found[0].word != "select":
        return sql
    depth = 0
    for token in found:
        depth += (token.text in "([") - (token.text in ")]") if len(token.text) == 1 else 0
        if depth == 0 and token.word == "from":
            start = found[0].end
            return sql if token.start - start <= _LONG else f"{sql[:start]} … {sql[token.start :]}"
    return sql
