"""`pytest --pgtune`: the database that the tests used is checked when they are done.

Only what ran during the tests counts: the counters are read before the first test and after the last. A test suite
that makes its database itself says so in a fixture: `pgtune_watch(dsn)` begins there, and the check comes before the
fixtures that are older are torn down.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RESULT = pytest.StashKey[list[tuple[int, str]]]()
"""exit code and output of each check"""
STARTED = pytest.StashKey["Watch"]()


class Watch:
    """One database between two readings of its counters. Raises pytest.UsageError where it cannot be read."""

    def __init__(self, dsn: str, config: pytest.Config) -> None:
        self._config = config
        self._folder = tempfile.TemporaryDirectory(prefix="pgtune-")
        self._before = Path(self._folder.name) / "before.pgtune"
        self._target = [dsn] if dsn else []
        done = self._pgtune("snapshot", "-q", "--no-plans", "--top", "5000", "-o", str(self._before))
        if done.returncode != 0:
            raise pytest.UsageError(done.stderr.strip() or "pgtune snapshot failed")

    def check(self) -> tuple[int, str]:
        """The exit code of `pgtune check`, and what it printed."""
        options = ["--since", str(self._before)]
        for name in ("baseline", "statistics", "config"):
            value = self._config.getoption(f"pgtune_{name}")
            options += [f"--{name}", value] if value else []
        done = self._pgtune("check", *options)
        self._folder.cleanup()
        return done.returncode, done.stdout + (done.stderr if done.returncode > 1 else "")

    def _pgtune(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "pgtune_cli", command, *self._target, *options]
        return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pgtune", "check the statements that the tests send")
    group.addoption(
        "--pgtune", nargs="?", const="", default=None, metavar="DSN",
        help="check this database when the tests are done (default: PGTUNE_DSN, DATABASE_URL, PGHOST, …)",
    )  # fmt: skip
    group.addoption("--pgtune-baseline", metavar="FILE", help="the file of `pgtune baseline`")
    group.addoption("--pgtune-statistics", metavar="FILE", help="a snapshot of production")
    group.addoption("--pgtune-config", metavar="FILE", help="pgtune.yaml (default: the nearest)")


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    config.stash[RESULT] = []
    dsn = config.getoption("pgtune")
    # under pytest-xdist the workers run the tests, and the controller judges
    if dsn is not None and not hasattr(config, "workerinput") and not config.getoption("collectonly"):
        config.stash[STARTED] = Watch(dsn, config)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    watch = config.stash.get(STARTED, None)
    if watch is not None:
        config.stash[RESULT].append(watch.check())
    if hasattr(config, "workerinput"):
        config.workeroutput["pgtune"] = config.stash[RESULT]  # type: ignore[attr-defined]
        return
    failed = any(code != 0 for code, _ in config.stash[RESULT])
    if failed and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Under pytest-xdist each worker may have a database of its own; the controller tells of them."""
    found = getattr(node, "workeroutput", {}).get("pgtune", [])
    node.config.stash[RESULT] += [(code, text) for code, text in found]


@pytest.fixture(scope="session")
def pgtune_watch(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Call it with the DSN of a database that a fixture has just made; it is checked before that fixture ends."""
    watches: list[Watch] = []
    yield lambda dsn: watches.append(Watch(dsn, request.config))
    request.config.stash[RESULT] += [watch.check() for watch in watches]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for _, text in config.stash.get(RESULT, []):
        terminalreporter.section("pgtune check")
        terminalreporter.write(text)
