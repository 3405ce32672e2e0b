"""A btree of a given height, with two entries or none, written straight into the index's file.

The planner reads the height from the metapage (nbtpage.c, _bt_getrootheight) and charges a descent for it. It also
really walks down the tree to look for a column's extreme values (get_actual_variable_range): a root and a leaf must
be there, and the walk does not count the levels between. In a partial index it looks for none, and the metapage alone
is all that is read. Layouts: access/nbtree.h, storage/bufpage.h.
"""

import math
import struct
from collections.abc import Sequence
from pathlib import Path

from pgtune_cli.whatif.clone.files import BLOCK

SPECIAL = BLOCK - 16
PAGE_HEADER = 24
USABLE = SPECIAL - PAGE_HEADER
MAGIC = 0x053162
MAGIC_AT, ROOT_AT, ALL_EQUAL_IMAGE_AT = 24, 32, 64
LEAF, ROOT = 1, 2
LINE_POINTER_NORMAL = 1 << 15
PIVOT = 0x2000
INNER_FILL = 0.7
LAYOUT_VERSION = 4


def aligned(size: float, to: int = 8) -> int:
    """The next multiple of `to` bytes."""
    return math.ceil(size / to) * to


def fanout(key_width: float, split_keys: bool) -> int:
    """Children of an inner page. Where equal keys lie on both sides of a page's end, a row's address is added."""
    pivot = aligned(8 + key_width) + (8 if split_keys else 0)
    return max(2, int(USABLE * INNER_FILL / (pivot + 4)) + 1)


def height(blocks: int, key_width: float, split_keys: bool) -> int:
    """Levels above the leaves of a btree of so many blocks, whose keys have `key_width` bytes."""
    children = fanout(key_width, split_keys)
    level, pages = 0, max(1, blocks - 1)
    while pages > 1:
        pages = math.ceil(pages / children)
        level += 1
    return level


def write_tree(path: Path, levels: int, entries: Sequence[bytes] = (), *, whole: bool = True) -> None:
    """Give the empty index at `path` that height, and its leaf these index tuples in their order. `whole` is False for
    a partial index.

    Its buffers must not be cached. ValueError if it is no btree.
    """
    with path.open("r+b") as file:
        meta = bytearray(file.read(BLOCK))
        if len(meta) < BLOCK or struct.unpack_from("<I", meta, MAGIC_AT)[0] != MAGIC:
            raise ValueError("the index has no btree metapage")
        # root, its level, fast root, its level
        struct.pack_into("<IIII", meta, ROOT_AT, 1, levels, 1, levels)
        file.seek(0)
        file.write(meta)
        if not whole:
            return
        if levels > 0:
            file.write(_inner_page(levels, 2, ROOT))
        file.write(_page(0, LEAF | (ROOT if levels == 0 else 0), entries))


def can_deduplicate(path: Path) -> bool:
    """Whether equal keys share an entry: PostgreSQL notes it in the metapage when it builds the index."""
    with path.open("rb") as file:
        file.seek(ALL_EQUAL_IMAGE_AT)
        return file.read(1) == b"\x01"


def _inner_page(level: int, child: int, flags: int) -> bytes:
    """One pivot without key columns (minus infinity) that leads to `child`."""
    pivot = struct.pack("<HHHH", child >> 16, child & 0xFFFF, 0, 8 | PIVOT)
    return _page(level, flags, [pivot])


def _page(level: int, flags: int, items: Sequence[bytes]) -> bytes:
    page = bytearray(BLOCK)
    lower, upper = PAGE_HEADER, SPECIAL
    for item in items:
        upper -= aligned(len(item))
        page[upper : upper + len(item)] = item
        struct.pack_into("<I", page, lower, upper | LINE_POINTER_NORMAL | len(item) << 17)
        lower += 4
    struct.pack_into("<QHHHHHHI", page, 0, 0, 0, 0, lower, upper, SPECIAL, BLOCK | LAYOUT_VERSION, 0)
    struct.pack_into("<IIIHH", page, SPECIAL, 0, 0, level, flags, 0)
    return bytes(page)
