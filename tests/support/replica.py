"""A streaming replica of a running server, made by pg_basebackup and started beside it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from support.database import Database

from pgtune_cli.server.binaries import find_binaries


@contextmanager
def streaming_replica(pg: Database) -> Iterator[str]:
    """The DSN of the replica's database of the same name, as the superuser."""
    data = Path(pg.fetch("show data_directory")[0][0])
    postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    program = str(Path(f"/proc/{postmaster}/exe").readlink())
    owner = data.stat()
    # not below /tmp/pytest-of-root, where the server's account may not go
    home = Path(tempfile.mkdtemp(prefix="pgtune-replica-"))
    copy = home / "data"
    process = None
    try:
        subprocess.run(
            [find_binaries(major=18).bin_dir / "pg_basebackup", "-D", copy, "-R", "-X", "stream", "-c", "fast",
             "-h", str(pg.socket_dir), "-p", str(pg.port), "-U", "postgres"],
            check=True, capture_output=True,
        )  # fmt: skip
        for path in (home, *home.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [program, "-D", str(copy), "-c", f"unix_socket_directories={home}", "-p", "5432"]
        process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_owner)
        deadline = time.monotonic() + 30
        asked = [find_binaries(major=18).bin_dir / "pg_isready", "-q", "-h", str(home), "-p", "5432"]
        while subprocess.run(asked, check=False).returncode and time.monotonic() < deadline:
            time.sleep(0.1)
        yield f"postgresql://postgres@/{pg.database}?host={quote(str(home), safe='')}&port=5432"
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        shutil.rmtree(home, ignore_errors=True)
