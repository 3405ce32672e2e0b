"""Conditions that an index may be partial for: shown by a constant in the text, or guessed from the statistics."""

import msgspec

from pgtune_cli.advise.access import Access
from pgtune_cli.advise.candidates import Partial
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.fractions import UNSELECTIVE, constant, fraction, truth
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.sql.quote import quote_identifier, quote_literal
from pgtune_cli.sql.shape import Predicate, PredicateKind

FEW_VALUES = 100
"""a column of states, not of keys: an index for one value of it is an index for a queue, not for a customer"""
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
    value, true = constant(predicate), truth(predicate)
    if predicate.kind is PredicateKind.IS_NULL:
        sql = f"{name} IS NULL"
    elif true is not None:
        sql = name if true == "t" else f"NOT {name}"
    elif value is not None and 0 < statistics.n_distinct <= FEW_VALUES:
        sql = f"{name} = {quote_literal(value)}"
    else:
        return None
    share = fraction(predicate, table, facts)
    return Partial(sql, key, channel) if share is not None and share <= UNSELECTIVE else None
