"""An embedded PostgreSQL for as long as a `with` block lasts: its own folder, its own socket, its own data."""

import json
import os
import secrets
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server import supervisor
from pgtune_cli.server.account import Account, is_known, server_account
from pgtune_cli.server.binaries import Binaries, find_binaries
from pgtune_cli.server.failure import failed, hint_for
from pgtune_cli.server.folder import PrivateFolder, base_folder, create_folder, remove_leftovers
from pgtune_cli.server.fresh_data import FreshData
from pgtune_cli.server.kept_data import DataCache
from pgtune_cli.server.order import SUPERUSER, environment, initdb_arguments, make_order, write_settings
from pgtune_cli.server.passwd import name_user
from pgtune_cli.server.reach import check_reach, copy_within_reach

SOCKET_PORT = 5432
LONGEST_SOCKET_PATH = 103  # bytes; Linux takes 107, macOS 103
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 15.0
LOG = "server.log"
OWN_CACHE = DataCache()
"""of the user who runs pgtune"""


@dataclass
class EmbeddedServer:
    """A running server. `user` is its superuser, who needs no password on the socket."""

    socket_dir: Path
    port: int
    data_dir: Path
    version_num: int
    user: str
    password: str | None = field(repr=False)
    """For `tcp_dsn` alone, when it listens."""
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
    fill: Callable[[Path], None] | None = None,
    memory_bytes: int | None = None,
    cache: DataCache | None = OWN_CACHE,
) -> EmbeddedServer:
    """As `embedded_server`, for a caller that calls `stop` itself.

    `fill` makes the data folder in place of initdb, from that of another server of these binaries.
    `memory_bytes` is what each of its processes may have of address space. `cache` is where a copy of what initdb made
    is kept, except of a server that listens: that holds a password.
    """
    found = binaries or find_binaries()
    account = server_account()
    folders: list[PrivateFolder] = []
    process: subprocess.Popen[bytes] | None = None
    try:
        _make_folders(account, folders)
        home, socket_dir = folders[0].path, folders[-1].path
        port = _free_port() if listen else SOCKET_PORT
        password = secrets.token_urlsafe(24) if listen else None
        addresses = {"listen_addresses": "127.0.0.1" if listen else "", "port": str(port)}
        write_settings(home, addresses | {"unix_socket_directories": str(socket_dir)} | dict(settings or {}))
        initdb = initdb_arguments(found, _write_password(home, password), initdb_options)
        fresh = None if cache is None or listen or fill else FreshData(cache, found, initdb, environment())
        filled = _filled(home / "data", fill, fresh)
        order = _prepare(found, account, folders, None if filled else initdb, memory_bytes)
        process = _start_supervisor(order, folders)
        if not filled:
            _await_initdb(process, home, fresh)
        _await(supervisor.READY, process, home / LOG)
    except OSError as error:
        _end(process, folders)
        raise EmbeddedServerError(f"the embedded PostgreSQL did not start: {error}", hint_for(str(error))) from error
    except BaseException:
        _end(process, folders)
        raise
    return EmbeddedServer(socket_dir, port, home / "data", found.version_num, SUPERUSER, password, process, folders)


def _filled(data: Path, fill: Callable[[Path], None] | None, fresh: FreshData | None) -> bool:
    """Whether the data are there; else initdb makes them."""
    if fill is not None:
        fill(data)
        return True
    return fresh is not None and fresh.fill(data)


def _await_initdb(process: subprocess.Popen[bytes], home: Path, fresh: FreshData | None) -> None:
    """Nobody writes what it made until the supervisor is told to go on: the moment to copy it."""
    _await(supervisor.INITIALISED, process, home / LOG)
    if fresh is not None:
        fresh.keep(home / "data")
    _tell(process, b"\n")


def _write_password(home: Path, password: str | None) -> Path | None:
    if password is None:
        return None
    file = home / "password"
    file.write_text(password, encoding="utf-8")
    return file


def _make_folders(account: Account | None, folders: list[PrivateFolder]) -> None:
    """The server's home; and one more for the socket when the path of the first is too long for one."""
    bases = [base_folder(account)]
    short = base_folder(account, LONGEST_SOCKET_PATH - len("/pgtune-server-12345678/.s.PGSQL.65535"))
    if short != bases[0]:
        bases.append(short)
    for base in bases:
        remove_leftovers(base, account)
        folders.append(create_folder(base))


def _prepare(
    found: Binaries,
    account: Account | None,
    folders: list[PrivateFolder],
    initdb: Sequence[str] | None,
    memory_bytes: int | None,
) -> supervisor.Order:
    """Fill the home, all as root if the caller is root, and only then give it away."""
    home = folders[0].path
    usable = copy_within_reach(found, account, home)
    owner = account or Account(os.geteuid(), os.getegid())
    named = initdb is None or is_known(owner.uid)
    libraries = None if named else name_user(owner.uid, owner.gid, home, usable.initdb, SUPERUSER)
    (home / LOG).touch()
    for folder in folders:
        folder.hand_over(account)
    if account is not None and usable is not found:
        check_reach(usable, account)  # the copies, now that they are the account's
    return make_order(
        usable,
        account,
        [folder.path for folder in folders],
        initdb=initdb,
        libraries=libraries,
        memory_bytes=memory_bytes,
    )


def _start_supervisor(order: supervisor.Order, folders: list[PrivateFolder]) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C on the terminal reaches pgtune alone. It shares the folders' locks."""
    with (folders[0].path / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            pass_fds=[folder.lock for folder in folders],
            bufsize=0,
        )
    _tell(process, json.dumps(order).encode() + b"\n")
    return process


def _tell(process: subprocess.Popen[bytes], words: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it died: then its stdout ends as well, and its last words are in the log
        process.stdin.write(words)


def _await(word: str, process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    if not readable:
        raise failed(f"it was not ready after {START_TIMEOUT_S:.0f} s", log)
    answer = process.stdout.readline().decode().strip()
    if answer != word:
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
