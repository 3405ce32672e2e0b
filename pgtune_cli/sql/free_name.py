"""Names for new indexes and statistics objects."""

import hashlib
from collections.abc import Container

from pgtune_cli.sql.printable import is_printable

MAX_NAME_BYTES = 63


def free_name(stem: str, suffix: str, taken: Container[str]) -> str:
    """`stem` + `suffix`, numbered until it is not `taken`: printable, at most 63 bytes."""
    stem = "".join(c if is_printable(c) else "_" for c in stem)
    name, number = _fit(stem, suffix), 1
    while name in taken:
        number += 1
        name = _fit(stem, f"{suffix}{number}")
    return name


def _fit(stem: str, suffix: str) -> str:
    """Within 63 bytes; what had to be cut off is told apart by a hash of the whole."""
    whole = stem + suffix
    if len(whole.encode()) <= MAX_NAME_BYTES:
        return whole
    end = "_" + hashlib.sha256(stem.encode()).hexdigest()[:8] + suffix
    return stem.encode()[: MAX_NAME_BYTES - len(end)].decode(errors="ignore").rstrip("_") + end
