"""Where the clauses of the outermost SELECT stand in the original text, for rewrites that splice it."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.sql.brackets import SET_OPERATIONS, Brackets, token_blocks
from pgtune_cli.sql.lex import Token, TruncatedText, tokens
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
    try:
        found = tokens(text)
    except TruncatedText:
        return None
    while found and found[-1].text == ";":
        found.pop()
    brackets = Brackets(found)
    top = [block for block in token_blocks(found, brackets) if block.depth == 0]
    if not top or top[0].keyword != "select" or not brackets.balanced or any(token.text == ";" for token in found):
        return None
    arms = [block for block in top if block.start == 0 or found[block.start - 1].word in (*SET_OPERATIONS, "all")]
    in_arms = len(arms) > 1 or any(found[at].word in SET_OPERATIONS for at in _outside(found, brackets, top[0].start))
    if any(found[at].word in SET_OPERATIONS for at in _outside(found, brackets, 0) if at < top[0].start):
        # the first arm stands in parentheses
        return _spans(found, brackets, 0, set_operation=True) if found[0].text == "(" else None
    return _spans(found, brackets, top[0].start, set_operation=in_arms)


def clauses_within(text: str, span: Span) -> ClauseSpans | None:
    """The clause spans of the SELECT of one block (`Block.span`), wherever it stands; None where it cannot be read.

    Of an arm of a set operation only its own clauses: ORDER BY, LIMIT and OFFSET behind the last arm are the whole's.
    """
    try:
        found = [token for token in tokens(text) if span[0] <= token.start and token.end <= span[1]]
    except TruncatedText:
        return None
    while len(found) > 1 and found[0].text == "(" and Brackets(found).partner.get(0) == len(found) - 1:
        found = found[1:-1]
    brackets = Brackets(found)
    if not brackets.balanced or any(token.text == ";" for token in found):
        return None
    outside = [at for at in range(len(found)) if brackets.depth[at] == 0]
    start = next((at for at in outside if found[at].word == "select"), None)
    if start is None:
        return None
    end = next((at for at in outside if at > start and found[at].word in SET_OPERATIONS), len(found))
    return _spans(found[:end], Brackets(found[:end]), start, set_operation=False)


def _outside(found: Sequence[Token], brackets: Brackets, start: int) -> list[int]:
    return [at for at in range(start, len(found)) if brackets.depth[at] == 0]


def _spans(found: Sequence[Token], brackets: Brackets, start: int, *, set_operation: bool) -> ClauseSpans:
    """Clauses begin at their keyword outside of brackets and end where the next begins."""
    begins: list[tuple[str, int]] = [("select", start)]
    for at in _outside(found, brackets, start + 1):
        name = _clause_at(found, at)
        if name is not None and (name not in ("from_", "where", "group_by", "having", "window") or not set_operation):
            begins.append((name, at))
    spans: dict[str, tuple[int, int]] = {}
    for (name, first), (_, following) in zip(begins, [*begins[1:], ("", len(found))], strict=True):
        spans.setdefault(name, (first, following))
    body = (found[start].start, found[-1].end)
    if set_operation:
        last_arm = max(at for at in _outside(found, brackets, start) if found[at].word in SET_OPERATIONS)
        spans = {name: span for name, span in spans.items() if span[0] > last_arm and name != "select"}
    else:
        spans |= _select_parts(found, brackets, *spans["select"])
    for name in ("limit", "offset"):
        if name in spans:
            spans[f"{name}_value"] = _value(found, *spans[name])
    texts = {name: (found[first].start, found[end - 1].end) for name, (first, end) in spans.items() if end > first}
    return ClauseSpans(**texts, set_operation=set_operation, body=body, end=found[-1].end)


def _clause_at(found: Sequence[Token], at: int) -> str | None:
    """The clause that starts with this token."""
    word = found[at].word
    if word in ("group", "order"):
        following = found[at + 1].word if at + 1 < len(found) else ""
        return f"{word}_by" if following == "by" else None
    if word == "from":
        # IS [NOT] DISTINCT FROM
        return None if found[at - 1].word == "distinct" and found[at - 2].word in ("is", "not") else "from_"
    if word == "window":
        return "window"
    if word == "fetch":
        return "limit"
    if word == "for":
        return "locking"
    return word if word in ("where", "having", "limit", "offset") else None


def _select_parts(found: Sequence[Token], brackets: Brackets, start: int, end: int) -> dict[str, tuple[int, int]]:
    """DISTINCT and the list of SELECT."""
    parts: dict[str, tuple[int, int]] = {}
    at = start + 1
    if at < end and found[at].word == "all":
        at += 1
    elif at < end and found[at].word == "distinct":
        first = at
        at += 1
        if at < end and found[at].word == "on":
            at = brackets.partner.get(at + 1, at) + 1
        parts["distinct"] = (first, at)
    parts["select_list"] = (at, end)
    return parts


def _value(found: Sequence[Token], first: int, end: int) -> tuple[int, int]:
    """The expression within LIMIT, OFFSET … ROWS and FETCH FIRST … ROWS ONLY; empty where there is none."""
    start = first + 1
    if found[first].word == "fetch":
        start += start < end and found[start].word in ("first", "next")
    stop = start
    while stop < end and found[stop].word not in ("row", "rows", "only", "with"):
        stop += 1
    return start, stop
