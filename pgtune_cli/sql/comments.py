"""Comments survive an edit of the text around them."""

from collections.abc import Iterable

from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import TokenKind, TruncatedText, lex

SQUASHED = "/*, ... */"
"""what pg_stat_statements writes for the rest of a list: it says nothing once the list is gone."""


def keep_comments(text: str, edits: Iterable[Edit]) -> list[Edit]:
    """The edits, each with the comments of what it takes away behind its replacement, unless that has them already."""
    found = list(edits)
    try:
        comments = [token for token in lex(text) if token.kind is TokenKind.COMMENT and token.text != SQUASHED]
    except TruncatedText:
        return found
    if not comments:
        return found
    kept = []
    for edit in found:
        lost = [
            token.text
            for token in comments
            if edit.start <= token.start and token.end <= edit.end and token.text not in edit.replacement
        ]
        behind = "".join(f" {comment}" + ("\n" if comment.startswith("--") else "") for comment in lost)
        kept.append(Edit(edit.start, edit.end, edit.replacement + behind))
    return kept
