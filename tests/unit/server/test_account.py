"""Whom the server runs as."""

import os
import pwd
from pathlib import Path

import pytest

from pgtune_cli.server.account import Account, is_known, server_account

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")


@as_root
def test_root_takes_nobody_unless_sudo_names_a_user():
    nobody = pwd.getpwnam("nobody")
    assert server_account({}) == Account(nobody.pw_uid, nobody.pw_gid)
    assert server_account({"SUDO_UID": "1000", "SUDO_GID": "100"}) == Account(1000, 100)


@as_root
@pytest.mark.parametrize("uid", ["0", "", "-5", "x"])
def test_root_never_takes_root_or_nonsense_from_sudo(uid):
    assert server_account({"SUDO_UID": uid, "SUDO_GID": "0"}) == server_account({})


def test_a_user_is_known_or_not():
    assert (is_known(0), is_known(54321)) == (True, False)


def test_a_folder_can_be_entered_when_all_above_it_can(tmp_path):
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    owner = Account(tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    stranger = Account(54321, 54321)
    (tmp_path / "closed").chmod(0o700)
    assert (owner.may_enter(inner), stranger.may_enter(inner)) == (True, False)
    assert stranger.may_enter(Path("/")) is True
