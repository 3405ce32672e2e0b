"""SQL as HTML: words, constants and comments told apart; never more than a reader could read."""

from markupsafe import Markup, escape

from pgtune_cli.report.format import plain, plain_sql
from pgtune_cli.sql.keywords import NOT_A_NAME
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex

LONGEST = 20_000
"""characters of one text; the JSON report holds all of it"""
_WORDS = NOT_A_NAME | {
    "insert", "update", "delete", "set", "values", "by", "between", "exists", "over", "partition", "row", "rows",
    "index", "drop", "concurrently", "coalesce", "begin", "commit", "merge", "statistics", "extract", "alter", "nulls",
}  # fmt: skip
_CLASSES = {TokenKind.STRING: "s", TokenKind.NUMBER: "n", TokenKind.PARAMETER: "n", TokenKind.COMMENT: "c"}


def sql_block(sql: str) -> Markup:
    """A `pre`; what was cut is said, and a text that was cut is not offered for copying."""
    if len(sql) <= LONGEST:
        return Markup('<pre class="sql" tabindex="0">{}</pre>').format(highlighted(plain_sql(sql)))
    shown = highlighted(plain(sql[:LONGEST]))
    note = f"… cut after {LONGEST:,} of {len(sql):,} characters; the JSON report has the whole text"
    return Markup('<pre class="cut" tabindex="0">{}</pre><p class="note">{}</p>').format(shown, note)


def highlighted(text: str) -> Markup:
    """`text` escaped, its tokens in spans."""
    try:
        tokens = tuple(lex(text))
    except TruncatedText as cut:
        tokens = cut.tokens
    rest = text[tokens[-1].end if tokens else 0 :]
    return Markup("").join([*map(_token, tokens), escape(rest)])


def _token(token: Token) -> Markup:
    kind = "k" if token.word in _WORDS else _CLASSES.get(token.kind)
    text = escape(token.text)
    return Markup(f"<span class={kind}>{text}</span>") if kind else text  # noqa: S704  # both are ours or escaped
