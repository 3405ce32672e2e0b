"""Text for a terminal of some width: columns are counted as they are seen, two for an ideogram or an emoji."""

import shutil

from rich.cells import cell_len, chop_cells

NARROWEST = 40


def columns() -> int:
    """Of the terminal; 80 where there is none."""
    return max(shutil.get_terminal_size((80, 24)).columns, NARROWEST)


def folded(text: str, indent: int = 0, *, width: int | None = None) -> list[str]:
    """Lines of at most `width` columns less `indent`, broken between words where that can be."""
    room = max((width or columns()) - indent, 20)
    lines = [""]
    for word in text.split():
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > room:
            lines.append("")
        *full, rest = chop_cells(word, room) if cell_len(word) > room else [word]
        for piece in full:
            lines[-1] = piece
            lines.append("")
        lines[-1] += f" {rest}" if lines[-1] else rest
    return lines


def hanging(first: str, text: str, indent: int, *, width: int | None = None) -> list[str]:
    """`first`, which takes `indent` columns (and may be coloured), then the text; its further lines stand below it."""
    head, *rest = folded(text, indent, width=width)
    return [f"{first}{head}".rstrip(), *(" " * indent + line for line in rest)]
