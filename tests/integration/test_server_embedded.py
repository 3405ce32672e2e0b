"""The embedded server: whom it runs as, what it leaves behind, and what ends it."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg
import pytest
from support.embedded import BINARIES, PLAIN_UIDS, Child, processes_of, version_at, wait_until

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.account import server_account
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.server.folder import base_folder

pytestmark = pytest.mark.pg
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def base(monkeypatch):
    """A folder for temporary files that everybody may use, as /tmp is."""
    folder = Path(tempfile.mkdtemp(dir=base_folder(server_account())))
    folder.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def child(base):
    """Starts programs that run a server in `base`; none survives the test."""
    started = []

    def start(*args, uid=None, binaries=BINARIES):
        started.append(Child(base, *args, uid=uid, binaries=binaries))
        return started[-1].wait_for_server()

    yield start
    for one in started:
        one.end()


def test_the_folder_is_private_and_nothing_is_left_when_the_block_ends(base):
    with embedded_server() as server:
        folder = server.data_dir.parent
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
        assert version_at(server.dsn()) == server.version_num
        assert processes_of(folder)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert (list(base.iterdir()), processes_of(folder)) == ([], [])


def test_the_caller_may_open_and_cut_the_servers_files():
    with embedded_server() as server:
        extra = server.data_dir / "global" / "pg_filenode.map"
        with extra.open("r+b") as file:
            content = file.read()
            file.truncate(len(content))
        assert extra.read_bytes() == content


@as_root
def test_root_lends_nobody_the_server_and_changes_no_user_and_no_folder(base):
    before = (Path("/etc/passwd").read_bytes(), base.stat().st_mode, base.stat().st_uid)
    with embedded_server() as server:
        postmaster = (server.data_dir / "postmaster.pid").read_text().split()[0]
        owners = {
            Path(f"/proc/{postmaster}").stat().st_uid,
            server.data_dir.stat().st_uid,
            server.socket_dir.stat().st_uid,
        }
        groups = [line for line in Path(f"/proc/{postmaster}/status").read_text().splitlines() if "Groups" in line]
    assert len(owners - {0}) == len(owners) == 1
    assert groups == ["Groups:\t "]
    assert (Path("/etc/passwd").read_bytes(), base.stat().st_mode, base.stat().st_uid) == before


@as_root
def test_under_sudo_the_server_runs_as_the_one_who_called_it(base, monkeypatch):
    monkeypatch.setenv("SUDO_UID", "54321")
    monkeypatch.setenv("SUDO_GID", "54322")
    with embedded_server() as server:
        status = server.data_dir.stat()
        assert (status.st_uid, status.st_gid, version_at(server.dsn())) == (54321, 54322, server.version_num)
    assert list(base.iterdir()) == []


@pytest.mark.parametrize("uid", PLAIN_UIDS)
def test_a_plain_user_runs_it_as_himself_even_without_an_entry_in_passwd(child, base, uid):
    program = child(uid=uid)
    assert Path(f"/proc/{program.postmaster}").stat().st_uid == (os.geteuid() if uid is None else uid)
    assert version_at(program.dsn) == find_binaries(BINARIES).version_num
    assert program.close() == 0
    assert (list(base.iterdir()), processes_of(program.folder)) == ([], [])


@as_root
@pytest.mark.majors("all")
def test_each_major_starts_for_a_user_without_an_entry_in_passwd(pg_server, base, monkeypatch):
    from support.servers import binaries_of

    monkeypatch.setenv("SUDO_UID", "54321")
    monkeypatch.setenv("SUDO_GID", "54321")
    with embedded_server(binaries_of(pg_server.version_num // 10000)) as server:
        assert version_at(server.dsn()) == pg_server.version_num


@as_root
def test_programs_in_a_folder_closed_to_others_are_copied_and_the_folder_stays_closed(base):
    closed = base / "root"
    closed.mkdir(mode=0o700)
    package = BINARIES.parent.parent
    ignored = shutil.ignore_patterns("include", "pgxs", "*.a")
    shutil.copytree(package / "pginstall", closed / package.name / "pginstall", symlinks=True, ignore=ignored)
    shutil.copytree(package.parent / f"{package.name}.libs", closed / f"{package.name}.libs")
    with embedded_server(find_binaries(closed / package.name / "pginstall")) as server:
        command = Path(f"/proc/{(server.data_dir / 'postmaster.pid').read_text().split()[0]}/cmdline").read_text()
        assert command.startswith(str(server.data_dir.parent / "programs"))
        assert version_at(server.dsn()) == server.version_num
    assert (list(base.iterdir()), stat.S_IMODE(closed.stat().st_mode)) == ([closed], 0o700)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_no_process_and_no_folder_outlives_a_killed_caller(child, base, number):
    program = child()
    program.process.send_signal(number)
    program.process.wait(10)
    wait_until(lambda: not processes_of(program.folder) and not list(base.iterdir()), seconds=5)


def test_ctrl_c_on_the_terminal_ends_the_caller_and_the_server(child, base):
    program = child()
    os.killpg(program.process.pid, signal.SIGINT)  # as a terminal does: to all of the foreground group
    assert program.process.wait(10) != 0
    assert (list(base.iterdir()), processes_of(program.folder)) == ([], [])


def test_ctrl_c_reaches_the_caller_alone_who_may_still_need_the_server(child):
    program = child("deaf")
    os.killpg(program.process.pid, signal.SIGINT)
    time.sleep(0.3)
    assert version_at(program.dsn) == find_binaries(BINARIES).version_num
    assert program.close() == 0


def test_a_forked_process_that_stays_behind_does_not_keep_the_server(child, base):
    program = child("fork")
    program.process.kill()
    program.process.wait(10)
    wait_until(lambda: not processes_of(program.folder) and not list(base.iterdir()), seconds=5)
    os.kill(program.forked, signal.SIGKILL)


def test_the_next_start_removes_what_was_left_when_all_were_killed(child, base):
    program = child()
    program.process.kill()
    os.kill(program.supervisor, signal.SIGKILL)
    program.process.wait(10)
    wait_until(lambda: program.postmaster not in processes_of(program.folder), seconds=5)
    assert list(base.iterdir()) == [program.folder]
    with embedded_server() as server:
        assert list(base.iterdir()) == [server.data_dir.parent]
    assert list(base.iterdir()) == []


def test_the_next_start_ends_a_server_that_lost_its_supervisor_and_removes_its_folder(child, base):
    program = child()
    other = subprocess.Popen(["/bin/sleep", "60"], cwd=program.folder)  # what still works in the folder
    program.process.kill()
    os.kill(program.supervisor, signal.SIGKILL)
    program.process.wait(10)
    with embedded_server():
        assert not program.folder.exists()
    assert other.wait(10) != 0


def test_two_at_once_do_not_meet(child, base):
    first, second = child(), child()
    assert first.folder != second.folder
    assert (version_at(first.dsn), first.close(), version_at(second.dsn)) == (
        version_at(second.dsn),
        0,
        version_at(second.dsn),
    )
    assert list(base.iterdir()) == [second.folder]
    with embedded_server() as third:
        assert sorted(base.iterdir()) == sorted([second.folder, third.data_dir.parent])
    assert second.close() == 0


def test_a_path_too_long_for_a_socket_gets_a_short_folder_for_it(base, monkeypatch):
    deep = base / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with embedded_server() as server:
        assert server.data_dir.is_relative_to(deep)
        assert len(str(server.socket_dir)) < 80
        assert version_at(server.dsn()) == server.version_num
    assert (list(deep.iterdir()), server.socket_dir.exists()) == ([], False)


@as_root
def test_a_folder_for_temporary_files_that_only_root_may_enter_is_not_used(base, monkeypatch):
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    with embedded_server() as server:
        assert server.data_dir.parent.parent == Path("/tmp")
        assert version_at(server.dsn()) == server.version_num


def test_settings_arrive_whole_and_can_still_be_changed_by_alter_system():
    path = '"it\'s", "back\\slash", "$user"'

    async def main(dsn):
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute("alter system set work_mem = '9MB'")
            await connection.execute("select pg_reload_conf()")
            await asyncio.sleep(0.3)
            names = "work_mem", "search_path", "fsync", "listen_addresses", "timezone", "data_checksums"
            return [await connection.fetchval(f"show {name}") for name in names]
        finally:
            await connection.close()

    with embedded_server(settings={"work_mem": "7MB", "search_path": path}) as server:
        assert asyncio.run(main(server.dsn())) == ["9MB", path, "off", "", "UTC", "off"]


def test_options_of_initdb_come_after_ours():
    async def main(dsn):
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchrow(
                "select datcollate, pg_encoding_to_char(encoding) from pg_database limit 1"
            )
        finally:
            await connection.close()

    with embedded_server(initdb_options=["--locale=C", "-E", "LATIN1"]) as server:
        assert tuple(asyncio.run(main(server.dsn()))) == ("C", "LATIN1")


def test_listening_asks_for_a_password_that_the_representation_hides():
    with embedded_server(listen=True) as server:
        assert version_at(server.tcp_dsn("postgres")) == server.version_num
        assert version_at(server.dsn("postgres")) == server.version_num
        assert server.password not in repr(server)
        with pytest.raises(asyncpg.InvalidPasswordError):
            version_at(server.tcp_dsn("postgres").replace(server.password, "guessed"))


def test_a_wrong_setting_is_named_and_nothing_stays_behind(base):
    with (
        pytest.raises(EmbeddedServerError, match='invalid value for parameter "work_mem": "much"'),
        embedded_server(settings={"work_mem": "much"}),
    ):
        pytest.fail("it started")
    assert list(base.iterdir()) == []


def test_a_library_that_the_server_preloads_but_lacks_is_named(base):
    with (
        pytest.raises(EmbeddedServerError, match='could not access file "no_such_library"'),
        embedded_server(settings={"shared_preload_libraries": "no_such_library"}),
    ):
        pytest.fail("it started")
    assert list(base.iterdir()) == []


def test_a_failing_initdb_says_why(base):
    with (
        pytest.raises(EmbeddedServerError, match=r'did not start: invalid locale name "xx_YY\.none"') as caught,
        embedded_server(initdb_options=["--locale=xx_YY.none"]),
    ):
        pytest.fail("it started")
    assert caught.value.hint == "install the locale C.UTF-8"
    assert list(base.iterdir()) == []
