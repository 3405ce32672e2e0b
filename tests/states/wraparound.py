"""A real server whose next transaction id was set far ahead, as pg_resetwal does after a loss of its control file."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgtune_cli.server.account import server_account
from pgtune_cli.server.binaries import Binaries

NEXT_XID = 1145 * (1 << 20)
"""the first of a segment of pg_xact: 1.2 billion."""


@dataclass(frozen=True)
class Server:
    socket_dir: Path
    version_num: int

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_dir}&port=5432"


@contextmanager
def server_near_wraparound(binaries: Binaries) -> Iterator[Any]:
    """Autovacuum would freeze at once; autovacuum_freeze_max_age keeps it away."""
    account = server_account()
    as_account: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="pgtune-wrap-", dir="/tmp") as home:
        if account is not None:
            os.chown(home, account.uid, account.gid)
            as_account = {"user": account.uid, "group": account.gid, "extra_groups": []}
        data = Path(home) / "data"

        def program(name: str, *arguments: str) -> None:
            subprocess.run([binaries.bin_dir / name, *arguments], check=True, stdout=subprocess.DEVNULL, **as_account)

        program("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync")
        options = (
            f"-k {home} -c listen_addresses= -c autovacuum_freeze_max_age=2000000000 -c autovacuum_naptime=2147483"
            " -c shared_preload_libraries=pg_stat_statements"
        )

        def start() -> None:
            program("pg_ctl", "-D", str(data), "-w", "-o", options, "-l", f"{home}/log", "start")

        start()
        program("psql", "-h", home, "-U", "postgres", "-qc", "create table ancient as select generate_series(1, 2000)",
                "-c", "create extension pg_stat_statements", "-c", "analyze ancient")  # fmt: skip
        program("pg_ctl", "-D", str(data), "-w", "-m", "fast", "stop")
        program("pg_resetwal", "-x", str(NEXT_XID), "-D", str(data))
        segment = data / "pg_xact" / f"{NEXT_XID >> 20:04X}"
        segment.write_bytes(bytes(8192 * 32))
        if account is not None:
            os.chown(segment, account.uid, account.gid)
        start()
        try:
            yield Server(Path(home), binaries.version_num)
        finally:
            program("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
