"""Time that went into reading what was cached before: a cold cache, which is no regression."""

from pgtune_cli.compare.measure import figure
from pgtune_cli.model.comparison import Measurement

SLOWEST_READ_MS = 10.0
"""of a block, where the server does not measure it: a seek of a disk that turns."""
MOST = 0.5
"""of the time that was added, so that reading explains it."""


def cold_cache(before: Measurement, after: Measurement, speed: float = 1.0) -> str | None:
    """What says that a cold cache explains the added time. `speed`: how much slower the machine was."""
    then, now = before.blocks_read_per_call, after.blocks_read_per_call
    if then is None or now is None:
        return None
    # more blocks are not colder ones
    colder = now - then - max(after.blocks_per_call - before.blocks_per_call, 0.0)
    added = after.mean_exec_time_ms / speed - before.mean_exec_time_ms
    if colder <= then + 1 or added <= 0:
        return None
    took = _reading_ms(before, after)
    if MOST * added > (colder * SLOWEST_READ_MS if took is None else took):
        return None
    told = "" if took is None else f", which took {figure(after.blk_read_time_ms_per_call or 0)} ms"
    return (
        f"likely a cold cache: {figure(now)} of {figure(after.blocks_per_call)} blocks a call were read{told}, "
        f"{figure(then)} in the baseline"
    )


def _reading_ms(before: Measurement, after: Measurement) -> float | None:
    """Added to a call by reading; None where track_io_timing is off."""
    if not after.blk_read_time_ms_per_call:
        return None
    return after.blk_read_time_ms_per_call - (before.blk_read_time_ms_per_call or 0.0)
