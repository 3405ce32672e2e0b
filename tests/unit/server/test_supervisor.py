"""The supervisor reads the state of the server as pg_ctl does."""

import subprocess
import sys

import pytest

from pgtune_cli.server import supervisor

PID_FILE = b"42\n/data\n1795325952\n5432\n/tmp/s\n\n  5432 3\n"


@pytest.mark.parametrize(
    ("content", "ready"),
    [
        (PID_FILE + b"ready   \n", True),
        (PID_FILE + b"starting\n", False),
        (PID_FILE + b"stopping\n", False),
        (PID_FILE, False),
        (b"", False),
    ],
)
def test_the_eighth_line_says_ready(tmp_path, content, ready):
    path = tmp_path / "postmaster.pid"
    path.write_bytes(content)
    assert supervisor.is_ready(str(path)) is ready


def test_no_file_is_not_ready(tmp_path):
    assert supervisor.is_ready(str(tmp_path / "postmaster.pid")) is False


def test_without_an_order_it_ends_at_once():
    command = [sys.executable, "-I", "-S", supervisor.__file__]
    answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert (answer.returncode, answer.stdout) == (1, b"")
