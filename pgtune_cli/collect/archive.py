"""A zip read as hostile input: few members, named and packed as pgtune does, never more than MAX_BYTES of text.

Nothing is ever unpacked to the disk, so no name, link or mode in the archive can do anything.
"""

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 512 << 20
"""of all parts together, uncompressed."""
MAX_VALUES = 20_000_000
"""JSON values in all parts together: each becomes an object of some 50 to 100 bytes."""
MAX_MEMBERS = 64
_CHUNK = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END_64 = b"PK\x06\x07"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Refused(Exception):
    """Why a file is not read, as the end of a sentence that begins with its name."""


class Archive:
    """An open archive; its parts are counted as they are read."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._bytes_left = MAX_BYTES
        self._values_left = MAX_VALUES

    def part(self, name: str, *, needed: bool = True) -> bytes | None:
        """The content of one JSON part; None for one that is not there and not needed. Raises Refused."""
        entries = [entry for entry in self._file.infolist() if entry.filename == name]
        if not entries and not needed:
            return None
        if len(entries) != 1:
            raise Refused(f"is not a snapshot: it has {'no' if not entries else 'more than one'} {name}")
        if entries[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entries[0].flag_bits & 1:
            raise Refused(f"is not a snapshot: {name} is packed as pgtune never packs")
        content = self._unpack(entries[0])
        self._count_values(content)
        if _NUL.search(content):
            raise Refused(f"is damaged: {name}: it holds a NUL character")
        return content

    def _unpack(self, entry: zipfile.ZipInfo) -> bytes:
        unpacked = bytearray()
        with _as_refused(), self._file.open(entry) as file:
            # the size in the header is what the file says of itself: count what really comes out
            while chunk := file.read(_CHUNK):
                self._bytes_left -= len(chunk)
                if self._bytes_left < 0:
                    raise Refused(f"unpacks to more than {MAX_BYTES >> 20} MiB")
                unpacked += chunk
        return bytes(unpacked)

    def _count_values(self, content: bytes) -> None:
        if _separators(content) > self._values_left:  # commas within texts count too, but they cost nothing
            self._values_left -= _separators(_STRING.sub(b"", content))
        else:
            self._values_left -= min(_separators(content), self._values_left)
        if self._values_left < 0:
            raise Refused(f"holds more than {MAX_VALUES // 1_000_000} million values")


def _separators(content: bytes) -> int:
    return content.count(b",") + content.count(b"[") + content.count(b"{")


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive at `path`. Raises Refused."""
    with ExitStack() as stack:
        with _as_refused():
            # a pipe or a device could keep us waiting for ever
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            stack.callback(os.close, descriptor)
            file = stack.enter_context(os.fdopen(_regular(descriptor), "rb", closefd=False))
            _check(file)
            archive = stack.enter_context(zipfile.ZipFile(file))
        yield Archive(archive)


@contextmanager
def _as_refused() -> Iterator[None]:
    """What zipfile raises for a damaged or hostile file."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error) as exc:
        # NotImplementedError: a zip version that Python does not know
        raise Refused("is not a snapshot, or is damaged") from exc
    except OSError as exc:
        raise Refused(f"cannot be read: {exc.strerror or 'damaged'}") from exc


def _regular(descriptor: int) -> int:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise Refused("is a folder, not a snapshot")
    if not stat.S_ISREG(mode):
        raise Refused("is not a file: write it to one first")
    return descriptor


def _check(file: BinaryIO) -> None:
    """The end of the archive, before zipfile believes it: a list of millions of members fills the memory."""
    size = file.seek(0, os.SEEK_END)
    if size < _END.size:
        raise Refused("is not a snapshot, or is damaged")
    file.seek(-min(size, _END.size + 20), os.SEEK_END)
    tail = file.read()
    signature, _, _, _, members, list_size, _, comment = _END.unpack(tail[-_END.size :])
    if signature != b"PK\x05\x06" or comment:
        raise Refused("is not a snapshot, or is damaged")
    if members > MAX_MEMBERS or list_size > MAX_MEMBERS * 512 or tail.startswith(_END_64):
        raise Refused("is not a snapshot: it is packed as pgtune never packs")
