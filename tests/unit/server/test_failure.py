"""What a failed start tells its reader."""

import pytest

from pgtune_cli.server.failure import LAST_LINES, failed, hint_for


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("initdb: error while loading shared libraries: libpq.so.5: cannot open", "package that holds libpq.so.5"),
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', "TMPDIR"),
        ('FATAL:  could not resize shared memory segment "/PostgreSQL.1" to 1 bytes: No space left', "--shm-size"),
        ("initdb: could not look up effective user ID 4711: user does not exist", "give the user 4711 a line"),
        ('initdb: error: invalid locale name "C.UTF-8"', "install the locale C.UTF-8"),
        ("Operation not permitted", "run pgtune as a plain user"),
        ("[Errno 22] Invalid argument: '/tmp/x/server.log'", "run pgtune as a plain user"),
        ("initdb: error while loading shared libraries: libc.so.6: failed to map segment from shared object", "noexec"),
        ("Permission denied", "noexec"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "shared memory"),
    ],
)
def test_known_troubles_have_a_hint(text, expected):
    hint = hint_for(text)
    assert hint is not None
    assert expected in hint


def test_a_new_trouble_has_none():
    assert hint_for("FATAL:  something else") is None


def test_the_message_ends_with_the_last_lines_of_the_log(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(30)))
    lines = str(failed("postgres ended with status 1", log)).splitlines()
    assert lines[0] == "the embedded PostgreSQL did not start: postgres ended with status 1"
    assert lines[1:] == [f"line {number} �".strip() for number in range(30 - LAST_LINES, 30)]


def test_without_a_log_the_message_stands_alone(tmp_path):
    assert str(failed("why", tmp_path / "none")) == "the embedded PostgreSQL did not start: why"


def test_a_known_trouble_is_one_line(tmp_path):
    log = tmp_path / "log"
    line = '2026-01-01 12:00:00 UTC [7] FATAL:  could not write to file "pg_wal/x": No space left on device'
    log.write_text(f"creating configuration files ... ok\n{line}\nchild process exited with exit code 1\n")
    error = failed("initdb ended with status 1", log)
    assert str(error) == (
        'the embedded PostgreSQL did not start: could not write to file "pg_wal/x": No space left on device'
    )
    assert (error.hint or "").startswith("free some space")
