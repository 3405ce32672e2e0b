"""Data folders kept for reuse, in a private folder, each under a key that tells what it was made from.

They may hold statistics of somebody's database, and with them values of rows: folders are 0700, files 0600. What is
kept is never used itself: each process starts a server on a copy, so that two never meet. One lock guards the folder:
shared while an entry is copied, exclusive while one is added or removed.
"""

import fcntl
import json
import math
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.data_copy import copy_data, size_on_disk

LOCK, ENTRY, DATA, UNFINISHED = "lock", "entry.json", "data", ".new-"
MAX_ENTRY_BYTES = 64 << 20


class DamagedEntry(EmbeddedServerError):
    """An entry that is not what was put there. It is to be discarded, and made anew."""


@dataclass(frozen=True)
class Entry:
    """`about` is what its maker said of it, read from a file: nothing in it is certain. `kind` is "" where unknown."""

    key: str
    kind: str
    about: Mapping[str, Any]
    used: float
    """seconds since 1970, the last time."""
    size_bytes: int
    """on the disk."""


def default_folder(env: Mapping[str, str] = os.environ) -> Path:
    """$XDG_CACHE_HOME/pgtune/clones; ~/.cache where that is not set or not absolute, as its specification asks.

    Raises FileNotFoundError for a user without a home.
    """
    named = env.get("XDG_CACHE_HOME", "")
    if named.startswith("/"):
        return Path(named) / "pgtune" / "clones"
    home = Path(env.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - Path's raises where there is no home
    if not home.is_absolute():
        raise FileNotFoundError("this user has no home, and XDG_CACHE_HOME is not set")
    return home / ".cache" / "pgtune" / "clones"


class DataCache:
    """The entries of one folder, the user's own unless one is named, within `max_bytes` on the disk and `max_age_s`
    since their last use."""

    def __init__(self, folder: Path | None = None, max_bytes: float = math.inf, max_age_s: float = math.inf) -> None:
        self._folder = folder
        self.max_bytes, self.max_age_s = max_bytes, max_age_s

    @property
    def folder(self) -> Path:
        """Raises OSError where there is none."""
        return self._folder if self._folder is not None else default_folder()

    def has(self, key: str) -> bool:
        try:
            return (self.folder / key / ENTRY).is_file()
        except OSError:
            return False

    def fill(self, key: str, data: Path) -> Mapping[str, Any]:
        """Copy an entry to a new data folder, and say what it is about. Raises DamagedEntry, OSError."""
        with self._locked(fcntl.LOCK_SH):
            content = self._read(key)
            try:
                digest = copy_data(self.folder / key / DATA, data)
            except FileNotFoundError as error:
                raise DamagedEntry(f"what was kept as {key} is not whole: {error.filename} is missing") from error
            if digest != content["digest"]:
                raise DamagedEntry(f"what was kept as {key} is not what was put there")
            os.utime(self.folder / key / ENTRY)
        return content

    def _read(self, key: str) -> dict[str, Any]:
        try:
            with (self.folder / key / ENTRY).open("rb") as file:
                content = json.loads(file.read(MAX_ENTRY_BYTES))
        except (OSError, ValueError, RecursionError) as error:
            raise DamagedEntry(f"what was kept as {key} cannot be read: {error}") from error
        if not isinstance(content, dict) or not isinstance(content.get("digest"), str):
            raise DamagedEntry(f"what was kept as {key} does not say what it is")
        return content

    def keep(self, key: str, data: Path, kind: str, about: Mapping[str, Any]) -> None:
        """Add the data folder of a server that writes nothing now. Raises OSError, and leaves nothing half done."""
        with self._locked(fcntl.LOCK_EX):
            if self.has(key):
                return
            unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.folder))
            try:
                digest = copy_data(data, unfinished / DATA)
                content = {"kind": kind, "schema_version": 1, "created": time.time(), "digest": digest, **about}
                _write(unfinished / ENTRY, json.dumps(content).encode())
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
        for path in self._folders():
            if path.name.startswith(UNFINISHED):
                continue
            try:
                content = self._read(path.name)
                used = (path / ENTRY).stat().st_mtime
                found.append(Entry(path.name, str(content.get("kind", "")), content, used, size_on_disk(path)))
            except (DamagedEntry, OSError):
                continue
        return sorted(found, key=lambda entry: (-entry.used, entry.key))

    def discard(self, key: str) -> None:
        """Remove one entry."""
        with self._locked(fcntl.LOCK_EX):
            shutil.rmtree(self.folder / key, ignore_errors=True)

    def clear(self) -> tuple[list[Entry], int]:
        """Remove all; the entries there were, and the bytes that everything took."""
        if not self.folder.is_dir():
            return [], 0
        with self._locked(fcntl.LOCK_EX):
            entries = self._entries()
            folders = self._folders()
            size = sum(size_on_disk(path) for path in folders)
            for path in folders:
                shutil.rmtree(path, ignore_errors=True)
        return entries, size

    def _prune(self) -> None:
        """What is too old, then the longest unused beyond the size; and what is no entry, as of a killed process.

        The lock is ours alone: nobody works on it.
        """
        left, now = self.max_bytes, time.time()
        kept = set()
        for entry in self._entries():
            left -= entry.size_bytes
            if left >= 0 and now - entry.used <= self.max_age_s:
                kept.add(entry.key)
        for path in self._folders():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.is_dir() and not path.is_symlink()]

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
