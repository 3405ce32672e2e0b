"""An embedded PostgreSQL for as long as a `with` block lasts: its own folder, its own socket, its own data."""

import json
import os
import secrets
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server import supervisor
from pgtune_cli.server.account import Account, is_known, server_account
from pgtune_cli.server.binaries import Binaries, find_binaries
from pgtune_cli.server.failure import failed
from pgtune_cli.server.folder import PrivateFolder, base_folder, create_folder, remove_leftovers
from pgtune_cli.server.passwd import name_user
from pgtune_cli.server.reach import bring_within_reach

SUPERUSER = "postgres"
SOCKET_PORT = 5432
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 15.0
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "unix_socket_permissions": "0700"}


@dataclass
class EmbeddedServer:
    """A running server. `user` is its superuser, who needs no password on the socket."""

    socket_dir: Path
    port: int
    data_dir: Path
    version_num: int
    user: str
    password: str | None
    """For `tcp_dsn` alone, when it listens."""
    binaries: Binaries
    _supervisor: subprocess.Popen[bytes] = field(repr=False)
    _folders: list[PrivateFolder] = field(repr=False)

    def dsn(self, database: str = "postgres") -> str:
        """A URI over the Unix socket."""
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{self.user}@/{quote(database, safe='')}?host={host}&port={self.port}"

    def tcp_dsn(self, database: str = "postgres") -> str:
        """A URI over the loopback address, with a password. Only for a server started with listen=True."""
        if self.password is None:
            raise EmbeddedServerError("this server listens on its socket alone")
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def stop(self) -> None:
        """Shut the server down and remove its folder. A second call does nothing."""
        _end(self._supervisor, self._folders)


@contextmanager
def embedded_server(
    binaries: Binaries | None = None,
    settings: Mapping[str, str] | None = None,
    initdb_options: Sequence[str] = (),
    listen: bool = False,
) -> Iterator[EmbeddedServer]:
    """A fresh server on a Unix socket in a private folder; on 127.0.0.1 too with `listen`.

    It runs as the caller, for root as someone without rights. It ends with the block, and with this process however
    that ends. Raises EmbeddedServerError.
    """
    server = start_server(binaries, settings, initdb_options, listen)
    try:
        yield server
    finally:
        server.stop()


def start_server(
    binaries: Binaries | None = None,
    settings: Mapping[str, str] | None = None,
    initdb_options: Sequence[str] = (),
    listen: bool = False,
) -> EmbeddedServer:
    """As `embedded_server`, for a caller that calls `stop` itself."""
    found = binaries or find_binaries()
    account = server_account()
    folders = _make_folders(account)
    home, socket_dir = folders[0].path, folders[-1].path
    process: subprocess.Popen[bytes] | None = None
    try:
        usable = bring_within_reach(found, account, home)
        port = _free_port() if listen else SOCKET_PORT
        password = secrets.token_urlsafe(24) if listen else None
        written = _write_settings(home, socket_dir, port, listen, settings or {})
        initdb_env = _environment()
        owner = account or Account(os.geteuid(), os.getegid())
        if not is_known(owner.uid):
            written += name_user(owner.uid, owner.gid, home, usable.initdb, SUPERUSER)
            initdb_env["LD_LIBRARY_PATH"] = os.pathsep.join(
                [str(home / "libc"), *filter(None, [initdb_env.get("LD_LIBRARY_PATH")])]
            )
        if password is not None:
            (home / "password").write_text(password, encoding="utf-8")
            written.append(home / "password")
        for folder in folders:
            folder.hand_over(account)
        folders[0].hand_over(account, *written)
        order = _order(usable, account, folders, _initdb_command(usable, home, initdb_options, listen), initdb_env)
        process = _start_supervisor(order, folders)
        _await_start(process, home / "server.log")
    except BaseException:
        _end(process, folders)
        raise
    return EmbeddedServer(
        socket_dir, port, home / "data", found.version_num, SUPERUSER, password, found, process, folders
    )


def _make_folders(account: Account | None) -> list[PrivateFolder]:
    """The server's home; and one more for the socket when the path of the first is too long for one."""
    bases = [base_folder(account)]
    name = f"/pgtune-server-12345678/.s.PGSQL.{65535}"
    short = base_folder(account, LONGEST_SOCKET_PATH - len(name))
    if short != bases[0]:
        bases.append(short)
    for base in bases:
        remove_leftovers(base, account)
    return [create_folder(base) for base in bases]


def _initdb_command(binaries: Binaries, home: Path, options: Sequence[str], listen: bool) -> list[str]:
    command = [str(binaries.initdb), "-D", str(home / "data"), "-U", SUPERUSER, "--no-sync", "-E", "UTF8"]
    command += ["--locale=C.UTF-8", "--auth-local=trust"]
    command += ["--auth-host=scram-sha-256", f"--pwfile={home / 'password'}"] if listen else ["--auth-host=reject"]
    if binaries.major >= 18:  # where checksums became the default
        command.append("--no-data-checksums")
    return [*command, *options]


def _write_settings(home: Path, socket_dir: Path, port: int, listen: bool, settings: Mapping[str, str]) -> list[Path]:
    """A configuration file that includes initdb's. ALTER SYSTEM could not change settings of the command line."""
    ours = SETTINGS | {
        "unix_socket_directories": str(socket_dir),
        "listen_addresses": "127.0.0.1" if listen else "",
        "port": str(port),
    }
    lines = [f"{name} = {_quoted(value)}\n" for name, value in (ours | dict(settings)).items()]
    path = home / "postgresql.conf"
    path.write_text(f"include = {_quoted(str(home / 'data' / 'postgresql.conf'))}\n{''.join(lines)}", encoding="utf-8")
    return [path]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGOPTIONS, a locale or a time zone would change what the server does."""
    kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if key in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"} | kept


def _order(
    binaries: Binaries,
    account: Account | None,
    folders: list[PrivateFolder],
    initdb: list[str],
    initdb_env: dict[str, str],
) -> supervisor.Order:
    home = folders[0].path
    server = [str(binaries.postgres), "-D", str(home / "data"), "-c", f"config_file={home / 'postgresql.conf'}"]
    return {
        "parent": os.getpid(),
        "uid": account.uid if account else None,
        "gid": account.gid if account else None,
        "folder": str(home),
        "remove": [str(folder.path) for folder in folders],
        "log": str(home / "server.log"),
        "initdb": {"name": "initdb", "command": initdb, "env": initdb_env},
        "postgres": {"name": "postgres", "command": server, "env": _environment()},
        "pid_file": str(home / "data" / "postmaster.pid"),
    }


def _start_supervisor(order: supervisor.Order, folders: list[PrivateFolder]) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C on the terminal reaches pgtune alone. It shares the folders' locks."""
    with (folders[0].path / "supervisor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            pass_fds=[folder.lock for folder in folders],
            bufsize=0,
        )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    return process


def _await_start(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    if not readable:
        raise failed(f"it was not ready after {START_TIMEOUT_S:.0f} s", log)
    answer = process.stdout.readline().decode().strip()
    if answer != "ready":
        raise failed(answer or "its supervisor ended", log)


def _end(process: subprocess.Popen[bytes] | None, folders: list[PrivateFolder]) -> None:
    """Let go of the lifeline and wait until nothing is left."""
    if process is not None and process.stdin is not None and process.stdout is not None:
        process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
    for folder in folders:
        folder.remove()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
