"""What CREATE STATISTICS collected, and the extreme values of columns that lead an index."""

from typing import Annotated

import msgspec

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.marks import VALUES
from pgtune_cli.model.numbers import Correlation, Distinct, Int4, Share

Attribute = str | int
"""a column's name; or, for an expression, its number in the definition, from 1."""


class DistinctCount(msgspec.Struct, frozen=True):
    """How many combinations of these attributes there are (ndistinct)."""

    attributes: tuple[Attribute, ...]
    count: float


class Dependency(msgspec.Struct, frozen=True):
    """How far the last attribute follows from the ones before it, 0 to 1 (dependencies)."""

    attributes: tuple[Attribute, ...]
    degree: Correlation


class CommonRow(msgspec.Struct, frozen=True):
    """One combination of values (mcv): the columns in the order of the table, then the expressions; None is NULL."""

    values: tuple[str | None, ...]
    frequency: Share
    base_frequency: Share


class ExpressionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One row of pg_stats_ext_exprs; as ColumnStatistics."""

    expression: str
    null_frac: Share | None = None
    avg_width: Int4 | None = None
    n_distinct: Distinct | None = None
    most_common_vals: Annotated[str | None, VALUES] = None
    most_common_freqs: Annotated[tuple[Share, ...] | None, VALUES] = None
    histogram_bounds: Annotated[str | None, VALUES] = None
    correlation: Correlation | None = None
    most_common_elems: Annotated[str | None, VALUES] = None
    most_common_elem_freqs: Annotated[tuple[float, ...] | None, VALUES] = None
    elem_count_histogram: Annotated[tuple[float, ...] | None, VALUES] = None


class ExtendedData(msgspec.Struct, frozen=True, kw_only=True):
    """What one statistics object holds: one row of pg_stats_ext."""

    schema: str
    name: str
    """of the statistics object."""
    inherited: bool = False
    distinct: tuple[DistinctCount, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    common: Annotated[tuple[CommonRow, ...], VALUES] = ()
    expressions: tuple[ExpressionStatistics, ...] = ()


class Extremes(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest and the largest value of a column, as text: the planner looks them up in an index."""

    table: RelationName
    column: str
    low: str
    high: str
