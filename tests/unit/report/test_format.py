"""Numbers as people say them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from pgtune_cli.report import format as form
from pgtune_cli.report.folded import folded


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(None, "–"), (0.0, "0.00 ms"), (0.004, "<0.01 ms"), (0.041, "0.04 ms"),
     (9.94, "9.9 ms"), (850.4, "850 ms"), (2_340, "2.3 s"), (250_000, "4 min 10 s"),
     (12_000_000, "3 h 20 min")],
)  # fmt: skip
def test_durations_change_unit_with_their_size(milliseconds: float | None, said: str) -> None:
    assert form.duration(milliseconds) == said


@pytest.mark.parametrize(("bytes_", "said"), [(0, "0 bytes"), (8192, "8.0 kB"), (1_503_238_554, "1.4 GB")])
def test_sizes_use_binary_units(bytes_: int, said: str) -> None:
    assert form.size(bytes_) == said


@pytest.mark.parametrize(
    ("number", "said"), [(3, "3"), (2.5, "2.5"), (9_999, "9,999"), (12_345, "12.3k"), (4.1e6, "4.1M")]
)
def test_counts_are_short(number: float, said: str) -> None:
    assert form.count(number) == said


@pytest.mark.parametrize(
    ("fraction", "said"),
    [
        (0.9991, ">99 %"),
        (1.0, "100 %"),
        (0.99, "99 %"),
        (0.42, "42 %"),
        (0.003, "0.3 %"),
        (0.0001, "<0.1 %"),
        (0, "0.0 %"),
    ],
)
def test_small_shares_do_not_vanish(fraction: float, said: str) -> None:
    assert form.percent(fraction) == said


@pytest.mark.parametrize(
    ("number", "noun", "said"), [(1, "index", "1 index"), (2, "index", "2 indexes"), (0, "call", "0 calls")]
)
def test_nouns_follow_their_number(number: int, noun: str, said: str) -> None:
    assert form.number_of(number, noun) == said


@given(st.text())
def test_plain_text_steers_nothing(text: str) -> None:
    shown = form.plain(text)
    assert not [character for character in shown if ord(character) < 32 and character != "\n"]
    assert not [character for character in shown if 0x7F <= ord(character) < 0xA0]


@example("00\u0abd\u0acd\u093a0", 3)  # marks take no column
@given(st.text(), st.integers(0, 40))
def test_one_line_is_one_line_and_fits(text: str, width: int) -> None:
    line = form.one_line(text, width)
    assert "\n" not in line
    assert max(len(line), cell_len(line)) <= max(width, 1)


@given(st.text(), st.integers(0, 12), st.integers(40, 90))
def test_folded_lines_fit_and_hold_every_word(text: str, indent: int, width: int) -> None:
    lines = folded(text, indent, width=width)
    assert max(cell_len(line) for line in lines) <= width - indent
    assert "".join("".join(lines).split()) == "".join(text.split())
