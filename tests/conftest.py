"""The fixtures of all tests: a real PostgreSQL of each major, a fresh database for a test, golden files.

Where a server comes from: PGTUNE_TEST_DSN for its own major; for 18 the embedded wheel; for the others an image where
a Docker engine answers, then .ci/servers/<major> (made by .ci/setup), then the system's programs. A major that a test
asked for and that was not found is named at the end of the run, and fails it under PGTUNE_CI=1.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support.database import Database, fresh_database
from support.pooler import PROGRAM
from support.servers import MAJORS, RunningServer, ServerPool

HERE = Path(__file__).resolve().parent
POOL = pytest.StashKey[ServerPool]()
MEMORY = Path("/dev/shm")
ROOM = 8 << 30  # bytes

# no deadline: a busy machine is no fault. CI looks at the same examples each time, everybody else at new ones
settings.register_profile("pgtune", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if "CI" in os.environ else "pgtune")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from what the tests got")


def pytest_configure(config: pytest.Config) -> None:
    # some hundred processes of pgtune: each would compile all of it again
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist have it from their controller
        _make_scratch(config)
    config.stash[POOL] = ServerPool(os.environ)


def _make_scratch(config: pytest.Config) -> None:
    """One place for all servers and for what pgtune keeps, in memory where there is much of it.

    A server is a thousand small files, and there are hundreds of servers: making files takes longer than running them.
    """
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # tmp_path is for people to look at
    in_memory = "TMPDIR" not in os.environ and MEMORY.is_dir() and _has_room(MEMORY)
    scratch = Path(tempfile.mkdtemp(prefix="pgtune-tests-", dir=MEMORY if in_memory else None))
    scratch.chmod(0o1777)  # the account that root lends a server has to get there
    config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))
    os.environ["TMPDIR"] = str(scratch)
    os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
    tempfile.tempdir = None  # to be read anew


def _has_room(folder: Path) -> bool:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pg_server" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("majors")
        wanted = marker.args if marker else (metafunc.config.stash[POOL].default_major,)
        majors = MAJORS if "all" in wanted else tuple(sorted(wanted))
        metafunc.parametrize(
            "pg_server", majors, indirect=True, ids=[f"pg{major}" for major in majors], scope="session"
        )


@pytest.fixture(scope="session")
def pg_server(request: pytest.FixtureRequest) -> RunningServer:
    """A running server of the test's major; one per major and session."""
    pool = request.config.stash[POOL]
    server = pool.server(request.param)
    if server is None:
        give_up = pytest.fail if os.environ.get("PGTUNE_CI") == "1" else pytest.skip
        give_up(f"no PostgreSQL {request.param}: {pool.missing[request.param]}")
    return server


@pytest.fixture
def pg(pg_server: RunningServer) -> Iterator[Database]:
    """A fresh, empty database."""
    yield from fresh_database(pg_server)


@pytest.fixture(scope="module")
def pg_module(pg_server: RunningServer) -> Iterator[Database]:
    """One database for all tests of a file, for what is dear to load."""
    yield from fresh_database(pg_server)


@pytest.fixture
def pgbouncer_found(request: pytest.FixtureRequest) -> None:
    """Debian's pgbouncer, from .ci/setup."""
    if PROGRAM is None:
        request.config.stash[POOL].missing["pgbouncer"] = "not installed; .ci/setup installs it"
        give_up = pytest.fail if os.environ.get("PGTUNE_CI") == "1" else pytest.skip
        give_up("no pgbouncer")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` compares with tests/golden/<name>; --update-golden writes it."""

    def compare(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: pytest --update-golden writes it"
        assert text == path.read_text(encoding="utf-8")

    return compare


def pytest_sessionfinish(session: pytest.Session) -> None:
    pool = session.config.stash[POOL]
    pool.close()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["missing"] = pool.missing


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Under pytest-xdist the workers know what was missing, and the controller says it."""
    node.config.stash[POOL].missing.update(getattr(node, "workeroutput", {}).get("missing", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    pool = config.stash[POOL]
    if pool.missing:
        terminalreporter.section("PostgreSQL majors and programs that were not run")
        for major, why in sorted(pool.missing.items(), key=str):
            terminalreporter.line(f"{major}: {why}")
