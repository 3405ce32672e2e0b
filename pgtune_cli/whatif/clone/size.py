"""How many pages a btree will have when it is built, as nbtsort.c lays it out: alignment, fill factor, duplicates."""

import math

import msgspec

from pgtune_cli.whatif.clone.btree import USABLE, aligned, fanout
from pgtune_cli.whatif.clone.files import BLOCK

ENTRY_HEADER = 8
LINE_POINTER = 4
FILL_FACTOR = 90
LONGEST_POSTING = BLOCK * 10 // 100 // 8 * 8 - LINE_POINTER
"""a posting list ends at a tenth of a page (nbtsort.c, _bt_load)"""
ROW_POINTER = 6
LONGEST_ENTRY = 2704
"""BTMaxItemSize: longer keys cannot be indexed, and are compressed before that"""


class KeyColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of an index, as stored: `width` in bytes, header included."""

    width: float
    alignment: int
    fixed: bool
    """False for types of varying length, which are stored unaligned when short."""
    null_frac: float = 0.0


def entry_bytes(columns: list[KeyColumn]) -> float:
    """The average index entry without its line pointer."""
    data = 0.0
    for column in columns:
        if column.fixed or column.width > 127:
            data = aligned(data, column.alignment)
        data += column.width * (1 - column.null_frac)
    if all(column.fixed for column in columns):
        size: float = aligned(ENTRY_HEADER + data)
    else:
        # lengths vary from row to row, and each row is rounded up by itself: 3.5 bytes on average
        size = max(16.0, ENTRY_HEADER + data + 3.5)
    return min(size, LONGEST_ENTRY)


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


def splits_keys(rows: float, distinct: float | None, key_width: float, deduplicates: bool) -> bool:
    """Whether most pages end amid entries of equal keys: then inner pages tell them apart by the row's address."""
    if not distinct:
        return False
    entries = rows / distinct
    if deduplicates:
        entries /= posting_capacity(ENTRY_HEADER + key_width)
    return entries >= 2


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
    total = full * (longest + LINE_POINTER)
    if rest >= 1:
        single = rest < 2
        last = (size + LINE_POINTER) * rest if single else aligned(size + ROW_POINTER * rest) + LINE_POINTER
        total += last
    elif full == 0:
        total = per_key * (size + LINE_POINTER)
    largest = longest if full else aligned(size + ROW_POINTER * rest)
    return distinct * total, largest
