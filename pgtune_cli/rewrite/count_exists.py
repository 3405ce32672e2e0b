"""Counting to see whether a row exists becomes EXISTS, which stops at the first."""

from collections.abc import Iterator, Sequence

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal, closing, subquery_open
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import Token, TokenKind, squeezed
from pgtune_cli.sql.shape_types import Block, CountCheck

KIND = "count_to_exists"
EXISTS = {(">", "0"), (">=", "1"), ("<>", "0"), ("!=", "0")}
NOT_EXISTS = {("=", "0"), ("<", "1"), ("<=", "0")}
VALUES = (TokenKind.NUMBER, TokenKind.PARAMETER, TokenKind.STRING)
TYPE_WORDS = ("precision", "varying", "with", "without", "time", "zone", "local")
"""what follows the first word of a type of several."""
BINDING = ("is", "isnull", "notnull", "between", "in", "like", "ilike", "similar", "not", "collate", "at")
COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")


def count_exists(source: Source) -> Iterator[Found]:
    """For every `(SELECT count(*) …) > 0` and every SELECT of nothing but `count(*) > 0`."""
    for check in source.shape.count_checks:
        block = next((each for each in source.shape.blocks if each.index == check.block), None)
        if block is not None:
            yield _rewrite(source, check, block)


def _rewrite(source: Source, check: CountCheck, block: Block) -> Found:
    hidden = check.parameter is not None
    yes = (check.operator, check.value) in EXISTS or (hidden and check.operator in (">", "<>", "!="))
    no = (check.operator, check.value) in NOT_EXISTS or (hidden and check.operator == "=")
    if not yes and not no:
        if hidden:
            return Refusal("hidden_number", "the number that it compares with is hidden, and 0 and 1 differ there")
        return Refusal("number", "it asks for more than whether there is a row")
    refusal = _refuse(source, block)
    if refusal is not None:
        return refusal
    edits = _edits(source, block, "" if yes else "NOT ")
    if edits is None:
        return Refusal("unreadable", "its text has a form that cannot be edited safely")
    possible = "pg_stat_statements hides the number: right only where it is 0" if hidden else None
    return Proposal(edits=edits, possible=possible, parameters=not hidden, conditions=_conditions(block))


def _conditions(block: Block) -> tuple[str, ...]:
    column = next((aggregate.column for aggregate in block.aggregates if aggregate.column is not None), None)
    return (f"{column.column} is never NULL there",) if column is not None else ()


def _refuse(source: Source, block: Block) -> Refusal | None:
    if block.group_by or block.having or block.grouping_sets:
        return Refusal("grouped", "it counts within groups")
    if block.limit or block.offset or block.set_operation or block.distinct or block.windows:
        return Refusal("limited", "it counts a part of the rows, or those of a set operation")
    if not block.tables:
        return Refusal("no_table", "it counts no table's rows")
    if len(block.select) != 1 or len(block.aggregates) != 1 or block.aggregates[0].name != "count":
        return Refusal("more_than_a_count", "it computes more than the one count")
    aggregate = block.aggregates[0]
    if not aggregate.star and (aggregate.column is None or not source.not_null(block, aggregate.column)):
        return Refusal("counts_values", "it counts values, and they may be NULL")
    text = squeezed(block.select[0].expression or "")
    if "filter(" in text:
        return Refusal("filter", "it counts through a FILTER")
    if source.volatile(block) is not None:
        return Refusal("volatile", f"it calls {source.volatile(block)}() for each row")
    return None


