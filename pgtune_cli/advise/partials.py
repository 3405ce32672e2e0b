"""Conditions that an index may be partial for: shown by a constant in the text, or guessed from the statistics."""

import msgspec

from pgtune_cli.advise.access import Access
from pgtune_cli.advise.candidates import Partial
from pgtune_cli.advise.facts import Facts
from pgtune_cli.explain.pg_array import parse_array
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.sql.quote import quote_identifier, quote_literal
from pgtune_cli.sql.shape import Predicate, PredicateKind

FEW_VALUES = 100
"""a column of states, not of keys: an index for one value of it is an index for a queue, not for a customer"""
LARGEST_FRACTION = 0.5
"""a condition that most rows meet saves nothing"""
SKEWED = 0.5
"""one value holds so many of the rows: the others are what a queue looks for"""


class Skew(msgspec.Struct, frozen=True):
    """A column of few values that is compared with a parameter, most rows having one value."""

    column: str
    values: int
    largest: float


def partials(access: Access, facts: Facts, channel: str) -> list[Partial]:
    """Conditions whose constant is known. `channel` is where the text that shows it came from."""
    found = (_partial(access.table, predicate, facts, channel) for predicate in access.constants)
    return list(dict.fromkeys(partial for partial in found if partial is not None))


def skews(access: Access, facts: Facts) -> list[Skew]:
    """Columns for which a partial index would pay if the parameter is one of the rare values."""
    found = []
    for predicate in access.constants:
        column = predicate.column
        hidden = predicate.kind is PredicateKind.EQ and predicate.operand.parameters and predicate.cast is None
        statistics = facts.statistics(access.table, column.column) if column and hidden else None
        if statistics is not None and statistics.most_common_freqs and 1 < statistics.n_distinct <= FEW_VALUES:
            largest = max(statistics.most_common_freqs)
            if largest >= SKEWED:
                found.append(Skew(statistics.column, round(statistics.n_distinct), largest))
    return list(dict.fromkeys(found))


def _partial(table: RelationName, predicate: Predicate, facts: Facts, channel: str) -> Partial | None:
    column = predicate.column
    if column is None or predicate.cast is not None:
        return None
    statistics = facts.statistics(table, column.column)
    if statistics is None:
        return None
    name, key = quote_identifier(column.column), IndexKey(column=column.column)
    if predicate.kind is PredicateKind.IS_NULL:
        sql, fraction = f"{name} IS NULL", statistics.null_frac
    elif predicate.kind is PredicateKind.BOOL and predicate.operator in ("", "IS TRUE"):
        sql, fraction = name, frequency(statistics, "t")
    elif predicate.kind is PredicateKind.EQ and _one_constant(predicate) and 0 < statistics.n_distinct <= FEW_VALUES:
        literal = predicate.operand.literals[0]
        sql, fraction = f"{name} = {quote_literal(literal)}", frequency(statistics, literal)
    else:
        return None
    return Partial(sql, key, channel) if fraction <= LARGEST_FRACTION else None


def _one_constant(predicate: Predicate) -> bool:
    operand = predicate.operand
    return operand.plain and len(operand.literals) == 1 and not operand.parameters and predicate.operator == "="


def frequency(statistics: ColumnStatistics, value: str) -> float:
    """The fraction of rows that have the value; what the common values leave over, for one that is not among them."""
    frequencies = statistics.most_common_freqs or ()
    for common, fraction in zip(parse_array(statistics.most_common_vals) or (), frequencies, strict=False):
        if common == value:
            return fraction
    return max(0.0, 1.0 - statistics.null_frac - sum(frequencies))
