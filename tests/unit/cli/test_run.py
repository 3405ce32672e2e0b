"""What ends a run early."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from pgtune_cli.cli.run import run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_what_runs_and_lets_it_clean_up(number: signal.Signals) -> None:
    cleaned = []

    async def main() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    # nohup and shells without job control leave both ignored
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(main())
    finally:
        signal.signal(signal.SIGHUP, hangup)
        signal.signal(signal.SIGINT, interrupt)
    assert cleaned == [True]


def test_progress_says_what_is_done_and_for_how_long_on_a_terminal_only() -> None:
    work = (
        "import time; from pgtune_cli.cli.console import Notes\n"
        "notes = Notes()\n"
        "with notes.bar():\n"
        "    notes.progress('planning [1 of 2]'); time.sleep(1.2); notes.note('a note')\n"
    )
    env = {key: value for key, value in os.environ.items() if key != "CI"} | {"TERM": "xterm", "COLUMNS": "80"}
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", work], stderr=theirs, env=env, check=True)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how the end of a terminal is told
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert b"planning [1 of 2]" in shown
    assert b"0:00:01" in shown
    assert b"pgtune: a note" in shown
    piped = subprocess.run([sys.executable, "-c", work], stderr=subprocess.PIPE, env=env, check=True)
    assert piped.stderr == b"pgtune: a note\n"
