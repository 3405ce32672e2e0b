"""Sizes of indexes that are not btrees, as PostgreSQL 18 builds them."""

import math

from pgtune_cli.whatif.clone.btree import USABLE, aligned
from pgtune_cli.whatif.clone.files import BLOCK
from pgtune_cli.whatif.clone.size import KeyColumn

HASH_ENTRY, HASH_FILL = 20, 0.75
HASH_PAGE = USABLE // HASH_ENTRY
HASH_SINGLE_PHASE_GROUPS = 10
GIST_FILL, SPGIST_FILL, GIST_HEADER = 0.9, 0.7, 12
"""ranges, points and the types of btree_gist are sorted before they are put in"""
GIN_FILL, GIN_ROW_BYTES, GIN_PAIR_BYTES = 0.8, 3.0, 3.0
GIN_TRIGRAMS, GIN_DOCUMENT = 2.6, 0.6
"""bytes of the index for each of the value's: postings are compressed to a few bytes a row and key. Built: trigrams of
texts of 18 to 275 bytes 2.0 to 3.8; documents and texts of words 0.1 to 1.1, by how many of their values differ"""
BRIN_RANGE, BRIN_ENTRY_HEADER, BRIN_RANGES_OF_MAP_PAGE = 128, 12, 1360


def other_pages(
    method: str,
    rows: float,
    table_pages: int,
    columns: list[KeyColumn],
    distinct: float | None = None,
    elements: float | None = None,
    trigrams: bool = False,
) -> int:
    """Pages of a hash, gist, spgist, gin or brin index over so many rows in so many table pages.

    `distinct` keys, and `elements` of an array on average, where they are known. Of gin, the columns are those of the
    table, which hold whole values.
    """
    width = sum(column.width for column in columns)
    match method:
        case "hash":
            return _hash_pages(rows, min(rows, distinct or rows))
        case "brin":
            ranges = max(1, math.ceil(table_pages / BRIN_RANGE))
            entries = math.ceil(ranges * (BRIN_ENTRY_HEADER + aligned(2 * width)) / USABLE)
            return 1 + math.ceil(ranges / BRIN_RANGES_OF_MAP_PAGE) + entries
        case "gin":
            if elements is not None:
                return 3 + math.ceil(rows * elements * GIN_PAIR_BYTES / (USABLE * GIN_FILL))
            size = max(GIN_ROW_BYTES, width * (GIN_TRIGRAMS if trigrams else GIN_DOCUMENT))
            return 3 + math.ceil(rows * size / USABLE)
    fill = SPGIST_FILL if method == "spgist" else GIST_FILL
    return 2 + math.ceil(rows * (aligned(GIST_HEADER + width) + 4) / (USABLE * fill))


def _hash_pages(rows: float, distinct: float) -> int:
    """The metapage, a bitmap, the buckets, and what keys that meet in a bucket overflow."""
    buckets = _buckets(rows / (BLOCK * HASH_FILL // HASH_ENTRY))
    return 2 + buckets + math.ceil(buckets * _overflow(rows, distinct, buckets))


def _buckets(wanted: float) -> int:
    """Powers of two, and from 2^10 on their quarters (hashutil.c, _hash_spareindex)."""
    if wanted <= 2:
        return 2
    group = math.ceil(math.log2(math.ceil(wanted)))
    if group < HASH_SINGLE_PHASE_GROUPS:
        return 1 << group
    half = 1 << (group - 1)
    return half + math.ceil((wanted - half) / (half >> 2)) * (half >> 2)


def _overflow(rows: float, distinct: float, buckets: int) -> float:
    """Overflow pages of a bucket: as many keys come to it as chance will have it, each with its rows."""
    if distinct <= 0:
        return 0.0
    mean, each = distinct / buckets, rows / distinct
    spread = 8 * math.sqrt(mean) + 8
    total = 0.0
    for keys in range(max(0, int(mean - spread)), int(mean + spread) + 1):
        pages = math.ceil(keys * each / HASH_PAGE) - 1
        if pages > 0:
            total += pages * math.exp(keys * math.log(mean) - mean - math.lgamma(keys + 1))
    return total
