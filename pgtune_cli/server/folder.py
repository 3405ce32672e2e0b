"""Private folders: made for one server, locked while it lives, and removed by the next start if it died unawares."""

import fcntl
import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.account import Account

PREFIX = "pgtune-server-"
GRACE_S = 5.0


class PrivateFolder:
    """A folder that its owner and root alone may open. The lock on it says that its server is alive.

    The lock is the kernel's (flock): it ends with the last process that holds `lock`, however that process ends.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock

    def hand_over(self, account: Account | None) -> None:
        """Give the folder and all in it to the account that runs the server. From then on its content is not ours."""
        if account is not None:
            for path in (*self.path.rglob("*"), self.path):
                os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def remove(self) -> None:
        """Delete the folder and let go of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def base_folder(account: Account | None, longest: int | None = None) -> Path:
    """Where temporary folders go: TMPDIR, unless the account can't get there or the path would be too long."""
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - mkdtemp makes the folder
        short = longest is None or len(os.fsencode(base.absolute())) <= longest
        if short and base.is_dir() and (account is None or account.may_enter(base)):
            return base.absolute()
    raise EmbeddedServerError(
        "no folder for temporary files can be used by the embedded PostgreSQL",
        "let TMPDIR name a folder with a short path that everybody may enter",
    )


def create_folder(base: Path) -> PrivateFolder:
    """A new folder with mode 0700, locked."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue  # another process took the folder for a leftover before it was locked
        with suppress(OSError):  # a file system without locks: then nobody's folder counts as left over
            fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_same(path, lock):
            return PrivateFolder(path, lock)
        os.close(lock)


def remove_leftovers(base: Path, account: Account | None) -> None:
    """Remove the folders of servers that died together with their pgtune, and stop what still runs in them."""
    owners = {os.geteuid()} | ({account.uid} if account else set())
    for path in base.glob(f"{PREFIX}*"):
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            status = os.fstat(lock)
            if status.st_uid in owners and stat.S_IMODE(status.st_mode) == 0o700:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end_processes(path)
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue  # its owner lives
        finally:
            os.close(lock)


def _is_same(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def _end_processes(folder: Path) -> None:
    for number in (signal.SIGQUIT, signal.SIGKILL):  # PostgreSQL's immediate shutdown frees its shared memory
        for pid in _processes_in(folder):
            with suppress(OSError):
                os.kill(pid, number)
        deadline = time.monotonic() + GRACE_S
        while any(_processes_in(folder)) and time.monotonic() < deadline:
            time.sleep(0.05)


def _processes_in(folder: Path) -> Iterator[int]:
    """Those that work in the folder. Without /proc none is seen: a server ends by itself once its folder is gone."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(folder):
                yield int(entry.name)
