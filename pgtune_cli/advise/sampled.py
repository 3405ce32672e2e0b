"""What ANALYZE would make of a sample, by PostgreSQL's own rules (analyze.c, statistics/*.c)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, permutations
from math import prod, sqrt

import msgspec

from pgtune_cli.explain.pg_array import array_literal
from pgtune_cli.explain.table_sample import TableSample
from pgtune_cli.model.extended import CommonRow, Dependency, DistinctCount, ExpressionStatistics, ExtendedData
from pgtune_cli.model.snapshot import ColumnStatistics

FRACTION_ABOVE = 0.1
"""more distinct values than this part of the rows are taken to grow with the table"""

Row = tuple[str | None, ...]


def distinct(counts: Iterable[int], rows: float) -> float:
    """How many distinct values a table of so many rows has (Haas and Stokes' Duj1, as estimate_ndistinct())."""
    found = list(counts)
    sampled, once = sum(found), sum(count == 1 for count in found)
    if not found:
        return 0.0
    guess = sampled * len(found) / (sampled - once + once * sampled / rows) if sampled < rows else float(len(found))
    return float(round(min(max(guess, len(found)), rows)))


def as_fraction(count: float, rows: float) -> float:
    """n_distinct: the count, or minus its part of the rows."""
    return -count / rows if count > FRACTION_ABOVE * rows else count


def column_counts(sample: TableSample, place: int) -> Counter[str | None]:
    found: Counter[str | None] = Counter()
    for row, count in sample.combinations:
        found[row[place]] += count
    return found


def column_statistics(known: ColumnStatistics, sample: TableSample, place: int, target: int) -> ColumnStatistics:
    """The row of pg_stats with the sample's own common values and number of distinct ones."""
    counts = column_counts(sample, place)
    nulls = counts.pop(None, 0) / sample.rows
    count = distinct(counts.values(), sample.table_rows)
    common = _common_values(counts, count, nulls, sample, target)
    return msgspec.structs.replace(
        known,
        null_frac=nulls,
        n_distinct=as_fraction(count, sample.table_rows),
        most_common_vals=array_literal([value for value, _ in common]) if common else None,
        most_common_freqs=tuple(number / sample.rows for _, number in common) if common else None,
        histogram_bounds=known.histogram_bounds if len(common) < len(counts) else None,
    )


def expression_statistics(text: str, sample: TableSample, place: int, target: int) -> ExpressionStatistics:
    counts = column_counts(sample, place)
    nulls = counts.pop(None, 0) / sample.rows
    count = distinct(counts.values(), sample.table_rows)
    common = _common_values(counts, count, nulls, sample, target)
    length = sum(len((value or "").encode()) * number for value, number in counts.items())
    return ExpressionStatistics(
        expression=text,
        null_frac=nulls,
        avg_width=length // max(sum(counts.values()), 1),
        n_distinct=as_fraction(count, sample.table_rows),
        most_common_vals=array_literal([value for value, _ in common]) if common else None,
        most_common_freqs=tuple(number / sample.rows for _, number in common) if common else None,
    )


def extended_data(
    schema: str, name: str, sample: TableSample, columns: Sequence[str], expressions: Sequence[str],
    kinds: Sequence[str], target: int, *, inherited: bool,
) -> ExtendedData:  # fmt: skip
    """What CREATE STATISTICS of these kinds would hold; the sample's keys are the columns, then the expressions."""
    attributes = (*columns, *range(1, len(expressions) + 1))
    places = range(len(attributes))
    sets = [places_ for size in range(2, len(attributes) + 1) for places_ in combinations(places, size)]
    return ExtendedData(
        schema=schema,
        name=name,
        inherited=inherited,
        distinct=tuple(
            DistinctCount(tuple(attributes[p] for p in some), distinct(_of(sample, some).values(), sample.table_rows))
            for some in (sets if "ndistinct" in kinds else ())
        ),
        dependencies=tuple(
            Dependency(tuple(attributes[p] for p in (*some, implied)), degree)
            for some, implied in (_implications(sets) if "dependencies" in kinds else ())
            if (degree := _degree(sample, some, implied)) > 0
        ),
        common=tuple(_common_rows(sample, target)) if "mcv" in kinds else (),
        expressions=tuple(
            expression_statistics(text, sample, len(columns) + number, target)
            for number, text in enumerate(expressions)
        ),
    )


def _of(sample: TableSample, places: Sequence[int]) -> Counter[Row]:
    found: Counter[Row] = Counter()
    for row, count in sample.combinations:
        found[tuple(row[place] for place in places)] += count
    return found


def _implications(sets: Iterable[tuple[int, ...]]) -> Iterable[tuple[tuple[int, ...], int]]:
    return sorted({(tuple(sorted(each[:-1])), each[-1]) for some in sets for each in permutations(some)})


def _degree(sample: TableSample, given: tuple[int, ...], implied: int) -> float:
    """The rows whose given values go with one implied value alone, as a fraction (dependency_degree())."""
    values: defaultdict[Row, set[str | None]] = defaultdict(set)
    for row, _ in sample.combinations:
        values[tuple(row[place] for place in given)].add(row[implied])
    rows = _of(sample, given)
    return sum(rows[key] for key, several in values.items() if len(several) == 1) / sample.rows


def _common_rows(sample: TableSample, target: int) -> Iterable[CommonRow]:
    """statext_mcv_build(): those seen too seldom to be sure of are left out."""
    rows, total = sample.rows, sample.table_rows
    least = rows * (total - rows) / (total - rows + 0.04 * rows * (total - 1)) if total > 1 else 0.0
    ordered = sorted(sample.combinations, key=lambda each: -each[1])[:target]
    width = len(sample.combinations[0][0])
    singly = [column_counts(sample, place) for place in range(width)]
    for row, count in ordered:
        if count >= least:
            base = prod(singly[place][row[place]] / rows for place in range(width))
            yield CommonRow(row, count / rows, base)


def _common_values(
    counts: Counter[str | None], distinct_: float, nulls: float, sample: TableSample, target: int
) -> list[tuple[str, int]]:
    """analyze_mcv_list(): all where they are few and the list is complete, else what is significantly common."""
    rows, total = sample.rows, sample.table_rows
    tracked = [(value or "", count) for value, count in counts.most_common()]
    if len(tracked) <= target and distinct_ <= len(tracked) and distinct_ <= FRACTION_ABOVE * total:
        return tracked
    kept = [each for each in tracked if each[1] > 1][:target]
    more = sum(count for _, count in kept)
    while kept and rows < total:
        last = kept[-1][1]
        more -= last
        others = distinct_ - (len(kept) - 1)
        share = min(max(1.0 - more / rows - nulls, 0.0), 1.0)
        share = share / others if others > 1 else share
        scaled = total * last / rows
        variance = rows * scaled * (total - scaled) * (total - rows) / (total * total * (total - 1))
        if last > share * rows + 2 * sqrt(max(variance, 0.0)) + 0.5:
            break
        kept.pop()
    return kept
