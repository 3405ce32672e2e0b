"""How long the values of a column are, as a sample: entries of an index are rounded up one by one, not on average."""

from pgtune_cli.explain.pg_array import parse_array
from pgtune_cli.model.snapshot import ColumnStatistics

SAMPLE = 48
SPREAD = 4
"""bytes by which values of unknown length are taken to vary to either side"""
CUT_OFF = 0.5
"""avg_width is a whole number, its fraction cut off"""
TEXT_TYPES = ("text", "character", "citext", "public.citext")
SHORT_HEADER = 1
LONGEST_SHORT = 126
LONG_HEADER = 4


def sample_lengths(statistics: ColumnStatistics | None, width: float, type_name: str) -> tuple[int, ...]:
    """Stored lengths in bytes, header included, each as likely as the other; `width` is avg_width, their average."""
    texts = _texts(statistics) if statistics is not None else []
    if not texts:
        center = round(width)
        return tuple(range(center - SPREAD, center + SPREAD)) if center > 2 * SPREAD else (max(1, center),)
    if type_name.startswith(TEXT_TYPES) and not type_name.endswith("]"):
        return tuple(_stored(len(text.encode())) for text in texts)
    if type_name.startswith("numeric") and not type_name.endswith("]"):
        return tuple(_stored(_numeric(text)) for text in texts)
    # another type's text is longer or shorter than what is stored, but by much the same factor for each value
    average = sum(map(len, texts)) / len(texts) or 1.0
    return tuple(max(1, round(len(text) * (width + CUT_OFF) / average)) for text in texts)


def _numeric(text: str) -> int:
    """A header and two bytes for each four digits to both sides of the point, end zeros left out (numeric.c)."""
    whole, _, fraction = text.lstrip("-").partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    padded = whole.rjust(-(-len(whole) // 4) * 4, "0") + fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [padded[start : start + 4] for start in range(0, len(padded), 4)]
    while groups and groups[-1] == "0000":
        groups.pop()
    while groups and groups[0] == "0000":
        groups.pop(0)
    return 2 + 2 * len(groups)


def with_nulls(lengths: tuple[int, ...], null_frac: float) -> tuple[int, ...]:
    """The sample with as many zeros among it as the column has nulls, spread evenly."""
    nulls = round(SAMPLE * null_frac)
    if nulls == 0:
        return lengths
    shown = [lengths[place % len(lengths)] for place in range(SAMPLE)]
    return tuple(0 if place * nulls % SAMPLE < nulls else length for place, length in enumerate(shown))


def _texts(statistics: ColumnStatistics) -> list[str]:
    """Values in the proportions of the column: common ones by their frequency, the others from the histogram."""
    common = [text for text in parse_array(statistics.most_common_vals) or [] if text is not None]
    bounds = [text for text in parse_array(statistics.histogram_bounds) or [] if text is not None]
    frequencies = statistics.most_common_freqs or ()
    total = sum(frequencies) / max(1e-9, 1.0 - statistics.null_frac)
    share = 1.0 if not bounds else min(1.0, total)
    chosen: list[str] = []
    for text, frequency in zip(common, frequencies, strict=False):
        chosen += [text] * round(SAMPLE * share * frequency / (sum(frequencies) or 1.0))
    rest = max(0, SAMPLE - len(chosen)) if bounds else 0
    return chosen + [bounds[place * len(bounds) // rest] for place in range(rest)]


def _stored(size: int) -> int:
    """A varying value with its header: one byte while short (postgres.h, VARATT_CAN_MAKE_SHORT)."""
    return size + (SHORT_HEADER if size <= LONGEST_SHORT else LONG_HEADER)
