"""What to read, and how much of it."""

from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from pgtune_cli.errors import UsageError

ORDERS = ("total", "mean", "calls", "io", "rows")


class CollectOptions(msgspec.Struct, frozen=True, kw_only=True):
    top: int = 100
    """statements to read, the costliest first; texts that differ in the length of an IN list only count as one."""
    order_by: str = "total"
    """total, mean, calls, io or rows."""
    window_seconds: float | None = None
    """read twice, so many seconds apart, and keep the difference; None keeps what was counted since the reset."""
    schemas: tuple[str, ...] = ()
    """only the relations of these schemas (patterns as in a shell); empty is all."""
    exclude: tuple[str, ...] = ()
    """relations to leave out: patterns of `schema.name`, `name` or `schema`."""
    scans_folder: Path | None = None
    """where pgtune's own scans of indexes are kept; None counts none."""

    def __post_init__(self) -> None:
        if self.order_by not in ORDERS:
            raise UsageError(f"--order-by is not one of {', '.join(ORDERS)}")
        if self.top < 1:
            raise UsageError("--top is less than 1")
        if self.window_seconds is not None and not 0 < self.window_seconds <= 86_400:
            raise UsageError("--window is not between 0 and 24 hours")

    def wants(self, schema: str, name: str) -> bool:
        """Whether a relation is to be read."""
        if self.schemas and not any(fnmatchcase(schema, pattern) for pattern in self.schemas):
            return False
        names = (f"{schema}.{name}", name, schema)
        return not any(fnmatchcase(each, pattern) for pattern in self.exclude for each in names)
