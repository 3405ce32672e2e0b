"""Parameters of a spliced text. What no edit touches stays byte for byte, but for their numbers."""

import re
from collections.abc import Callable

from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TokenKind, tokens
from pgtune_cli.sql.quote import quote_literal

_MODIFIER = re.compile(r'\([^()"]*\)(?=[^"]*$)')


def renumber(sql: str) -> tuple[str, tuple[int, ...]]:
    """`sql` with its parameters numbered without a gap, in the order of their old numbers.

    Returns the text and the old number of each new one: PREPARE refuses a text that skips a number.
    """
    parameters = [token for token in tokens(sql) if token.kind is TokenKind.PARAMETER]
    old = tuple(sorted({token.number for token in parameters if token.number is not None}))
    new = {number: position for position, number in enumerate(old, 1)}
    return replaced(sql, lambda number: f"${new[number]}"), old


def last_parameter(sql: str) -> int:
    """The highest n of `$n`, 0 without parameters."""
    return max((token.number or 0 for token in tokens(sql) if token.kind is TokenKind.PARAMETER), default=0)


def replaced(sql: str, replacement: Callable[[int], str]) -> str:
    """`sql` with each `$n` replaced."""
    return apply_edits(
        sql,
        [
            Edit(token.start, token.end, replacement(token.number))
            for token in tokens(sql)
            if token.kind is TokenKind.PARAMETER and token.number is not None
        ],
    )


def array_type(type_: str) -> str | None:
    """The array of a column's type without its length or precision: a cast would cut values to it, = does not.

    None where the type has no name without one.
    """
    base = _MODIFIER.sub("", type_)
    base = "interval" if base.startswith("interval ") else base
    return {"character": "bpchar[]", "bit": None}.get(base, f"{base}[]")


def inlined(sql: str, values: tuple[str | None, ...] | None, types: tuple[str, ...], *, keep: int | None = None) -> str:
    """`sql` with each `$n` replaced by its value, cast to the type that the server gave the parameter.

    Those behind `keep` stay. Raises IndexError where there are fewer values than parameters.
    """

    def literal(number: int) -> str:
        if keep is not None and number > keep:
            return f"${number}"
        value = (values or ())[number - 1]
        return f"{quote_literal(value)}::{types[number - 1]}" if number <= len(types) else quote_literal(value)

    return replaced(sql, literal)
