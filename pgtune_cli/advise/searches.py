"""Conditions that no ordinary btree answers: patterns, containment, text search. Operator classes tell who does."""

from enum import StrEnum

import msgspec

from pgtune_cli.model.catalog import IndexKey
from pgtune_cli.sql.shape import Predicate, PredicateKind

KINDS = {
    PredicateKind.CONTAINS, PredicateKind.EXISTS_KEY, PredicateKind.OVERLAP, PredicateKind.TEXT_SEARCH,
    PredicateKind.LIKE, PredicateKind.ILIKE, PredicateKind.REGEX, PredicateKind.SIMILAR,
    PredicateKind.OPERATOR,
}  # fmt: skip
PATTERNS = {PredicateKind.LIKE, PredicateKind.ILIKE, PredicateKind.REGEX}
SHORTEST_INFIX = 3
"""letters in a row, without which there is no trigram to look up"""
WILD = {PredicateKind.LIKE: "%_", PredicateKind.ILIKE: "%_", PredicateKind.REGEX: ".*+?()[]{}|\\^$"}


class Pattern(StrEnum):
    """What is known of the text that a column is compared with."""

    PREFIX = "prefix"
    """its beginning is fixed."""
    INFIX = "infix"
    """three letters in a row are."""
    HIDDEN = "hidden"
    """a parameter, whose value is not known."""
    NONE = "none"
    """nothing that an index could look up, or no pattern at all."""


class Search(msgspec.Struct, frozen=True):
    key: IndexKey
    kind: PredicateKind
    operator: str
    pattern: Pattern


def search_of(predicate: Predicate) -> Search | None:
    """None for what a btree answers, and for what is compared with other columns."""
    if predicate.kind not in KINDS or predicate.operand.columns or predicate.left_parameters:
        return None
    if predicate.column is not None and predicate.cast is None:
        key = IndexKey(column=predicate.column.column)
    elif predicate.index_expression is not None:
        key = IndexKey(expression=predicate.index_expression)
    else:
        return None
    return Search(key, predicate.kind, predicate.operator, _pattern(predicate))


def _pattern(predicate: Predicate) -> Pattern:
    if predicate.kind not in PATTERNS:
        return Pattern.NONE
    literals = predicate.operand.literals
    if not predicate.operand.plain or len(literals) != 1:
        return Pattern.HIDDEN
    text, wild = literals[0], WILD[predicate.kind]
    if predicate.kind is PredicateKind.LIKE and text[:1] not in wild and text:
        return Pattern.PREFIX
    runs = "".join(" " if letter in wild else letter for letter in text).split()
    return Pattern.INFIX if any(len(run) >= SHORTEST_INFIX for run in runs) else Pattern.NONE
