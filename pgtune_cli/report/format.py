"""Numbers as people say them, and text that cannot steer what prints it. All rounding happens here."""

from rich.cells import cell_len, chop_cells

from pgtune_cli.sql.printable import is_printable, printable


def duration(milliseconds: float | None) -> str:
    """`0.04 ms`, `850 ms`, `2.3 s`, `4 min 10 s`, `3 h 20 min`; `–` for unknown."""
    if milliseconds is None:
        return "–"
    if 0 < milliseconds < 0.01:
        return "<0.01 ms"
    if milliseconds < 1:
        return f"{milliseconds:.2f} ms"
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def size(size_bytes: float | None) -> str:
    """Binary units: `8.0 kB`, `1.4 GB`, as PostgreSQL's pg_size_pretty names them."""
    if size_bytes is None:
        return "–"
    value, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} bytes" if unit == "bytes" else f"{value:.1f} {unit}"


def count(number: float | None) -> str:
    """`940`, `9,400`, `12.3k`, `4.1M`, `2.0G`."""
    if number is None:
        return "–"
    if abs(number) < 10_000:
        return f"{number:,.0f}" if abs(number) >= 10 or number == int(number) else f"{number:.1f}"
    value, unit = float(number), ""
    for larger in ("k", "M", "G", "T"):
        if abs(value) < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f}{unit}"


def percent(fraction: float | None) -> str:
    """`42 %`, `0.3 %`, `<0.1 %`, `>99 %`: all and nothing are said of those alone."""
    if fraction is None:
        return "–"
    value = fraction * 100
    if 0 < value < 0.1:
        return "<0.1 %"
    if 99.5 <= value < 99.9999:
        return ">99 %"
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"


def cost(value: float | None) -> str:
    """Planner cost units, thousands separated."""
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def number_of(number: int, noun: str) -> str:
    """`1 index`, `2 indexes`, `3 statements`."""
    if number == 1:
        return f"1 {noun}"
    return f"{count(number)} {noun}{'es' if noun.endswith(('x', 's')) else 's'}"


def plain(text: str) -> str:
    """`text` without control characters (but newline) and direction marks: safe for a terminal and for a reader."""
    return "".join(
        character
        if character == "\n"
        else " "
        if character == "\t"
        else character
        if is_printable(character)
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def plain_sql(sql: str) -> str:
    """SQL that still means the same when it is copied: names and strings are escaped, the rest is `plain`."""
    return plain(printable(sql))


def one_line(text: str, width: int) -> str:
    """`text` in one line of at most `width` columns, cut with an ellipsis; an ideogram takes two."""
    line = " ".join(plain(text).split())
    if line.isascii():
        return line if len(line) <= width else line[: max(width - 1, 0)] + "…"
    if len(line) <= width and cell_len(line) <= width:
        return line
    return (chop_cells(line[: width - 1], width - 1)[0] if width > 2 else "") + "…"
