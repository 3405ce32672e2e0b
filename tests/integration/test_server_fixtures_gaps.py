"""Where the fixtures take their servers from, and what they say of a major that is not there."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.servers import docker_answers

TESTS = Path(__file__).resolve().parent.parent
ASKS_FOR_99 = """
import pytest

@pytest.mark.majors(99)
def test_it(pg):
    pass
"""
NAMES_ITS_ORIGIN = """
def test_it(pg, pg_server):
    assert pg_server.origin == "PGTUNE_TEST_DSN"
    assert pg.fetch("show work_mem")[0][0] == "7777kB"
"""


def run_pytest(folder, text, **env):
    """pytest with our conftest, on one file. Returns its status and what it said."""
    (folder / "test_one.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    majors(*numbers): majors\n", encoding="utf-8")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PGTUNE_", "PYTEST"))}
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "--import-mode=importlib"],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(TESTS)} | env,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout


def test_a_missing_major_is_skipped_and_named(tmp_path):
    status, said = run_pytest(tmp_path, ASKS_FOR_99)
    assert status == 0
    assert "99: no programs of PostgreSQL 99 were found on this machine" in said.splitlines()
    assert "1 skipped" in said.splitlines()[-1]


def test_under_ci_a_missing_major_fails(tmp_path):
    status, said = run_pytest(tmp_path, ASKS_FOR_99, PGTUNE_CI="1")
    assert status == 1
    assert "99: no programs of PostgreSQL 99 were found on this machine" in said.splitlines()
    assert "1 error" in said.splitlines()[-1]


@pytest.mark.pg
def test_the_server_of_pgtune_test_dsn_is_used_for_its_own_major(tmp_path, pg):
    pg.execute("alter system set work_mem = '7777kB'")
    pg.execute("select pg_reload_conf()")
    try:
        status, said = run_pytest(tmp_path, NAMES_ITS_ORIGIN, PGTUNE_TEST_DSN=pg.server.dsn_for("postgres"))
    finally:
        pg.execute("alter system reset work_mem")
        pg.execute("select pg_reload_conf()")
    assert (status, "1 passed" in said) == (0, True)


@pytest.mark.parametrize(
    ("answer", "expected"), [(b"HTTP/1.0 200 OK\r\n\r\nOK", True), (b"HTTP/1.0 500 No\r\n\r\n", False), (None, False)]
)
def test_only_an_engine_that_answers_counts_and_one_that_hangs_costs_a_second(tmp_path, answer, expected):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(path))
        engine.listen()
        engine.settimeout(5)

        def serve():
            connection, _ = engine.accept()
            with connection:
                connection.recv(1000)
                if answer:
                    connection.sendall(answer)
                else:
                    time.sleep(1.5)

        thread = threading.Thread(target=serve)
        thread.start()
        started = time.monotonic()
        assert docker_answers({"DOCKER_HOST": f"unix://{path}"}) is expected
        assert time.monotonic() - started < 1.4
        thread.join()


def test_no_socket_is_no_engine(tmp_path):
    assert docker_answers({"DOCKER_HOST": f"unix://{tmp_path}/none"}) is False
