"""A small private file of one database: how often pgtune itself scanned its indexes since the counters were reset.

A header, then a line for each transaction that scanned any, so that nothing is lost when pgtune is killed. It holds
oids and numbers. Where it cannot be read or written, scans count as the application's, which keeps an index.
"""

import contextlib
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

MAX_BYTES = 4 << 20
MAX_FILES = 500


class Counters(msgspec.Struct, frozen=True):
    """The counters of one database, as far as they can be told from others and from those after a reset."""

    place: str
    """the system identifier and timeline of the server; host and port where that does not tell."""
    database: int
    reset: str | None
    commits: int
    """they only grow: fewer than before are those of counters that a crash has set to nothing."""


class _Header(msgspec.Struct, frozen=True, tag_field="kind", tag="pgtune_scans"):
    reset: str | None
    commits: int


_Scans = dict[str, int]


class ScanFile:
    def __init__(self, folder: Path, counters: Counters) -> None:
        self._folder = folder
        self._counters = counters
        name = hashlib.sha256(f"{counters.place}\0{counters.database}".encode()).hexdigest()[:32]
        self.path = folder / f"{name}.jsonl"

    def open(self, indexes: Collection[int]) -> dict[int, int]:
        """Own scans by oid of the index; those of other indexes, and of before a reset, are forgotten."""
        with contextlib.suppress(OSError):
            known = {oid: scans for oid, scans in self._read().items() if oid in indexes}
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(known)
            self._discard_old()
            return known
        return {}

    def add(self, scans: Mapping[int, int]) -> None:
        """At the end; a line is written at once or not at all."""
        with contextlib.suppress(OSError):
            line = msgspec.json.encode({str(oid): number for oid, number in scans.items()}) + b"\n"
            # only where open() made one: never through somebody else's link
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_size < MAX_BYTES:
                    os.write(handle, line)
            finally:
                os.close(handle)

    def _read(self) -> Counter[int]:
        known: Counter[int] = Counter()
        try:
            with self.path.open("rb") as file:
                lines = file.read(MAX_BYTES + 65_536).splitlines()
            header = msgspec.json.decode(lines[0], type=_Header)
        except (FileNotFoundError, IndexError, msgspec.MsgspecError):
            return known
        if header.reset != self._counters.reset or header.commits > self._counters.commits:
            return known
        for line in lines[1:]:
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                known.update({int(oid): scans for oid, scans in msgspec.json.decode(line, type=_Scans).items()})
        return known

    def _write(self, known: Mapping[int, int]) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder)  # 0600
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(_Header(self._counters.reset, self._counters.commits)) + b"\n")
            file.write(msgspec.json.encode({str(oid): number for oid, number in known.items()}) + b"\n")
        Path(name).replace(self.path)

    def _discard_old(self) -> None:
        files = sorted(self._folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        for path in files[:-MAX_FILES]:
            path.unlink()


def scans_folder(env: Mapping[str, str]) -> Path:
    """$XDG_CACHE_HOME/pgtune/scans; ~/.cache where that is not set or not absolute."""
    named = env.get("XDG_CACHE_HOME", "")
    base = Path(named) if named.startswith("/") else Path(env.get("HOME") or "~").expanduser() / ".cache"
    return base / "pgtune" / "scans"
