"""Sizes and heights of btrees, against what PostgreSQL 18 built (pg_relation_size and bt_metap), and their inputs."""

import pytest

from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.whatif.clone.btree import height
from pgtune_cli.whatif.clone.distinct import Distinct, drawn
from pgtune_cli.whatif.clone.lengths import sample_lengths, with_nulls
from pgtune_cli.whatif.clone.periods import periods
from pgtune_cli.whatif.clone.size import KeyColumn, btree_pages, entry_bytes, pivot
from pgtune_cli.whatif.clone.size_other import other_pages

BIGINT = KeyColumn(width=8, alignment=8, fixed=True, lengths=(8,))
INT = KeyColumn(width=4, alignment=4, fixed=True, lengths=(4,))


def text(*lengths: int) -> KeyColumn:
    return KeyColumn(width=sum(lengths) / len(lengths), alignment=4, fixed=False, lengths=lengths)


def statistics(column: str = "a", n_distinct: float = -1, **more: object) -> ColumnStatistics:
    return ColumnStatistics(
        schema="public",
        table="t",
        column=column,
        null_frac=0,
        avg_width=4,
        n_distinct=n_distinct,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("columns", "bytes_"),
    [
        ([INT], 16),
        ([BIGINT], 16),
        ([INT, BIGINT], 24),
        ([INT, INT], 16),
        ([text(3), BIGINT], 24),
        ([text(9)], 24),
        ([text(8, 9)], 20),
        ([text(200), INT], 216),
        ([text(0)], 16),
    ],
)
def test_an_entry_is_aligned_as_it_is_stored(columns: list[KeyColumn], bytes_: float) -> None:
    assert entry_bytes(columns) == bytes_


@pytest.mark.parametrize(
    ("rows", "columns", "distinct", "pages"),
    [
        (1_000_000, [BIGINT], None, 2745),
        (1_000_000, [INT], 1_000_000, 2745),
        (40_000, [INT, BIGINT], 40_000, 156),
        (0, [INT], None, 2),
        (40_000, [INT], 5, 36),
    ],
)
def test_pages_are_those_of_a_real_build(
    rows: float, columns: list[KeyColumn], distinct: float | None, pages: int
) -> None:
    assert btree_pages(rows, columns, distinct) == pages


