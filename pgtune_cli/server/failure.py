"""What a failed start says, and what its reader can do about it."""

import re
from pathlib import Path

from pgtune_cli.errors import EmbeddedServerError

ELSEWHERE = "let TMPDIR name a folder on a disk that programs may be started from (it is mounted noexec)"
HINTS = (
    (r"failed to map segment from shared object", ELSEWHERE),
    (
        r"error while loading shared libraries: ([^\s:]+)",
        "install the package that holds {0}, or name another PostgreSQL in PGTUNE_PG_BIN",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        "free some space, or let TMPDIR name a folder on a disk that has some",
    ),
    (
        r"could not (?:resize|create|map) (?:anonymous )?shared memory",
        "give the machine or the container more shared memory (docker run --shm-size=256m)",
    ),
    (r"Permission denied", ELSEWHERE),
    (r"could not look up effective user ID (\d+)", "give the user {0} a line in /etc/passwd"),
    (r"invalid locale name|locale .* (?:not found|does not exist)", "install the locale C.UTF-8"),
    (
        r"Operation not permitted|Invalid argument: ",  # setuid, chown: not allowed, or no such user in this namespace
        "this container lets root become nobody else, and PostgreSQL does not run as root: run pgtune as a plain user",
    ),
    (
        r"Cannot allocate memory|out of memory|Resource temporarily unavailable",
        "free some memory, or raise the limit of memory or processes of this container",
    ),
)
LAST_LINES = 12


def hint_for(text: str) -> str | None:
    """What to do about the first known trouble in a program's output; None for a new one."""
    for pattern, hint in HINTS:
        found = re.search(pattern, text)
        if found:
            return hint.format(*found.groups())
    return None


def failed(what: str, log: Path) -> EmbeddedServerError:
    """The error for a server that did not come up, with the end of its log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    tail = "\n".join(lines[-LAST_LINES:])
    hint, cause = hint_for(tail), _cause(lines[-LAST_LINES:])
    if hint is not None and cause is not None:  # it says all
        return EmbeddedServerError(f"the embedded PostgreSQL did not start: {cause}", hint)
    message = f"the embedded PostgreSQL did not start: {what}"
    return EmbeddedServerError(f"{message}\n{tail}" if tail else message, hint)


def _cause(lines: list[str]) -> str | None:
    """The message of the last line that tells why."""
    found = [
        match[1] for line in lines if hint_for(line) and (match := re.search(r"(?:FATAL|PANIC|error): +(.+)", line))
    ]
    return found[-1] if found else None
