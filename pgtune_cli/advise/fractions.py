"""The fraction of a table's rows that meet a condition, where the condition tells what it compares with."""

from pgtune_cli.advise.facts import Facts
from pgtune_cli.explain.pg_array import parse_array
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.sql.shape import Predicate, PredicateKind

UNSELECTIVE = 0.5
"""a condition that more of the rows meet narrows nothing down"""
CONSTANTS = {"true": "t", "false": "f"}


def fraction(predicate: Predicate, table: RelationName, facts: Facts) -> float | None:
    """None without statistics, or for what is compared with a parameter or anything else that is not fixed."""
    statistics = facts.statistics(table, predicate.column.column) if predicate.column is not None else None
    if statistics is None or predicate.cast is not None:
        return None
    if predicate.kind is PredicateKind.IS_NULL:
        return statistics.null_frac
    value = truth(predicate) or constant(predicate)
    return None if value is None else frequency(statistics, value, facts.rows(table))


def truth(predicate: Predicate) -> str | None:
    """Of a boolean column by itself: `t` for `b`, `f` for `NOT b`; of a comparison with true or false too."""
    if predicate.kind is PredicateKind.BOOL:
        if predicate.operator == "":
            return "f" if predicate.under_not else "t"
        known = {"IS TRUE": "t", "IS FALSE": "f"}
        return None if predicate.under_not else known.get(predicate.operator)
    if predicate.kind is PredicateKind.EQ and predicate.operator == "=":
        return CONSTANTS.get(predicate.operand.sql.lower())
    return None


def constant(predicate: Predicate) -> str | None:
    """The one literal that a column is equal to."""
    operand = predicate.operand
    fixed = operand.plain and len(operand.literals) == 1 and not operand.parameters
    return operand.literals[0] if fixed and predicate.kind is PredicateKind.EQ and predicate.operator == "=" else None


def frequency(statistics: ColumnStatistics, value: str, rows: float | None) -> float:
    """The fraction of rows that have the value; what the common values leave over, for one that is not among them."""
    frequencies = statistics.most_common_freqs or ()
    for common, share in zip(parse_array(statistics.most_common_vals) or (), frequencies, strict=False):
        if common == value:
            return share
    others = max(0.0, 1.0 - statistics.null_frac - sum(frequencies))
    distinct = statistics.n_distinct if statistics.n_distinct >= 0 else -statistics.n_distinct * (rows or 0.0)
    left = distinct - len(frequencies)
    return others / left if left > 1 else others
