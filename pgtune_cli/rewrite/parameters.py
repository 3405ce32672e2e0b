"""Parameters of a spliced text. What no edit touches stays byte for byte, but for their numbers."""

from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TokenKind, tokens


def renumber(sql: str) -> tuple[str, tuple[int, ...]]:
    """`sql` with its parameters numbered without a gap, in the order of their old numbers.

    Returns the text and the old number of each new one: PREPARE refuses a text that skips a number.
    """
    parameters = [token for token in tokens(sql) if token.kind is TokenKind.PARAMETER]
    old = tuple(sorted({token.number for token in parameters if token.number is not None}))
    new = {number: position for position, number in enumerate(old, 1)}
    edits = [Edit(token.start, token.end, f"${new[token.number]}") for token in parameters if token.number in new]
    return apply_edits(sql, edits), old


def last_parameter(sql: str) -> int:
    """The highest n of `$n`, 0 without parameters."""
    return max((token.number or 0 for token in tokens(sql) if token.kind is TokenKind.PARAMETER), default=0)
