"""Index entries and lists of common values, byte by byte."""

import struct

import pytest

from pgtune_cli.whatif.clone.common_values import patched
from pgtune_cli.whatif.clone.entry import STORED, index_entry


def test_an_entry_of_one_column_is_a_header_and_the_value() -> None:
    entry = index_entry(STORED["int4send"]((7).to_bytes(4, "big")) or b"", 1, 1, fixed=True)
    assert entry == struct.pack("<HHHH", 0, 0, 1, 16) + struct.pack("<i", 7) + bytes(4)


def test_the_other_columns_of_an_entry_are_null() -> None:
    entry = index_entry(STORED["textsend"](b"abc") or b"", 3, 2, fixed=False)
    assert struct.unpack_from("<HHHHI", entry) == (0, 0, 2, 24 | 0x8000 | 0x4000, 1)
    assert entry[16:20] == b"\x09abc"
    assert len(entry) == 24


@pytest.mark.parametrize(("sign", "header"), [(0x0000, 0x8100), (0x4000, 0xA100)])
def test_a_number_is_stored_with_the_short_header(sign: int, header: int) -> None:
    """1234.5: weight 0, scale 2, digits 1234 and 5000."""
    stored = STORED["numeric_send"](struct.pack(">HhHHhh", 2, 0, sign, 2, 1234, 5000))
    assert stored == bytes([7 << 1 | 1]) + struct.pack("<Hhh", header, 1234, 5000)


def test_what_cannot_be_stored_so_is_left_out() -> None:
    assert STORED["numeric_send"](struct.pack(">HhHH", 0, 0, 0xC000, 0)) is None
    assert STORED["textsend"](b"x" * 2000) is None
    assert STORED["textsend"](b"x" * 500) == struct.pack("<I", 504 << 2) + b"x" * 500


def test_common_values_get_their_frequencies() -> None:
    items = [
        struct.pack("<??ddHH", False, True, 0.5, 0.25, n, 0)[:2] + struct.pack("<ddHH", 0.5, 0.25, n, 0) for n in (0, 1)
    ]
    data = struct.pack("<III", 1, 2, 2) + b"values" + b"".join(items)
    changed = patched(data, 2, [(0.125, 0.5), (0.75, 1.0)])
    assert len(changed) == len(data)
    found = [struct.unpack_from("<dd", changed, len(changed) - 22 * (2 - n) + 2) for n in (0, 1)]
    assert found == [(0.125, 0.5), (0.75, 1.0)]
    with pytest.raises(ValueError, match="2 items, not 1"):
        patched(data, 2, [(0.1, 0.1)])
