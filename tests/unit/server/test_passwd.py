"""A C library that reads its users from elsewhere."""

import sys

import pytest

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.passwd import OUR_PATH, SYSTEM_PATH, name_user


def test_the_path_keeps_its_length():
    assert len(OUR_PATH) == len(SYSTEM_PATH)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_only_the_path_of_the_users_differs_from_the_systems_library(tmp_path):
    libraries = name_user(4711, 4712, tmp_path, "/bin/sh", "postgres")
    copy = (libraries / "libc.so.6").read_bytes()
    assert (SYSTEM_PATH in copy, OUR_PATH in copy) == (False, True)
    assert (tmp_path / "passwd").read_text(encoding="utf-8") == f"postgres:x:4711:4712::{tmp_path}:/bin/false\n"


def test_a_program_without_glibc_is_refused_with_what_to_do(tmp_path):
    program = tmp_path / "initdb"
    program.write_text("#!/bin/false\n", encoding="utf-8")
    with pytest.raises(EmbeddedServerError) as caught:
        name_user(4711, 4711, tmp_path, program, "postgres")
    assert str(caught.value) == "initdb asks for the name of its user, and 4711 has none"
    assert caught.value.hint == "give the user 4711 a line in /etc/passwd"
