"""PgBouncer in transaction mode before a running server, as Debian packages it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.database import Database

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIGURATION = """
[databases]
{database} = host={socket} port={port} user=postgres pool_size={size}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
server_lifetime = 3600
logfile = {folder}/log
"""


@contextmanager
def pgbouncer(pg: Database, size: int, mode: str = "transaction") -> Iterator[str]:
    """The DSN of the database through a pool of `size` sessions, as the superuser."""
    assert PROGRAM is not None
    # not below /tmp/pytest-of-root, where the pooler's account may not go
    folder = Path(tempfile.mkdtemp(prefix="pgtune-pooler-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    (folder / "ini").write_text(
        CONFIGURATION.format(
            database=pg.database,
            socket=pg.socket_dir,
            port=pg.port,
            size=size,
            listen=listen,
            folder=folder,
            mode=mode,
        )
    )
    owner = pg.socket_dir.stat() if pg.socket_dir is not None else folder.stat()
    for path in (folder, folder / "ini"):
        os.chown(path, owner.st_uid, owner.st_gid)
    # it refuses to be root
    account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    process = subprocess.Popen([PROGRAM, "-q", folder / "ini"], stderr=subprocess.DEVNULL, cwd=folder, **account)
    try:
        _wait(listen, process, folder / "log")
        yield f"postgresql://postgres@127.0.0.1:{listen}/{pg.database}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"pgbouncer does not listen: {log.read_text() if log.exists() else 'no log'}")
