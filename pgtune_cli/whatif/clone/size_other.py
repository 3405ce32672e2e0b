"""Rough sizes of indexes that are not btrees: right in order of magnitude, for budgets; not fitted to real builds."""

import math

from pgtune_cli.whatif.clone.btree import USABLE, aligned
from pgtune_cli.whatif.clone.size import KeyColumn

HASH_ENTRY, HASH_FILL = 20, 0.75
GIST_FILL, GIST_HEADER = 0.7, 12
GIN_FILL, GIN_ROW_BYTES, GIN_KEY_SHARE = 0.8, 2.5, 0.3
BRIN_RANGE, BRIN_HEADER = 128, 8


def other_pages(method: str, rows: float, table_pages: int, columns: list[KeyColumn]) -> int:
    """Pages of a hash, gist, spgist, gin or brin index over so many rows in so many table pages."""
    width = sum(column.width for column in columns)
    match method:
        case "hash":
            return 4 + math.ceil(rows * HASH_ENTRY / (USABLE * HASH_FILL))
        case "brin":
            return 3 + math.ceil(math.ceil(table_pages / BRIN_RANGE) * (BRIN_HEADER + aligned(2 * width)) / USABLE)
        case "gin":
            # postings are compressed to a few bytes a row and key; the number of keys grows with the value's length
            return 3 + math.ceil(rows * max(GIN_ROW_BYTES, width * GIN_KEY_SHARE) / (USABLE * GIN_FILL))
    return 2 + math.ceil(rows * (aligned(GIST_HEADER + width) + 4) / (USABLE * GIST_FILL))
