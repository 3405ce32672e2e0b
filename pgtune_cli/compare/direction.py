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
    doubtful_gain: bool = False
    """a mean that fell, which says nothing beside what rose."""
