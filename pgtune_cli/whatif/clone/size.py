"""How many pages a btree will have when it is built, as nbtsort.c lays it out: alignment, fill factor, duplicates."""

import math
from collections.abc import Sequence

import msgspec

from pgtune_cli.whatif.clone.btree import USABLE, aligned, fanout
from pgtune_cli.whatif.clone.files import BLOCK

ENTRY_HEADER, HEADER_WITH_NULLS = 8, 16
LINE_POINTER = 4
FILL_FACTOR = 90
LONGEST_POSTING = BLOCK * 10 // 100 // 8 * 8 - LINE_POINTER
"""a posting list ends at a tenth of a page (nbtsort.c, _bt_load)"""
ROW_POINTER = 6
SPLIT_GROUP = 4
"""entries of one key from which on most pages end amid such a group; fewer, and a split finds a better place"""
STRIDES = (1, 7, 11, 5, 13)
LONGEST_UNALIGNED = 127
LONGEST_ENTRY = 2704
"""BTMaxItemSize: longer keys cannot be indexed, and are compressed before that"""


class KeyColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of an index, as stored, header included."""

    width: float
    """bytes, on average."""
    alignment: int
    fixed: bool
    """False for types of varying length, which are stored unaligned when short."""
    lengths: tuple[int, ...]
    """a sample; 0 is a null."""


class Pivot(msgspec.Struct, frozen=True):
    """The keys of inner pages: bytes of their columns, and whether most need a row's address to be told apart."""

    width: float
    split_keys: bool


def entry_bytes(columns: list[KeyColumn]) -> float:
    """The average index entry without its line pointer."""
    draws = max((len(column.lengths) for column in columns), default=1)
    total = sum(min(LONGEST_ENTRY, _one_entry(columns, draw)) for draw in range(draws))
    return total / max(1, draws)


def _one_entry(columns: list[KeyColumn], draw: int) -> int:
    """With values that are drawn from the samples, each column's at its own pace."""
    data, header = 0, ENTRY_HEADER
    for place, column in enumerate(columns):
        length = column.lengths[draw * STRIDES[place % len(STRIDES)] % len(column.lengths)]
        if length == 0:
            header = HEADER_WITH_NULLS
            continue
        if column.fixed or length > LONGEST_UNALIGNED:
            data = aligned(data, column.alignment)
        data += length
    return aligned(header + data)


def btree_pages(rows: float, columns: list[KeyColumn], distinct: float | None = None) -> int:
    """Pages of a fresh build over so many rows. `distinct` keys share entries; None for keys that cannot."""
    size = entry_bytes(columns)
    if distinct is None or distinct >= rows:
        total, largest = rows * (size + LINE_POINTER), size
    else:
        total, largest = _deduplicated(rows, max(1.0, distinct), size)
    level = max(1, math.ceil(total / _leaf_room(largest)))
    pages = level
    children = fanout(size - ENTRY_HEADER, split_keys=False)
    while level > 1:
        level = math.ceil(level / children)
        pages += level
    return pages + 1


def pivot(widths: Sequence[float], distinct: Sequence[float | None], rows: float, deduplicates: bool) -> Pivot:
    """What inner pages hold of a key: the columns that tell the pages to both sides apart (suffix truncation).

    `distinct` counts the keys of each prefix, the whole key last; None where it is not known.
    """
    whole = distinct[-1] if distinct else None
    entries = rows
    if deduplicates and whole:
        entries = max(whole, rows / posting_capacity(ENTRY_HEADER + sum(widths)))
    data = 0.0
    for width, count in zip(widths, distinct, strict=True):
        data += width
        if count and entries / count < SPLIT_GROUP:
            return Pivot(data, False)
    return Pivot(data, bool(whole))


def posting_capacity(entry: float) -> float:
    """Row addresses in the longest posting list."""
    return max(1.0, (LONGEST_POSTING - aligned(entry)) // ROW_POINTER)


def _leaf_room(entry: float) -> float:
    """Bytes of a leaf that entries fill: it is closed at the fill factor, and its last entry becomes the high key."""
    unit = entry + LINE_POINTER
    reserve = BLOCK * (100 - FILL_FACTOR) // 100
    until_closed = math.ceil((USABLE - 2 * LINE_POINTER - reserve) / unit)
    return max(1, until_closed - 1) * unit


def _deduplicated(rows: float, distinct: float, size: float) -> tuple[float, float]:
    """Bytes of all entries, line pointers included, and of the largest: posting lists of equal keys."""
    per_key = rows / distinct
    capacity = posting_capacity(size)
    full, rest = divmod(per_key, capacity)
    longest = aligned(size + ROW_POINTER * capacity)
    total = full * (longest + LINE_POINTER) + _last_entry(rest, size)
    return distinct * total, longest if full else aligned(size + ROW_POINTER * rest)


def _last_entry(rows: float, size: float) -> float:
    """Bytes for what a key's full posting lists leave over; between whole numbers of rows, in proportion."""
    below, part = divmod(rows, 1)
    return (1 - part) * _entry_of(int(below), size) + part * _entry_of(int(below) + 1, size)


def _entry_of(rows: int, size: float) -> float:
    if rows == 0:
        return 0.0
    return (size if rows == 1 else aligned(size + ROW_POINTER * rows)) + LINE_POINTER
