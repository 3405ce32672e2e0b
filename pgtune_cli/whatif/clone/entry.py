"""Index entries with a value in their first column, as PostgreSQL stores them: access/itup.h, varatt.h, numeric.c.

What the server sends of a value (its typsend) is turned into what it stores.
"""

import struct
from collections.abc import Callable

NULLS, VARYING = 0x8000, 0x4000
FIRST_COLUMN_ONLY = struct.pack("<I", 1)
LONGEST = 1000
"""bytes of a value that is still written: an entry has to fit a page, and longer ones are compressed"""
SHORT_VARLENA = 126
NUMERIC_POSITIVE, NUMERIC_NEGATIVE = 0x0000, 0x4000
SHORT_HEADER, SHORT_SIGN, SHORT_SCALE_SHIFT, SHORT_WEIGHT_SIGN, SHORT_WEIGHT_MASK = 0x8000, 0x2000, 7, 0x40, 0x3F
SHORT_SCALE_MAX = 0x3F


def swapped(sent: bytes) -> bytes:
    """A fixed-length number: the network's byte order, into the machine's."""
    return sent[::-1]


def as_is(sent: bytes) -> bytes:
    return sent


def varlena(sent: bytes) -> bytes | None:
    """A value of varying length with its header; None for one that is too long."""
    if len(sent) > LONGEST:
        return None
    if len(sent) <= SHORT_VARLENA:
        return bytes([(len(sent) + 1) << 1 | 1]) + sent
    return struct.pack("<I", (len(sent) + 4) << 2) + sent


def numeric(sent: bytes) -> bytes | None:
    """None for what is not a short finite number."""
    digits, weight, sign, scale = struct.unpack_from(">HhHH", sent)
    short = scale <= SHORT_SCALE_MAX and -64 <= weight <= 63
    if not short or sign not in (NUMERIC_POSITIVE, NUMERIC_NEGATIVE):
        return None
    header = SHORT_HEADER | (SHORT_SIGN if sign == NUMERIC_NEGATIVE else 0) | scale << SHORT_SCALE_SHIFT
    header |= (SHORT_WEIGHT_SIGN if weight < 0 else 0) | weight & SHORT_WEIGHT_MASK
    groups = struct.unpack_from(f">{digits}h", sent, 8)
    return varlena(struct.pack(f"<H{digits}h", header, *groups))


STORED: dict[str, Callable[[bytes], bytes | None]] = {
    "int2send": swapped,
    "int4send": swapped,
    "int8send": swapped,
    "oidsend": swapped,
    "float4send": swapped,
    "float8send": swapped,
    "date_send": swapped,
    "time_send": swapped,
    "timestamp_send": swapped,
    "timestamptz_send": swapped,
    "cash_send": swapped,
    "uuid_send": as_is,
    "textsend": varlena,
    "varcharsend": varlena,
    "bpcharsend": varlena,
    "byteasend": varlena,
    "numeric_send": numeric,
}
"""by the function that sends a type: how its values are stored"""


def index_entry(value: bytes, columns: int, row: int, fixed: bool) -> bytes:
    """The entry of the `row`-th row of the table's first page; all columns but the first are NULL."""
    header = FIRST_COLUMN_ONLY if columns > 1 else b""
    # the value begins where any type is aligned
    start = 16 if columns > 1 else 8
    size = -(-(start + len(value)) // 8) * 8
    flags = size | (NULLS if columns > 1 else 0) | (0 if fixed else VARYING)
    return (struct.pack("<HHHH", 0, 0, row, flags) + header).ljust(start, b"\0") + value.ljust(size - start, b"\0")
