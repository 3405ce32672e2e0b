"""Files are written whole or not at all, and devices are never replaced."""

import os
import stat
import threading
from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.resources import write_whole


def test_a_file_is_replaced_and_private(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old", encoding="utf-8")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"new")
    reader.join(10)
    assert read == [b"new"]
    assert pipe.is_fifo()


def test_a_full_disk_is_told_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"^cannot write /dev/full: No space left on device$"):
        write_whole(Path("/dev/full"), b"new")


def test_a_folder_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Is a directory$"):
        write_whole(tmp_path, b"new")
