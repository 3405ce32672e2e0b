"""The user's home folder as libpq sees it: HOME, else the passwd entry, and there may be neither."""

import os
from collections.abc import Mapping
from pathlib import Path


def home_folder(env: Mapping[str, str]) -> Path | None:
    if env.get("HOME"):
        return Path(env["HOME"])
    try:
        import pwd

        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except (ImportError, KeyError):
        return None


def login_name(env: Mapping[str, str]) -> str | None:
    """The operating system's user, libpq's default role; None for a uid without a passwd entry."""
    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError):
        return env.get("USER") or env.get("LOGNAME") or None