def test_equal_keys_share_entries() -> None:
    sizes = [btree_pages(1_000_000, [INT], distinct) for distinct in (1_000_000, 500_000, 100_000, 1000, 2)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.33 * sizes[0]


@pytest.mark.parametrize(("blocks", "levels"), [(2, 0), (3, 1), (287, 1), (289, 2), (2745, 2), (100_000, 3)])
def test_a_tree_is_as_high_as_its_pages_need(blocks: int, levels: int) -> None:
    assert height(blocks, 4, split_keys=False) == levels


def test_inner_pages_hold_fewer_children_where_keys_repeat() -> None:
    assert height(250, 4, split_keys=False) == 1
    assert height(250, 4, split_keys=True) == 2


def test_inner_pages_keep_the_columns_that_tell_pages_apart() -> None:
    def kept(*distinct: float | None, deduplicates: bool = False) -> tuple[float, bool]:
        found = pivot([8, 4], distinct, 1000, deduplicates)
        return found.width, found.split_keys

    assert kept(500, 1000) == (8, False)
    assert kept(10, 1000) == (12, False)
    assert kept(10, 20) == (12, True)
    assert kept(10, 20, deduplicates=True) == (8, False)
    assert kept(1, 1, deduplicates=True) == (12, True)
    assert kept(None, None) == (12, False)


TABLE = Relation(
    oid=1,
    schema="public",
    name="t",
    kind=RelationKind.TABLE,
    columns=tuple(Column(attnum=n, name=name, type="integer", not_null=True) for n, name in enumerate("abc", 1)),
)


def distinct_of(*keys: IndexKey, rows: float = 1000, indexes: tuple[Index, ...] = ()) -> float | None:
    known = (statistics("a", 50), statistics("b", -0.5), statistics("c", 10))
    return Distinct(Catalog(indexes=indexes), known).keys(TABLE, keys, 1000, rows)


def test_distinct_keys_of_one_and_of_several_columns() -> None:
    a, b, c = (IndexKey(column=name) for name in "abc")
    assert distinct_of(a) == 50
    assert distinct_of(b) == 500
    assert distinct_of(a, c) == pytest.approx(drawn(500, 1000))
    assert distinct_of(a, b) == pytest.approx(drawn(25_000, 1000))
    assert distinct_of(IndexKey(column="d")) is None
    assert distinct_of(IndexKey(expression="lower(b)")) == 500


def test_keys_over_a_unique_index_are_all_different() -> None:
    unique = Index(
        oid=1,
        schema="public",
        name="u",
        table=RelationName("public", "t"),
        method="btree",
        unique=True,
        definition="",
        keys=(IndexKey(column="a"), IndexKey(column="c")),
    )
    keys = (IndexKey(column="c"), IndexKey(column="a"), IndexKey(column="b"))
    assert distinct_of(*keys, rows=200, indexes=(unique,)) == 200


def test_lengths_come_from_the_values_where_they_are_known() -> None:
    row = statistics(most_common_vals='{ab,"c d"}', most_common_freqs=(0.25, 0.25), histogram_bounds="{abcde,fghij}")
    lengths = sample_lengths(row, 5.0, "character varying(9)")
    assert {length: lengths.count(length) for length in sorted(set(lengths))} == {3: 12, 4: 12, 6: 24}
    assert set(sample_lengths(row, 10.0, "jsonb")) == {6, 8, 14}
    assert sample_lengths(None, 20.0, "text") == tuple(range(16, 24))
    assert with_nulls((8,), 0.25).count(0) == 12
    assert with_nulls((8,), 0) == (8,)


def test_a_number_takes_two_bytes_for_each_four_digits() -> None:
    numbers = {"0": 3, "5": 5, "-9999": 5, "10000": 5, "12345": 7, "12345.67": 9, "0.00001": 5, "100.50": 7}
    for text, size in numbers.items():
        assert set(sample_lengths(statistics(histogram_bounds=f"{{{text}}}"), 1, "numeric(15,2)")) == {size}, text


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("date_trunc('day'::text, at)", 31),
        ("date_trunc('month'::text, at)", 1),
        ("(at)::date", 31),
        ("EXTRACT(hour FROM at)", 24),
        ("date_part('dow'::text, at)", 7),
        ("lower(at)", None),
        ("date_trunc('fortnight', at)", None),
    ],
)
def test_truncated_times_are_counted_in_units_of_their_span(expression: str, count: float | None) -> None:
    row = statistics(histogram_bounds='{"2025-01-01 00:00:00","2025-01-10 12:00:00","2025-01-31 10:00:00"}')
    assert periods(expression, row) == count


def test_times_that_are_none_are_not_counted() -> None:
    assert periods("date_trunc('day', at)", statistics(histogram_bounds='{-infinity,infinity,"0044-03-15 BC"}')) in (
        None,
        1,
    )


@pytest.mark.parametrize(
    ("rows", "distinct", "pages"),
    # measured on PostgreSQL 18: lineitem(l_partkey), orders(o_clerk), 100 towns of 20,000 rows
    [(120_000, 4000, 530), (30_000, 1000, 137), (20_800, 90, 150)],
)
def test_a_hash_index_has_its_buckets_and_their_overflow(rows: int, distinct: int, pages: int) -> None:
    assert other_pages("hash", rows, 1000, [INT], distinct) == pytest.approx(pages, rel=0.15)


def test_a_brin_index_has_a_metapage_a_map_and_its_ranges() -> None:
    assert other_pages("brin", 1e5, 1000, [INT]) == 3
    # 1 TB: 1360 ranges a page of the map, an entry of 16 bytes and a line pointer for each
    assert other_pages("brin", 1e10, 2**27, [INT]) == 1 + 772 + 2573


def test_a_gin_index_grows_with_the_elements_of_its_arrays() -> None:
    assert other_pages("gin", 20_800, 1000, [INT], elements=2) == pytest.approx(20, rel=0.25)
    assert other_pages("gin", 20_800, 1000, [INT], elements=20) > 100


@pytest.mark.parametrize(
    ("rows", "width", "trigrams", "mb"),
    [(30_000, 35, True, 3.0), (120_000, 22, True, 5.8), (30_000, 275, True, 16.3), (30_000, 415, False, 5.2)],
)
def test_a_gin_index_grows_with_the_length_of_its_texts(rows: int, width: int, trigrams: bool, mb: float) -> None:
    """As built: of so many megabytes, within a factor of two."""
    column = KeyColumn(width=width, alignment=1, fixed=False, lengths=(width,))
    found = other_pages("gin", rows, 1000, [column], trigrams=trigrams) * 8192 / 2**20
    assert mb / 2 < found < mb * 2
