"""The clone's files: empty relations that look as large as the source's, as sparse files.

The planner asks the file system for a relation's size each time, so truncating a file to a greater length is all
it takes. Segments of 1 GiB; new ones belong to the owner of the first, mode 0600.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK = 8192
SEGMENT_BLOCKS = 131_072
MAX_BLOCKS = 2**32 - 2
MAX_SEGMENTS = 1 << 17
"""files of one clone, 128 TiB: its relations may be said to be of any size, and each segment takes an inode"""


class Room:
    """The segments that a clone may still have."""

    def __init__(self) -> None:
        self._left = MAX_SEGMENTS

    def take(self, blocks: int) -> None:
        """Raises ValueError when that is too much."""
        needed = -(-min(blocks, MAX_BLOCKS) // SEGMENT_BLOCKS)
        if needed > self._left:
            raise ValueError(f"the files of the clone are said to be larger than {MAX_SEGMENTS >> 10} TiB")
        self._left -= needed


def extend(path: Path, blocks: int) -> None:
    """Make the main fork at `path` at least so many blocks long; it takes no room on the disk."""
    owner = path.stat()
    left = min(blocks, MAX_BLOCKS)
    segment = 0
    while left > 0:
        file = path if segment == 0 else path.with_name(f"{path.name}.{segment}")
        _stretch(file, min(left, SEGMENT_BLOCKS) * BLOCK, owner)
        left -= SEGMENT_BLOCKS
        segment += 1


def _stretch(file: Path, size: int, owner: os.stat_result) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        now = os.fstat(descriptor)
        if (now.st_uid, now.st_gid) != (owner.st_uid, owner.st_gid):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        if now.st_size < size:
            os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


@contextmanager
def emptied(path: Path) -> Iterator[None]:
    """Within, the relation at `path` has no blocks: building an index on it reads nothing."""
    size = path.stat().st_size
    os.truncate(path, 0)
    try:
        yield
    finally:
        os.truncate(path, size)


def write_beside(path: Path, suffix: str, content: bytes) -> None:
    """A file of one block, of the same owner, whose name goes on with `suffix`; zeros at its end take no room."""
    owner = path.stat()
    descriptor = os.open(f"{path}{suffix}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.write(descriptor, content.rstrip(b"\0"))
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)
