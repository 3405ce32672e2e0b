"""Edits of a text that remember where everything stood before."""

from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from pgtune_cli.errors import PgtuneError


class Edit(msgspec.Struct, frozen=True, order=True):
    """text[start:end] becomes `replacement`."""

    start: int
    end: int
    replacement: str


class OverlappingEdits(PgtuneError):
    """Two edits want the same characters: a fault of whoever made them."""


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; they must not overlap."""
    parts: list[str] = []
    done = 0
    for edit in sorted(edits):
        if edit.start < done:
            raise OverlappingEdits(f"edits overlap at character {edit.start + 1}")
        parts += (text[done : edit.start], edit.replacement)
        done = edit.end
    return "".join((*parts, text[done:]))


class Offsets:
    """From positions in an edited text back to the original's."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._edits = sorted(edits)
        self._starts: list[int] = []
        self._shifts: list[int] = []
        shift = 0
        for edit in self._edits:
            self._starts.append(edit.start + shift)
            shift += len(edit.replacement) - (edit.end - edit.start)
            self._shifts.append(shift)

    def start(self, position: int) -> int:
        """Where a span that starts at `position` starts in the original."""
        return self._original(position, at_end=False)

    def end(self, position: int) -> int:
        """Where a span that ends before `position` ends in the original."""
        return self._original(position - 1, at_end=True) if position else 0

    def _original(self, position: int, *, at_end: bool) -> int:
        at = bisect_right(self._starts, position) - 1
        if at < 0:
            return position + at_end
        edit, begins = self._edits[at], self._starts[at]
        if position < begins + len(edit.replacement):
            return edit.end if at_end else edit.start
        return position - self._shifts[at] + at_end
