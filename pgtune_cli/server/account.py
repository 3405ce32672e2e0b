"""Whom PostgreSQL runs as. It refuses root, so root lends it an account without rights; no user is added."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """A user and a group by number. Neither needs an entry in /etc/passwd."""

    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether plain permissions let this account pass through a folder and all above it."""
        return all(self._may_search(step) for step in (folder, *folder.parents))

    def _may_search(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def server_account(env: Mapping[str, str] = os.environ) -> Account | None:
    """None when the caller runs the server itself; for root, the one who called sudo, otherwise nobody."""
    if os.geteuid() != 0:
        return None
    uid, gid = env.get("SUDO_UID", ""), env.get("SUDO_GID", "")
    if uid.isdecimal() and gid.isdecimal() and int(uid) > 0:
        return Account(int(uid), int(gid))
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY, NOBODY)
    return Account(entry.pw_uid or NOBODY, entry.pw_gid or NOBODY)


def is_known(uid: int) -> bool:
    """Whether the system can name this user."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
