"""A long IN list becomes = ANY ($1): one text, one plan and one line in pg_stat_statements for every length."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.parameters import array_type, last_parameter
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.brackets import Brackets, split_at_commas
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import TokenKind
from pgtune_cli.sql.quote import quote_literal
from pgtune_cli.sql.shape_types import Block, Predicate, PredicateKind

KIND = "in_list_to_any"
LONG = 10


def in_list(source: Source) -> Iterator[Found]:
    """For every IN list of ten and more constants or parameters over a column."""
    for block in source.shape.blocks:
        for predicate in block.predicates:
            if predicate.kind in (PredicateKind.IN, PredicateKind.NOT_IN) and predicate.operand.subquery is None:
                places = _places(source, block, predicate)
                if places is not None:
                    yield _rewrite(source, predicate, *places)


def _places(source: Source, block: Block, predicate: Predicate) -> tuple[int, int, list[tuple[int, int]]] | None:
    """Token indexes of IN and its closing parenthesis, and the elements; None for what is no list or a short one."""
    span, found = predicate.span or block.span, source.tokens
    column = predicate.columns[0].column if predicate.columns else None
    brackets = Brackets(found)
    for at, token in enumerate(found[:-1]):
        inside = span is not None and span[0] <= token.start < span[1]
        if not inside or token.word != "in" or found[at + 1].text != "(":
            continue
        named = found[at - 2 if found[at - 1].word == "not" else at - 1].name
        close = brackets.partner.get(at + 1)
        if close is None or column is None or named != column or found[at + 2].word in ("select", "with"):
            continue
        elements = split_at_commas(found, at + 2, close)
        squashed = "/*, ... */" in source.text[found[at + 1].start : found[close].end]
        if len(elements) >= LONG or squashed:
            return at, close, elements
    return None


def _rewrite(source: Source, predicate: Predicate, word: int, close: int, elements: list[tuple[int, int]]) -> Found:
    found, column = source.tokens, predicate.column
    if column is None or predicate.cast is not None:
        return Refusal("expression", "its left side is no plain column")
    known = source.column(column)
    if known is None:
        return Refusal("unresolved", "its column could not be found in the catalog")
    if known.type.endswith("[]"):
        return Refusal("array", "its column is an array, and arrays of arrays are one array")
    if any(end - start != 1 for start, end in elements):
        return Refusal("elements", "an element of its list is more than a constant or a parameter")
    values = [found[start] for start, _ in elements]
    kinds = {value.kind for value in values}
    if not kinds <= {TokenKind.PARAMETER, TokenKind.STRING, TokenKind.NUMBER}:
        return Refusal("elements", "an element of its list is more than a constant or a parameter")
    if len(kinds) > 1:
        return Refusal("mixed", "its list mixes parameters and constants")
    bits = {"smallint": 15, "integer": 31, "bigint": 63}.get(known.type, 0)
    if kinds == {TokenKind.NUMBER} and not all(v.text.isdecimal() and int(v.text) < 2**bits for v in values):
        return Refusal("number_type", f"its numbers are not of the type of {column.column}")
    if kinds == {TokenKind.STRING} and any(value.text[0] != "'" for value in values):
        return Refusal("string_form", "its strings are written in a special form")
    negated = found[word - 1].word == "not"
    start = found[word - 1].start if negated else found[word].start
    operator = "<> ALL" if negated else "= ANY"
    type_ = array_type(known.type)
    if type_ is None:
        return Refusal("array", "its column's type has no array without a length")
    number = last_parameter(source.text) + 1
    if kinds == {TokenKind.PARAMETER}:
        array, told = f"${number}::{type_}", f"the array of {values[0].text} … {values[-1].text}"
        added: tuple[tuple[int, str, str], ...] = ((number, type_, told),)
    else:
        items = [value.text if kinds == {TokenKind.NUMBER} else value.text[1:-1].replace("''", "'") for value in values]
        array, added = f"{quote_literal(_array(items))}::{type_}", ()
    return Proposal(
        edits=(Edit(start, found[close].end, f"{operator} ({array})"),),
        conditions=("the plan is the same: one text and one prepared statement serve every length of the list",),
        parameters=not added,
        cheaper=False,
        added=added,
    )


def _array(items: list[str]) -> str:
    escaped = [item.replace("\\", "\\\\").replace('"', '\\"') for item in items]
    return "{" + ",".join(f'"{item}"' for item in escaped) + "}"
