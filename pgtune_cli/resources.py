"""Files: those that are shipped beside the code, and those that are written whole or not at all."""

import os
import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pgtune_cli.errors import UsageError


def rules_root() -> Traversable:
    """The built-in rules: packed into the wheel, or `rules/` of the repository."""
    packaged = files("pgtune_cli").joinpath("data", "rules")
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent / "rules"


def write_whole(path: Path, data: bytes, *, private: bool = True) -> None:
    """Write a file whole or not at all; `private` is mode 0600. A pipe or a device is written to, never replaced.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as device:
                device.write(data)
        else:
            _replace(path.resolve(), data, 0o600 if private else 0o666)
    except OSError as exc:
        raise UsageError(f"cannot write {path}: {exc.strerror or exc}") from exc


def _replace(path: Path, data: bytes, mode: int) -> None:
    unfinished = path.with_name(f".pgtune-{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
