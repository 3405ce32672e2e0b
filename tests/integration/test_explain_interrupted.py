"""However `pgtune analyze` ends while a statement runs, nothing of it goes on running on the server."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.pg

# slow, and looks cheap
SLOW = "select count(*) from generate_series(1, (select 300000000)) g\n;\nselect 1 as one;\n"
OURS = "select count(*) from pg_stat_activity where datname = current_database() and application_name like $1"
EXECUTING = f"{OURS} and state = 'active' and query like 'EXPLAIN%ANALYZE%'"


class Run:
    """One `pgtune analyze` that is executing, known by its PGAPPNAME."""

    def __init__(self, pg: Any, dsn: str, name: str, folder: Path, max_time: str = "60s") -> None:
        self.pg, self.label = pg, f"pgtune/% ({name})"
        workload = folder / f"{name}.sql"
        workload.write_text(SLOW)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pgtune_cli", "analyze", dsn, "--workload", str(workload), "--max-time", max_time],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**clean, "PGAPPNAME": name},
        )

    def wait_until_it_executes(self) -> None:
        deadline = time.monotonic() + 90
        while not self.pg.fetch(EXECUTING, self.label)[0][0]:
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def seconds_until_gone(self, query: str = OURS) -> float:
        """How long the server still has a backend of it."""
        start = time.monotonic()
        while self.pg.fetch(query, self.label)[0][0]:
            assert time.monotonic() < start + 20, "a backend is left"
            time.sleep(0.02)
        return time.monotonic() - start

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextlib.contextmanager
def cable(pg: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    """A DSN through a relay on TCP; and what cuts it."""
    listener = socket.create_server(("127.0.0.1", 0))
    ends: list[socket.socket] = []

    def relay(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{pg.socket_dir}/.s.PGSQL.{pg.port}")
                ends.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=relay, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port = listener.getsockname()[1]

    def cut() -> None:
        for end in (listener, *ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/{pg.database}?sslmode=disable", cut
    finally:
        cut()


@pytest.mark.majors(13, 18)
def test_an_interrupted_analysis_leaves_no_backend_within_a_second(pg: Any, tmp_path: Path) -> None:
    runs = {kind: Run(pg, pg.dsn, kind.name, tmp_path) for kind in (signal.SIGINT, signal.SIGTERM)}
    for kind, run in runs.items():
        run.wait_until_it_executes()
        run.process.send_signal(kind)
        assert run.seconds_until_gone() < 1
    for run in runs.values():
        code, out, err = run.end()
        assert (code, out) == (130, "")
        assert err.endswith("pgtune: interrupted\n")
        assert "Traceback" not in err


@pytest.mark.majors(18)
def test_a_killed_analysis_and_a_cut_connection_leave_no_backend_within_a_second(pg: Any, tmp_path: Path) -> None:
    with cable(pg) as (dsn, cut):
        killed, cut_off = Run(pg, pg.dsn, "killed", tmp_path), Run(pg, dsn, "cut", tmp_path)
        killed.wait_until_it_executes()
        killed.process.kill()
        assert killed.seconds_until_gone() < 1.2
        killed.end()
        cut_off.wait_until_it_executes()
        cut()
        assert cut_off.seconds_until_gone() < 1.2
    code, out, err = cut_off.end()
    assert code == 0, err
    assert "the connection to the server: it broke while statements were explained" in err
    assert "generate_series" in out


@pytest.mark.majors(18)
def test_a_backend_that_is_ended_on_the_server_costs_its_statements_alone(pg: Any, tmp_path: Path) -> None:
    run = Run(pg, pg.dsn, "ended", tmp_path)
    run.wait_until_it_executes()
    pg.fetch("select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1", run.label)
    assert run.seconds_until_gone() < 1
    code, out, err = run.end()
    assert code == 0, err
    assert "generate_series" in out


@pytest.mark.majors(13)
def test_before_14_a_killed_analysis_ends_with_its_statement_timeout(pg: Any, tmp_path: Path) -> None:
    run = Run(pg, pg.dsn, "killed", tmp_path, max_time="2s")
    run.wait_until_it_executes()
    run.process.kill()
    assert run.seconds_until_gone() < 3
    run.end()
