"""Where the clauses of the outermost SELECT stand in the original text, for rewrites that splice it."""

import msgspec

from pgtune_cli.sql.shape_types import Span


class ClauseSpans(msgspec.Struct, frozen=True, kw_only=True):
    """Spans are (start, end) in characters, keyword included, spaces and comments around them not.

    text[start:end] is the clause. None where the statement does not have it. `end` is where the statement ends (before
    a trailing semicolon, comment or space). Behind a set operation, order_by, limit and offset are those of the whole
    and the others None.
    """

    select: Span | None = None
    """SELECT [DISTINCT …] and its list, up to FROM."""
    select_list: Span | None = None
    """the items alone."""
    distinct: Span | None = None
    """DISTINCT or DISTINCT ON (…)."""
    from_: Span | None = None
    where: Span | None = None
    group_by: Span | None = None
    having: Span | None = None
    window: Span | None = None
    order_by: Span | None = None
    limit: Span | None = None
    """LIMIT n or FETCH FIRST n ROWS …"""
    limit_value: Span | None = None
    offset: Span | None = None
    """OFFSET n [ROWS]."""
    offset_value: Span | None = None
    locking: Span | None = None
    set_operation: bool = False
    body: Span
    """from the SELECT (behind a WITH) to the end."""
    end: int


def clauses(text: str) -> ClauseSpans | None:
    """The clause spans of a SELECT statement (WITH in front allowed); None for anything else, or cut-off text."""
    raise NotImplementedError
