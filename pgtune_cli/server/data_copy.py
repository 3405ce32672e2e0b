"""A copy of a server's data folder: holes stay holes, and a digest tells whether it is what was copied before.

A clone's relations look as large as the source's, terabytes of them, and are hardly anything on the disk.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 16
LEFT_OUT = {"postmaster.pid", "postmaster.opts"}
"""of a server that runs"""


def copy_data(source: Path, target: Path) -> str:
    """Copy folders and plain files, modes 0700 and 0600; nothing else, and no link is followed.

    Returns the digest of names, sizes and contents. Raises OSError.
    """
    digest = hashlib.blake2b(digest_size=32)
    target.mkdir(mode=0o700)
    for entry, relative in _walk(source, Path()):
        if entry.is_dir(follow_symlinks=False):
            (target / relative).mkdir(mode=0o700)
            digest.update(b"d" + os.fsencode(relative) + b"\0")
        elif entry.is_file(follow_symlinks=False) and entry.name not in LEFT_OUT:
            digest.update(b"f" + os.fsencode(relative) + b"\0")
            _copy_file(Path(entry.path), target / relative, digest)
    return digest.hexdigest()


def _walk(folder: Path, relative: Path) -> Iterator[tuple[os.DirEntry[str], Path]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        yield entry, relative / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, relative / entry.name)


def _copy_file(source: Path, target: Path, digest: hashlib.blake2b) -> None:
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        status = os.fstat(reading)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{source} is no plain file")
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.ftruncate(writing, status.st_size)
            digest.update(status.st_size.to_bytes(8))
            for offset, content in _contents(reading, status.st_size):
                os.pwrite(writing, content, offset)
                digest.update(offset.to_bytes(8) + content)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _contents(descriptor: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Aligned chunks that are not all zero: where exactly a file system has its holes makes no difference."""
    zero = bytes(CHUNK)
    at = 0
    while at < size:
        at = _next_data(descriptor, at) // CHUNK * CHUNK
        if at >= size:
            return
        content = os.pread(descriptor, CHUNK, at)
        if not content:
            return
        if content != zero[: len(content)]:
            yield at, content
        at += len(content)


def _next_data(descriptor: int, offset: int) -> int:
    """Where data begin, at `offset` or behind; the file's end, and more, where there are none."""
    try:
        return max(os.lseek(descriptor, offset, os.SEEK_DATA), offset)
    except OSError:
        return 2**63 - 1


def size_on_disk(folder: Path) -> int:
    """Bytes that a folder takes."""
    return sum(entry.stat(follow_symlinks=False).st_blocks * 512 for entry, _ in _walk(folder, Path()))
