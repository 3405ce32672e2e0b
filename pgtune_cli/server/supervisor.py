"""The process between pgtune and its PostgreSQL: runs initdb and the server, and ends both when pgtune ends.

Started as a script, from the standard library alone. The first line on stdin is an `Order` in JSON. After that stdin is
a lifeline: the only other end is in pgtune, so it closes when pgtune stops the server and also when pgtune is killed.
After initdb it waits for a byte there: until then nobody writes to the data folder, and pgtune may copy it.
Everything is imported before root is given up, as the interpreter may lie where only root can read.
"""

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

INITIALISED = "initialised"
READY = "ready"
PR_SET_PDEATHSIG = 1
GRACE_S = 5.0
LOOK_S = 1.0


class Step(TypedDict):
    """One program: `name` for messages, its command line and its environment.

    `memory` is the address space in bytes that it and each of its children may have, or null.
    """

    name: str
    command: list[str]
    env: dict[str, str]
    memory: int | None


class Order(TypedDict):
    """What to run, for whom and where.

    `uid` and `gid` are null when pgtune does not run as root, `initdb` when the data are there already.
    """

    parent: int
    uid: int | None
    gid: int | None
    folder: str
    remove: list[str]
    initdb: Step | None
    postgres: Step
    pid_file: str


class Lifeline:
    """Whether pgtune still wants the server."""

    def __init__(self, parent: int) -> None:
        self.parent = parent
        self.wake, wake_writer = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_writer, False)
        self.ended = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_writer)

    def _end(self, *_: object) -> None:
        self.ended = True

    def wait(self, seconds: float) -> bool:
        """Sleep until something happens, and say whether to go on."""
        self.ended = self._spoke(seconds) or self.ended
        return not self.ended

    def wait_for_word(self) -> bool:
        """Sleep until pgtune says to go on; it does not once it has ended."""
        while not self.ended:
            if self._spoke(LOOK_S):
                return os.read(0, 1) != b""
        return False

    def _spoke(self, seconds: float) -> bool:
        readable, _, _ = select.select([0, self.wake], [], [], seconds)
        if self.wake in readable:
            os.read(self.wake, 4096)
        # a process forked from pgtune may hold the pipe open: then the parent's number tells
        self.ended = self.ended or os.getppid() != self.parent
        return 0 in readable


def main() -> None:
    order: Order = json.loads(_first_line())
    libc = _libc()
    if order["uid"] is not None and order["gid"] is not None:
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    os.umask(0o077)
    os.chdir(order["folder"])
    lifeline = Lifeline(order["parent"])
    try:
        run(order, lifeline, libc)
    finally:
        os.chdir("/")
        for folder in order["remove"]:
            shutil.rmtree(folder, ignore_errors=True)


def run(order: Order, lifeline: Lifeline, libc: ctypes.CDLL | None) -> None:
    """initdb, then the server until the lifeline ends. One line on stdout says how the start went."""
    if order["initdb"] is not None:
        initdb = start(order["initdb"], libc)
        while initdb.poll() is None and lifeline.wait(LOOK_S):
            pass
        if initdb.returncode != 0:
            return fail("initdb", initdb, lifeline)
        say(INITIALISED)
        if not lifeline.wait_for_word():
            return None
    server = start(order["postgres"], libc)
    try:
        while server.poll() is None and not is_ready(order["pid_file"]) and lifeline.wait(0.01):
            pass
        if server.returncode is not None:
            return fail("postgres", server, lifeline)
        say(READY)
        while lifeline.wait(LOOK_S):
            server.poll()
    finally:
        stop(server)
    return None


def start(step: Step, libc: ctypes.CDLL | None) -> subprocess.Popen[bytes]:
    """Run a program that the kernel tells to quit when this process is killed."""

    def before() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
        if step["memory"] is not None:
            resource.setrlimit(resource.RLIMIT_AS, (step["memory"], step["memory"]))

    return subprocess.Popen(
        step["command"],
        env=step["env"],
        stdin=subprocess.DEVNULL,
        stdout=2,  # the log
        process_group=0,
        preexec_fn=before,  # safe: this process has one thread
    )


def fail(name: str, process: subprocess.Popen[bytes], lifeline: Lifeline) -> None:
    """Report a program that ended, or end one that is not wanted any more; then wait for pgtune to read the log."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return
    say(f"{name} ended with status {process.returncode}")
    while lifeline.wait(LOOK_S):
        pass


def stop(server: subprocess.Popen[bytes]) -> None:
    """Immediate shutdown: the data goes anyway."""
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
    try:
        server.wait(GRACE_S + 2)  # PostgreSQL itself kills after five seconds what does not quit
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def is_ready(pid_file: str) -> bool:
    """Line 8 of postmaster.pid is the server's state, as pg_ctl reads it."""
    try:
        lines = Path(pid_file).read_bytes().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == b"ready"


def say(line: str) -> None:
    with suppress(BrokenPipeError):
        os.write(1, f"{line}\n".encode())


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):  # byte by byte: what follows is the lifeline's
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit(1)
        line += byte
    return line


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


if __name__ == "__main__":
    main()
