"""stderr: notes and a progress bar, the latter only on a terminal. stdout belongs to the result alone."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from pgtune_cli.errors import UsageError
from pgtune_cli.report.format import plain

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Notes:
    """Messages to stderr. `verbosity`: -1 quiet, 0 normal, 1 and 2 more."""

    def __init__(self, verbosity: int = 0) -> None:
        self.verbosity = verbosity
        self._status: Callable[[str], object] | None = None

    def note(self, message: str, level: int = 0) -> None:
        """Say something once."""
        if self.verbosity >= level:
            print(f"pgtune: {plain(message)}", file=sys.stderr, flush=True)  # noqa: T201

    def progress(self, message: str) -> None:
        """What is being done now: replaces the last such line on a terminal, silent elsewhere (unless -v)."""
        if self._status is not None:
            self._status(plain(message))
        else:
            self.note(message, level=1)

    @contextmanager
    def bar(self) -> Iterator["Notes"]:
        """A spinner with the latest progress message and the time since the begin, on a terminal only."""
        if self.verbosity < 0 or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb" or "CI" in os.environ:
            yield self
            return
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("starting", total=None)
            self._status = partial(_describe, progress, task)
            try:
                yield self
            finally:
                self._status = None


def _describe(progress: "Progress", task: "TaskID", message: str) -> None:
    progress.update(task, description=message)


def want_colour(choice: str) -> bool:
    """--color auto|always|never with NO_COLOR, FORCE_COLOR and TERM=dumb (https://no-color.org)."""
    if choice in ("always", "never"):
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def print_result(text: str) -> None:
    """The result, to stdout; nowhere when that is closed. What its encoding cannot hold is shown as `?`.

    Raises:
        BrokenPipeError: whoever read it has gone.
        UsageError: it cannot be written, on a full disk for one.
    """
    if sys.stdout is None:
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        # or Python would try again at its exit, and say so
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UsageError(f"cannot write the result to stdout: {exc.strerror}") from exc
