"""The password file (`~/.pgpass`), by libpq's rules: `host:port:database:user:password`, `*` matches all."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from pgtune_cli.collect.home import home_folder

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")
_MAX_BYTES = 1 << 20


def find_passfile(named: str | None, env: Mapping[str, str]) -> Path | None:
    """The file that a parameter or PGPASSFILE names, else the one in the home folder."""
    if named:
        return Path(named)
    home = home_folder(env)
    return home / ".pgpass" if home else None


def why_unusable(path: Path) -> str | None:
    """Why libpq would not read this file; None when it is fine or not there."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if not stat.S_ISREG(mode):
        return f"password file {path} is not a plain file"
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"password file {path} is readable by others and was ignored: chmod 0600 {path}"
    return None


def look_up(path: Path, *, hosts: tuple[str, ...], ports: tuple[int, ...], database: str, user: str) -> str | None:
    """The password of the first line that fits any of the hosts; None when there is none."""
    if why_unusable(path) is not None:
        return None
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(_MAX_BYTES)
    except OSError:
        return None
    entries = [_fields(line) for line in text.splitlines() if line and not line.startswith("#")]
    for host, port in zip(hosts, ports, strict=True):
        names = {host, "localhost"} if host.startswith("/") else {host}
        for entry in entries:
            if len(entry) == 5 and entry[4] and _fits(entry, names, port, database, user):
                return entry[4]
    return None


def _fits(entry: list[str], hosts: set[str], port: int, database: str, user: str) -> bool:
    host, *others = entry[:4]
    wanted = (str(port), database, user)
    return (host == "*" or host in hosts) and all(
        have in ("*", want) for have, want in zip(others, wanted, strict=True)
    )


def _fields(line: str) -> list[str]:
    """Four fields up to their colon, and the password: the rest of the line, up to a bare colon if there is one."""
    found = [re.sub(r"\\(.)", r"\1", match[1]) for match in _FIELD.finditer(line)]
    return found[:5]
