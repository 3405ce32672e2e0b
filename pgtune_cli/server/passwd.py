"""A name for a user that the system has none for: initdb asks for the name of its user, and gives up without one.

Containers run as a number that /etc/passwd does not list. glibc has the path of that file built in, so initdb is given
a copy of the C library that reads `./passwd` instead, in the folder it is started from. Only initdb gets that copy, and
the server itself never asks.
"""

import os
import re
import subprocess
from pathlib import Path

from pgtune_cli.errors import EmbeddedServerError

SYSTEM_PATH = b"\0/etc/passwd\0"
OUR_PATH = b"\0./passwd\0\0\0\0"
LIBRARIES = ("libc.so.6", "libnss_files.so.2")  # the second holds the path before glibc 2.34


def name_user(uid: int, gid: int, folder: Path, program: Path, superuser: str) -> Path:
    """Write `folder`/passwd, and the C library that reads it. Returns where that library is, for LD_LIBRARY_PATH.

    Raises EmbeddedServerError where the C library is not glibc.
    """
    libraries = folder / "libc"
    libraries.mkdir()
    (folder / "passwd").write_text(f"{superuser}:x:{uid}:{gid}::{folder}:/bin/false\n", encoding="utf-8")
    for name in LIBRARIES:
        source = _libc_folder(program) / name
        content = source.read_bytes() if source.is_file() else b""
        if SYSTEM_PATH in content:
            (libraries / name).write_bytes(content.replace(SYSTEM_PATH, OUR_PATH))
            (libraries / name).chmod(0o755)
    if not any(libraries.iterdir()):
        raise EmbeddedServerError(
            f"initdb asks for the name of its user, and {uid} has none", f"give the user {uid} a line in /etc/passwd"
        )
    return libraries


def _libc_folder(program: Path) -> Path:
    """Where the loader finds the C library of a program; it answers in place of running it."""
    env = {"LD_TRACE_LOADED_OBJECTS": "1"} | {key: os.environ[key] for key in ("LD_LIBRARY_PATH",) if key in os.environ}
    try:
        answer = subprocess.run([str(program)], env=env, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return Path("/nowhere")
    found = re.search(r"libc\.so\.6 => (\S+)", answer.stdout)
    return Path(found[1]).parent if found else Path("/nowhere")
