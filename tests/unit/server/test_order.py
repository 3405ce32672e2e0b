"""What the supervisor is told to run."""

import os
from pathlib import Path

from pgtune_cli.server.account import Account
from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.order import initdb_arguments, make_order, write_settings

HOME = Path("/tmp/home")


def order(version_num, *, account=None, password_file=None, libraries=None, options=()):
    binaries = Binaries(Path("/pg/bin"), version_num, "test")
    folders = [HOME, Path("/tmp/socket")]
    initdb = initdb_arguments(binaries, password_file, options)
    return make_order(binaries, account, folders, initdb=initdb, libraries=libraries)


def test_checksums_are_turned_off_where_they_became_the_default():
    assert "--no-data-checksums" in order(180006)["initdb"]["command"]
    assert "--no-data-checksums" not in order(170010)["initdb"]["command"]


def test_only_a_listening_server_lets_anyone_in_over_tcp_and_asks_for_a_password():
    quiet, listening = order(180006), order(180006, password_file=HOME / "password")
    assert [word for word in quiet["initdb"]["command"] if "auth" in word or "pw" in word] == [
        "--auth-local=trust",
        "--auth-host=reject",
    ]
    assert [word for word in listening["initdb"]["command"] if "auth" in word or "pw" in word] == [
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
        "--pwfile=/tmp/home/password",
    ]


def test_nothing_of_the_callers_environment_reaches_the_server(monkeypatch):
    for name in ("PGDATA", "PGOPTIONS", "PGTZ", "LC_MESSAGES", "PGPASSWORD"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/theirs")
    made = order(180006, libraries=HOME / "libc")
    common = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    assert made["initdb"]["env"] == common | {"LD_LIBRARY_PATH": "/tmp/home/libc:/theirs"}
    assert made["postgres"]["env"] == common | {"LD_LIBRARY_PATH": "/theirs"}


def test_the_order_says_who_runs_it_and_what_goes_at_the_end():
    made = order(180006, account=Account(7, 8), options=["-k"])
    assert (made["uid"], made["gid"], made["parent"]) == (7, 8, os.getpid())
    assert made["remove"] == ["/tmp/home", "/tmp/socket"]
    assert made["initdb"]["command"][-1] == "-k"


def test_settings_are_quoted_for_the_configuration_file(tmp_path):
    write_settings(tmp_path, {"a.b": "it's \\ new\nline", "fsync": "on"})
    lines = (tmp_path / "postgresql.conf").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"include = '{tmp_path}/data/postgresql.conf'"
    assert "a.b = 'it''s \\\\ new\\nline'" in lines
    assert [line for line in lines if line.startswith("fsync")] == ["fsync = 'on'"]
