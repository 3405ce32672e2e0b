"""Embedded servers that run in a program of their own, as any user, to be killed."""

import asyncio
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import pgtune_cli
from pgtune_cli.server.account import Account
from pgtune_cli.server.binaries import find_binaries

BINARIES = find_binaries().bin_dir
UNLISTED_UID = 54321
PLAIN_UIDS = [pwd.getpwnam("nobody").pw_uid, UNLISTED_UID] if os.geteuid() == 0 else [None]
SCRIPT = Path(__file__).with_name("server_child.py")


class Child:
    """One such program. Its facts become attributes once its server is up."""

    def __init__(self, base: Path, *args: str, uid: int | None, binaries: Path) -> None:
        identity: dict[str, Any] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        # others have no home that they could keep anything in
        cache = {"XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]} if uid is None else {}
        self.sources = Path(tempfile.mkdtemp(dir="/tmp"))
        self.sources.chmod(0o755)
        shutil.copytree(Path(pgtune_cli.__file__).parent / "server", self.sources / "pgtune_cli" / "server")
        for name in ("__init__.py", "errors.py"):
            shutil.copy(Path(pgtune_cli.__file__).parent / name, self.sources / "pgtune_cli" / name)
        shutil.copy(SCRIPT, self.sources)
        self.process = subprocess.Popen(
            [interpreter(uid), "-B", str(self.sources / SCRIPT.name), str(self.sources), str(binaries), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "TMPDIR": str(base)} | cache,
            **identity,
        )

    def wait_for_server(self) -> "Child":
        facts = json.loads(self.process.stdout.readline())
        self.folder = Path(facts.pop("folder"))
        self.__dict__.update(facts)
        return self

    def close(self) -> int:
        """Let it end in its own time. Returns its exit status."""
        self.process.stdin.close()
        return self.process.wait(20)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        shutil.rmtree(self.sources)
        wait_until(lambda: not processes_of(self.folder), seconds=10)


@cache
def interpreter(uid: int | None) -> str:
    """A Python that this user can run: our own may lie in root's home."""
    for program in (sys.executable, "/usr/bin/python3"):
        account = None if uid is None else Account(uid, uid)
        real = Path(os.path.realpath(program))
        if real.exists() and (account is None or account.may_enter(real.parent)) and is_recent(program):
            return program
    if os.environ.get("PGTUNE_CI") == "1":
        pytest.fail(f"no Python 3.11 that the user {uid} can run")
    pytest.skip(f"no Python 3.11 that the user {uid} can run")


def is_recent(program: str) -> bool:
    answer = subprocess.run([program, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False)
    return answer.returncode == 0


def processes_of(folder: Path) -> list[int]:
    """Those that work in the folder or name it on their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "cwd").readlink().is_relative_to(folder)
            if inside or os.fsencode(folder) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.05)


def version_at(dsn: str) -> int:
    """server_version_num, over a real connection."""
    return number_at(dsn, "show server_version_num")


def number_at(dsn: str, sql: str) -> int:
    async def main() -> int:
        connection = await asyncpg.connect(dsn)
        try:
            return int(await connection.fetchval(sql))
        finally:
            await connection.close()

    return asyncio.run(main())
