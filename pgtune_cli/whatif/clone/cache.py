"""Clones kept for reuse: the data folders of finished ones, in a private folder, by what they were built from.

A clone holds the statistics of its source, and with them values of rows: folders are 0700, files 0600. What is kept is
never used itself: each process starts a server on a copy, so that two never meet. One lock guards the folder: shared
while an entry is copied, exclusive while one is added or removed.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from pgtune_cli import __version__
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.data_copy import copy_data, size_on_disk

NOT_BUILT_FROM = ("pgtune_version", "schema_version", "workload", "usage", "skipped", "plans", "values")
"""parts of a snapshot that a clone does not depend on; of the workload it takes the texts alone"""
LOCK, ENTRY, DATA, UNFINISHED = "lock", "entry.json", "data", ".new-"
MAX_ENTRY_BYTES = 64 << 20


class DamagedEntry(EmbeddedServerError):
    """An entry that is not what was put there. It is to be discarded, and the clone built anew."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What entry.json says of a kept clone."""

    kind: str = "clone"
    schema_version: int = 1
    pgtune_version: str
    database: str
    relations: int
    created: float
    """seconds since 1970."""
    digest: str
    """of its data folder."""
    lost: tuple[Skipped, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    kept: Kept
    used: float
    """seconds since 1970, the last time."""
    size_bytes: int
    """on the disk."""


def default_folder(env: Mapping[str, str] = os.environ) -> Path:
    """$XDG_CACHE_HOME/pgtune/clones; ~/.cache where that is not set or not absolute, as its specification asks."""
    named = env.get("XDG_CACHE_HOME", "")
    base = Path(named) if named.startswith("/") else Path(env.get("HOME") or "~").expanduser() / ".cache"
    return base / "pgtune" / "clones"


def key_of(snapshot: Snapshot, binaries: Binaries) -> str:
    """A hash of all that a clone of this (narrowed) snapshot is made of, and of what makes it."""
    program = binaries.postgres.stat()
    texts = {row.query for row in snapshot.workload.rows} | {sample.query for sample in snapshot.workload.samples}
    parts = [getattr(snapshot, name) for name in snapshot.__struct_fields__ if name not in NOT_BUILT_FROM]
    made_of = (
        (__version__, _code(), binaries.version_num, str(binaries.postgres), program.st_mtime_ns, program.st_size),
        sorted(texts),
        # who runs what: roles are made for row security
        sorted({row.role for row in snapshot.workload.rows}) if snapshot.catalog.policies else [],
        parts,
    )
    return hashlib.blake2b(msgspec.json.encode(made_of, order="deterministic"), digest_size=16).hexdigest()


@cache
def _code() -> str:
    """Of the modules that build a clone: a checkout changes without its version."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


class CloneCache:
    """The kept clones of one folder, within `max_bytes` on the disk and `max_age_s` since their last use."""

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float) -> None:
        self.folder = folder
        self.max_bytes, self.max_age_s = max_bytes, max_age_s

    def has(self, key: str) -> bool:
        return (self.folder / key / ENTRY).is_file()

    def fill(self, key: str, data: Path) -> Kept:
        """Copy the data folder of an entry. Raises DamagedEntry; OSError when this disk is full."""
        with self._locked(fcntl.LOCK_SH):
            kept = self._read(key)
            try:
                digest = copy_data(self.folder / key / DATA, data)
            except FileNotFoundError as error:
                raise DamagedEntry(f"the kept clone {key} is not whole: {error.filename} is missing") from error
            if digest != kept.digest:
                raise DamagedEntry(f"the kept clone {key} is not what was put there")
            os.utime(self.folder / key / ENTRY)
        return kept

    def _read(self, key: str) -> Kept:
        path = self.folder / key / ENTRY
        try:
            with path.open("rb") as file:
                return msgspec.json.decode(file.read(MAX_ENTRY_BYTES), type=Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedEntry(f"the kept clone {key} cannot be read: {error}") from error

    def keep(self, key: str, data: Path, snapshot: Snapshot, lost: tuple[Skipped, ...]) -> None:
        """Add a clone whose server writes nothing now. Raises OSError, and leaves nothing half done."""
        with self._locked(fcntl.LOCK_EX):
            if self.has(key):
                return
            unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.folder))
            try:
                digest = copy_data(data, unfinished / DATA)
                kept = Kept(
                    pgtune_version=__version__,
                    database=snapshot.server.database,
                    relations=len(snapshot.catalog.relations),
                    created=time.time(),
                    digest=digest,
                    lost=lost,
                )
                _write(unfinished / ENTRY, msgspec.json.encode(kept))
                shutil.rmtree(self.folder / key, ignore_errors=True)
                unfinished.rename(self.folder / key)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
            self._prune()

    def entries(self) -> list[Entry]:
        """Last used first. What cannot be read has no entry."""
        if not self.folder.is_dir():
            return []
        with self._locked(fcntl.LOCK_SH):
            return self._entries()

    def _entries(self) -> list[Entry]:
        found = []
        for path in self.folder.iterdir():
            try:
                kept = self._read(path.name)
                used = (path / ENTRY).stat().st_mtime
                found.append(Entry(key=path.name, kept=kept, used=used, size_bytes=size_on_disk(path)))
            except (DamagedEntry, OSError):
                continue
        return sorted(found, key=lambda entry: (-entry.used, entry.key))

    def discard(self, key: str) -> None:
        """Remove one entry."""
        with self._locked(fcntl.LOCK_EX):
            shutil.rmtree(self.folder / key, ignore_errors=True)

    def clear(self) -> tuple[int, int]:
        """Remove all; how many there were, and the bytes they took."""
        if not self.folder.is_dir():
            return 0, 0
        with self._locked(fcntl.LOCK_EX):
            folders = [path for path in self.folder.iterdir() if path.is_dir() and not path.is_symlink()]
            size = sum(size_on_disk(path) for path in folders)
            for path in folders:
                shutil.rmtree(path, ignore_errors=True)
        return sum(not path.name.startswith(UNFINISHED) for path in folders), size

    def _prune(self) -> None:
        """What is too old, then the longest unused beyond the size; and what a killed process left."""
        for path in self.folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(path, ignore_errors=True)  # the lock is ours alone: nobody works on it
        left, now = self.max_bytes, time.time()
        known = self._entries()
        for entry in known:
            left -= entry.size_bytes
            if left < 0 or now - entry.used > self.max_age_s:
                shutil.rmtree(self.folder / entry.key, ignore_errors=True)
        names = {entry.key for entry in known}
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in names:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self._make_private()
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _make_private(self) -> None:
        """Raises OSError where the folder is another's: it would have to be trusted."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(f"{self.folder} is not a folder of this user")
        if stat.S_IMODE(status.st_mode) != 0o700:
            self.folder.chmod(0o700)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
