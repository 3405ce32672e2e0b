"""How long ago: values for `placed_at > now() - $1`, such that as many rows lie within as within a bound of one's own.

The clock is that of this machine: a clone, which plans with its own, runs here, and a server's is hardly another.
"""

from datetime import UTC, datetime
from math import ceil

DAY_S, HOUR_S = 86_400, 3_600


def seconds_since(value: str) -> float | None:
    """Since a date or a timestamp as PostgreSQL prints it; None where it lies ahead, or is no date of this era."""
    try:
        then = datetime.fromisoformat(value)
    except ValueError:
        return None
    passed = (datetime.now(UTC) - (then if then.tzinfo is not None else then.replace(tzinfo=UTC))).total_seconds()
    return passed if passed > 0 else None


def interval(seconds: float) -> str:
    """Rounded up: in days, where it is more than two."""
    if seconds > 2 * DAY_S:
        return f"{days(seconds)} days"
    return f"{ceil(seconds / HOUR_S)} hours" if seconds > 2 * HOUR_S else f"{ceil(seconds)} seconds"


def days(seconds: float) -> int:
    return ceil(seconds / DAY_S)
