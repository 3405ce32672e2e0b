"""What the supervisor is told to run: the command lines, their environment, and the server's configuration file."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pgtune_cli.server.account import Account
from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.supervisor import Order

SUPERUSER = "postgres"
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "unix_socket_permissions": "0700"}
LOCALES = "LOCPATH"
"""where libc looks for locales before it looks among the system's"""
LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def write_settings(home: Path, settings: Mapping[str, str]) -> Path:
    """A configuration file that includes initdb's. ALTER SYSTEM could not change settings of the command line."""
    lines = [f"{name} = {_quoted(value)}\n" for name, value in (SETTINGS | dict(settings)).items()]
    path = home / "postgresql.conf"
    included = _quoted(str(home / "data" / "postgresql.conf"))
    path.write_text(f"include = {included}\n{''.join(lines)}", encoding="utf-8")
    return path


def make_order(
    binaries: Binaries,
    account: Account | None,
    folders: Sequence[Path],
    *,
    initdb: Sequence[str] | None,
    libraries: Path | None,
    memory_bytes: int | None = None,
) -> Order:
    """`folders` are all to be removed at the end, the server's home first. `initdb`: its arguments, None where the data
    are there already; `libraries` come first for it alone."""
    home = folders[0]
    server = [str(binaries.postgres), "-D", str(home / "data"), "-c", f"config_file={home / 'postgresql.conf'}"]
    return {
        "parent": os.getpid(),
        "uid": account.uid if account else None,
        "gid": account.gid if account else None,
        "folder": str(home),
        "remove": [str(folder) for folder in folders],
        "initdb": None
        if initdb is None
        else {
            "name": "initdb",
            "command": [str(binaries.initdb), "-D", str(home / "data"), *initdb],
            "env": environment(libraries),
            "memory": None,
        },
        "postgres": {"name": "postgres", "command": server, "env": environment(), "memory": memory_bytes},
        "pid_file": str(home / "data" / "postmaster.pid"),
    }


def initdb_arguments(binaries: Binaries, password_file: Path | None, options: Sequence[str]) -> list[str]:
    """All but the data folder; `options` come last."""
    arguments = ["-U", SUPERUSER, "--no-sync", "-E", "UTF8"]
    arguments += ["--locale=C.UTF-8", "--auth-local=trust"]  # only the owner of the folder reaches the socket
    arguments += ["--auth-host=scram-sha-256", f"--pwfile={password_file}"] if password_file else ["--auth-host=reject"]
    if binaries.major >= 18:  # where checksums became the default
        arguments.append("--no-data-checksums")
    return [*arguments, *options]


def environment(libraries: Path | None = None) -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGOPTIONS, a locale or a time zone would change what the server does."""
    env = {key: os.environ[key] for key in (*LIBRARY_PATHS, LOCALES) if key in os.environ}
    if libraries is not None:
        env["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [str(libraries), env.get("LD_LIBRARY_PATH")]))
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"} | env


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"
