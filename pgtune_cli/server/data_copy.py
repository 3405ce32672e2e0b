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

    The source may belong to somebody else, who changes it meanwhile: all is opened relative to folders that are open.
    Returns the digest of names, sizes and contents. Raises OSError.
    """
    digest = hashlib.blake2b(digest_size=32)
    for folder, folders, files, reading in os.fwalk(source, onerror=_fail):
        folders.sort()
        relative = os.path.relpath(folder, source)
        digest.update(b"d" + os.fsencode(relative) + b"\0")
        into = os.path.normpath(os.path.join(target, relative))  # noqa: PTH118
        os.mkdir(into, mode=0o700)  # noqa: PTH102
        writing = os.open(into, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for name in sorted(files):
                if name not in LEFT_OUT and stat.S_ISREG(os.lstat(name, dir_fd=reading).st_mode):
                    digest.update(b"f" + os.fsencode(name) + b"\0")
                    _copy_file(name, reading, writing, digest)
        finally:
            os.close(writing)
    return digest.hexdigest()


def _fail(error: OSError) -> None:
    raise error


def _copy_file(name: str, source: int, target: int, digest: hashlib.blake2b) -> None:
    """`source` and `target` are the open folders."""
    reading = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=source)
    try:
        status = os.fstat(reading)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{name} is no plain file")
        writing = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=target)
        try:
            digest.update(status.st_size.to_bytes(8))
            if status.st_size:
                os.ftruncate(writing, status.st_size)
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
    return sum(
        os.lstat(name, dir_fd=descriptor).st_blocks * 512
        for _, folders, files, descriptor in os.fwalk(folder, onerror=_fail)
        for name in (*folders, *files)
    )
