"""A serialized list of common values (statistics/mcv.c), with frequencies of our own."""

import struct
from collections.abc import Sequence


def patched(data: bytes, dimensions: int, frequencies: Sequence[tuple[float, float]]) -> bytes:
    """The list with these frequencies and base frequencies, item by item. ValueError if the items are not as many.

    An item, all of them at the end: which values are null, two doubles, the place of each value in its dimension.
    """
    items = struct.unpack_from("<III", data)[2]
    if items != len(frequencies):
        raise ValueError(f"{items} items, not {len(frequencies)}")
    size = dimensions + 16 + 2 * dimensions
    start = len(data) - size * items
    changed = bytearray(data)
    for place, (frequency, base) in enumerate(frequencies):
        struct.pack_into("<dd", changed, start + place * size + dimensions, frequency, base)
    return bytes(changed)
