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
    initdb_options: Sequence[str],
    password_file: Path | None,
    libraries: Path | None,
    memory_bytes: int | None = None,
) -> Order:
    """`folders` are all to be removed at the end, the server's home first. `libraries` come first for initdb alone."""
    home = folders[0]
    server = [str(binaries.postgres), "-D", str(home / "data"), "-c", f"config_file={home / 'postgresql.conf'}"]
    return {
        "parent": os.getpid(),
        "uid": account.uid if account else None,
        "gid": account.gid if account else None,
        "folder": str(home),
        "remove": [str(folder) for folder in folders],
        "initdb": {
            "name": "initdb",
            "command": _initdb_command(binaries, home, password_file, initdb_options),
            "env": _environment(libraries),
            "memory": None,
        },
        "postgres": {"name": "postgres", "command": server, "env": _environment(None), "memory": memory_bytes},
        "pid_file": str(home / "data" / "postmaster.pid"),
    }


def _initdb_command(binaries: Binaries, home: Path, password_file: Path | None, options: Sequence[str]) -> list[str]:
    command = [str(binaries.initdb), "-D", str(home / "data"), "-U", SUPERUSER, "--no-sync", "-E", "UTF8"]
    command += ["--locale=C.UTF-8", "--auth-local=trust"]  # only the owner of the folder reaches the socket
    command += ["--auth-host=scram-sha-256", f"--pwfile={password_file}"] if password_file else ["--auth-host=reject"]
    if binaries.major >= 18:  # where checksums became the default
        command.append("--no-data-checksums")
    return [*command, *options]


def _environment(libraries: Path | None) -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGOPTIONS, a locale or a time zone would change what the server does."""
    env = {key: os.environ[key] for key in (*LIBRARY_PATHS, LOCALES) if key in os.environ}
    if libraries is not None:
        env["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [str(libraries), env.get("LD_LIBRARY_PATH")]))
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"} | env


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"
