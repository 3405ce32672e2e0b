"""The data folder as initdb leaves it, kept so that the next server of the same programs does not wait for initdb.

It holds nothing of anybody's database. Copies have one system identifier.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.kept_data import DamagedEntry, DataCache, Entry

KIND = "initdb"


class FreshData:
    """The entry of a cache for these programs, started with these options of initdb in this environment.

    Where the cache cannot be used, initdb runs each time: that is told to nobody.
    """

    def __init__(self, cache: DataCache, binaries: Binaries, options: Sequence[str], env: Mapping[str, str]) -> None:
        self._cache, self._version = cache, binaries.version_num
        self._key = _key(binaries, options, env)

    def fill(self, data: Path) -> bool:
        """Whether the data folder was made from the entry. A damaged one is discarded."""
        if not self._cache.has(self._key):
            return False
        try:
            self._cache.fill(self._key, data)
        except (DamagedEntry, OSError) as error:
            shutil.rmtree(data, ignore_errors=True)
            if isinstance(error, DamagedEntry):
                with suppress(OSError):
                    self._cache.discard(self._key)
            return False
        return True

    def keep(self, data: Path) -> None:
        """What initdb has just made, before a server starts on it."""
        with suppress(OSError):
            self._cache.keep(self._key, data, KIND, {"version_num": self._version})


def fresh_version(entry: Entry) -> int | None:
    """Of which server an entry is the new data folder, as it counts; None for an entry of another kind."""
    version = entry.about.get("version_num")
    return version if entry.kind == KIND and isinstance(version, int) else None


def _key(binaries: Binaries, options: Sequence[str], env: Mapping[str, str]) -> str:
    """A hash of the programs, of what initdb is told, and of what it asks the system about."""
    status = [(str(path), path.stat()) for path in (binaries.initdb, binaries.postgres)]
    programs = [(path, seen.st_mtime_ns, seen.st_size) for path, seen in status]
    made_of = [KIND, binaries.version_num, programs, list(options), dict(env), _locales(env), _system()]
    return hashlib.blake2b(json.dumps(made_of, sort_keys=True).encode(), digest_size=16).hexdigest()


def _locales(env: Mapping[str, str]) -> str:
    """initdb makes a collation of each."""
    try:
        answer = subprocess.run(["locale", "-a"], env=dict(env), capture_output=True, check=False, timeout=60)  # noqa: S607 - as initdb does
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return hashlib.blake2b(answer.stdout).hexdigest()


def _system() -> list[str]:
    """It tries how much shared memory there is, and notes the versions of the C library's collations."""
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else None
    return [*os.uname()[::2], libc or ""]
