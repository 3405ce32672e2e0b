"""A sign that a statement changed, and which way."""

from enum import IntEnum

import msgspec


class Direction(IntEnum):
    FASTER = -1
    SUSPECT = 0
    SLOWER = 1


class Signal(msgspec.Struct, frozen=True):
    direction: Direction
    reason: str
    time_only: bool = False
    calls: bool = False
    """it is how often it was sent."""
    doubt: str | None = None
    """why it does not decide; no news where something else did."""
