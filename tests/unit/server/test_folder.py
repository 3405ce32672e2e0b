"""Private folders: theirs alone, locked while they are used, removed when nobody does."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.folder import PREFIX, base_folder, create_folder, remove_leftovers


def test_a_new_folder_is_private_and_goes_with_all_in_it(tmp_path):
    folder = create_folder(tmp_path)
    (folder.path / "data").mkdir()
    assert (stat.S_IMODE(folder.path.stat().st_mode), folder.path.name.startswith(PREFIX)) == (0o700, True)
    folder.remove()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_only_folders_that_nobody_holds_count_as_left_over(tmp_path):
    alive, dead = create_folder(tmp_path), create_folder(tmp_path)
    os.close(dead.lock)
    remove_leftovers(tmp_path, None)
    assert list(tmp_path.iterdir()) == [alive.path]
    alive.remove()


def test_what_pgtune_did_not_make_is_never_removed(tmp_path):
    elsewhere = tmp_path / "precious"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}open").mkdir(mode=0o755)
    (tmp_path / f"{PREFIX}file").touch()
    before = sorted(tmp_path.rglob("*"))
    remove_leftovers(tmp_path, None)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_leaves_the_folders_of_other_users_alone(tmp_path):
    theirs = tmp_path / f"{PREFIX}theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 54321, 54321)
    remove_leftovers(tmp_path, None)
    assert theirs.is_dir()


def test_a_base_that_is_too_long_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert base_folder(None) == tmp_path
    assert base_folder(None, longest=10) == Path("/tmp")
    with pytest.raises(EmbeddedServerError, match="no folder for temporary files"):
        base_folder(None, longest=3)
