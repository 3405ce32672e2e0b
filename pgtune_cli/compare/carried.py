"""Statistics of a column whose type a migration changed."""

import re

import msgspec

from pgtune_cli.model.snapshot import ColumnStatistics

_FAMILIES = (
    {"smallint", "integer", "bigint"},
    {"smallint", "integer", "bigint", "numeric"},
    {"text", "character varying", "name", "public.citext"},
    {"timestamp without time zone", "date"},
    {"real", "double precision"},
)
"""types whose values are written alike and sort alike"""


def carried(row: ColumnStatistics, old: str, new: str) -> tuple[ColumnStatistics, bool]:
    """The row for the new type, and whether its values could stay.

    Share of NULLs, width and distinct values hold for any type; values and their order do not.
    """
    before, after = _bare(old), _bare(new)
    if before == after or any({before, after} <= family for family in _FAMILIES):
        return row, True
    stripped = msgspec.structs.replace(
        row,
        most_common_vals=None,
        most_common_freqs=None,
        histogram_bounds=None,
        correlation=None,
        most_common_elems=None,
        most_common_elem_freqs=None,
        elem_count_histogram=None,
        range_length_histogram=None,
        range_empty_frac=None,
        range_bounds_histogram=None,
    )
    return stripped, row.most_common_vals is None and row.histogram_bounds is None


def _bare(name: str) -> str:
    """Without the length: `character varying(40)` -> `character varying`."""
    return re.sub(r"\([^)]*\)", "", name)
