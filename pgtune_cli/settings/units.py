"""Durations and sizes as people write them."""

import re

from pgtune_cli.errors import UsageError

_DURATION_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
_SIZE = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_SIZE |= {unit[0]: size for unit, size in _SIZE.items()} | {f"{unit[0]}ib": size for unit, size in _SIZE.items()}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zµ]*)\s*", re.IGNORECASE | re.ASCII)


def parse_duration_ms(value: str | float) -> float:
    """Milliseconds of `100`, `100ms`, `1.5s`, `2min`; UsageError for anything else."""
    if isinstance(value, str) and (match := _QUANTITY.fullmatch(value)):
        factor = _DURATION_MS.get(match[2].lower().replace("µ", "u") or "ms")
        if factor is not None:
            return float(match[1]) * factor
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise UsageError(f"{value!r} is no duration; write it like 100ms, 1.5s or 2min")


def parse_size_bytes(value: str | float) -> int:
    """Bytes of `500000`, `512MB`, `2GB` (1 kB is 1024 bytes, as in PostgreSQL); UsageError for anything else."""
    if isinstance(value, str) and (match := _QUANTITY.fullmatch(value)):
        factor = _SIZE.get(match[2].lower() or "b")
        if factor is not None:
            return int(float(match[1]) * factor)
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise UsageError(f"{value!r} is no size; write it like 500MB or 2GB")