def _edits(source: Source, block: Block, negation: str) -> tuple[Edit, ...] | None:
    spans = source.clauses(block)
    if spans is None or spans.select_list is None or spans.from_ is None:
        return None
    found = source.tokens
    open_at = subquery_open(source, block)
    if _compares_within(source, spans.select_list):
        return _whole(source, block, negation)
    close_at = closing(source, open_at) if open_at is not None else None
    if open_at is None or close_at is None:
        return None
    chosen = Edit(*spans.select_list, "1")
    after, before = found[close_at + 1 : close_at + 3], found[max(open_at - 2, 0) : open_at]
    if len(after) == 2 and after[0].text in COMPARISONS:
        start, end = found[open_at].start, found[close_at].end
        operand = operand_end(found, close_at + 2)
        if not _ends(source, operand + 1):
            return None
        return Edit(start, start, f"{negation}EXISTS "), chosen, Edit(end, found[operand].end, "")
    plain = len(before) == 2 and before[0].kind in VALUES and not _binds(source, open_at - 3)
    if plain and before[1].text in COMPARISONS and _ends(source, close_at + 1):
        return Edit(before[0].start, found[open_at].start, f"{negation}EXISTS "), chosen
    return None


def _compares_within(source: Source, span: tuple[int, int]) -> bool:
    return any(span[0] <= token.start < span[1] and token.text in COMPARISONS for token in source.tokens)


def _whole(source: Source, block: Block, negation: str) -> tuple[Edit, ...] | None:
    """`SELECT count(*) > 0 AS any FROM …` becomes `SELECT EXISTS (SELECT 1 FROM …) AS any`."""
    spans = source.clauses(block)
    if spans is None or spans.select_list is None or spans.from_ is None or block.order_by:
        return None
    inside = [token for token in source.tokens if spans.select_list[0] <= token.start < spans.select_list[1]]
    end = _compared(inside)
    if end is None:
        return None
    alias = source.text[inside[end].end : spans.select_list[1]]
    name = alias if alias.strip() else ' AS "?column?"'
    rest = source.text[spans.from_[0] : spans.body[1]]
    return (Edit(spans.select_list[0], spans.body[1], f"{negation}EXISTS (SELECT 1 {rest}){name}"),)


def _compared(inside: list[Token]) -> int | None:
    """The last token of `count(…) > 0` or `0 < count(…)`, with at most a name behind it."""
    start = 2 if len(inside) > 2 and inside[0].kind in VALUES and inside[1].text in COMPARISONS else 0
    if len(inside) < start + 2 or inside[start].word != "count":
        return None
    end = _closing(inside, start + 1)
    if not start:
        if len(inside) < end + 3 or inside[end + 1].text not in COMPARISONS:
            return None
        end = operand_end(inside, end + 2)
    behind = inside[end + 1 :]
    named = not behind or (len(behind) == 2 and behind[0].word == "as")
    return end if named or (len(behind) == 1 and behind[0].name is not None) else None


def _ends(source: Source, at: int) -> bool:
    """Nothing that binds to the comparison stands there: `= 0 IS NULL`."""
    token = source.tokens[at] if at < len(source.tokens) else None
    return token is None or not (
        token.kind is TokenKind.OPERATOR or token.text in ("::", "[", ".") or token.word in BINDING
    )


def _binds(source: Source, at: int) -> bool:
    """An operator or cast that takes the constant behind it away from its comparison."""
    return at >= 0 and (source.tokens[at].kind is TokenKind.OPERATOR or source.tokens[at].text in ("::", "."))


def operand_end(tokens: Sequence[Token], at: int) -> int:
    """Where the number at `at` ends, in parentheses or not, with the casts that follow it: `$1::INTEGER`."""
    end = _closing(tokens, at)
    while end + 2 < len(tokens) and tokens[end + 1].text == "::":
        end += 2
        while end + 1 < len(tokens) and (tokens[end + 1].word in TYPE_WORDS or tokens[end + 1].text in (".", "(", "[")):
            end = _closing(tokens, end + 1) if tokens[end + 1].text != "." else end + 2
    return min(end, len(tokens) - 1)


def _closing(tokens: Sequence[Token], at: int) -> int:
    """The parenthesis that closes the one at `at`; `at` itself where there is none."""
    depth = 0
    for place in range(at, len(tokens)):
        depth += (tokens[place].text in ("(", "[")) - (tokens[place].text in (")", "]"))
        if depth == 0:
            return place
    return at
