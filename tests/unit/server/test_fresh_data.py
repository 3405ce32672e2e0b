"""A kept data folder is used while it is what was put there, for the programs and options it was made with."""

import os
import shutil
from pathlib import Path

import pytest

from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.fresh_data import FreshData, fresh_version
from pgtune_cli.server.kept_data import DATA, ENTRY, DataCache, default_folder

ENV = {"PATH": os.defpath}


@pytest.fixture
def binaries(tmp_path: Path) -> Binaries:
    for name in ("initdb", "postgres"):
        (tmp_path / name).write_text(name)
    return Binaries(tmp_path, 180006, "test")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    (folder / "base" / "1").mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    (folder / "base" / "1" / "1259").write_bytes(b"x" * 8192)
    (folder / "base" / "1" / "empty").touch()
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    return folder


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_what_was_kept_comes_back_without_links_and_pipes(tmp_path: Path, made: Path, binaries: Binaries) -> None:
    cache = DataCache(tmp_path / "cache")
    fresh = FreshData(cache, binaries, ["-E", "UTF8"], ENV)
    assert not fresh.fill(tmp_path / "a")
    fresh.keep(made)
    fresh.keep(made)
    assert [fresh_version(entry) for entry in cache.entries()] == [180006]
    assert fresh.fill(tmp_path / "a")
    (made / "link").unlink()
    (made / "pipe").unlink()
    assert contents(tmp_path / "a") == contents(made)


DAMAGE = {
    "a file is cut": lambda entry: os.truncate(entry / DATA / "base" / "1" / "1259", 100),
    "a byte is another": lambda entry: (entry / DATA / "base" / "1" / "1259").write_bytes(b"y" + b"x" * 8191),
    "a file is missing": lambda entry: (entry / DATA / "PG_VERSION").unlink(),
    "a folder is missing": lambda entry: shutil.rmtree(entry / DATA),
    "a folder is a link": lambda entry: shutil.move(entry / DATA, entry / "b") and (entry / DATA).symlink_to("b"),
    "more is there": lambda entry: (entry / DATA / "base" / "more").touch(),
    "what it says is cut": lambda entry: (entry / ENTRY).write_bytes((entry / ENTRY).read_bytes()[:-10]),
    "it says nothing": lambda entry: (entry / ENTRY).write_bytes(b"[" * 100_000),
    "it says no digest": lambda entry: (entry / ENTRY).write_text('{"kind": "initdb", "digest": 7}'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_one_is_discarded(tmp_path: Path, made: Path, binaries: Binaries, damage) -> None:
    cache = DataCache(tmp_path / "cache")
    fresh = FreshData(cache, binaries, [], ENV)
    fresh.keep(made)
    (entry,) = cache.entries()
    damage(cache.folder / entry.key)
    assert not fresh.fill(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert [path.name for path in cache.folder.iterdir()] == ["lock"]


def test_what_a_killed_process_left_is_no_entry_and_goes(tmp_path: Path, made: Path, binaries: Binaries) -> None:
    cache = DataCache(tmp_path / "cache")
    FreshData(cache, binaries, [], ENV).keep(made)
    (entry,) = cache.entries()
    (cache.folder / entry.key).rename(cache.folder / ".new-left")
    assert cache.entries() == []
    FreshData(cache, binaries, [], ENV).keep(made)
    assert sorted(path.name for path in cache.folder.iterdir()) == [entry.key, "lock"]


def test_other_programs_options_and_surroundings_have_another(tmp_path: Path, made: Path, binaries: Binaries) -> None:
    cache = DataCache(tmp_path / "cache")
    FreshData(cache, binaries, [], ENV).keep(made)
    FreshData(cache, binaries, ["-k"], ENV).keep(made)
    FreshData(cache, binaries, [], ENV | {"LOCPATH": "/locales"}).keep(made)
    (binaries.bin_dir / "postgres").write_text("a build of the same version")
    FreshData(cache, binaries, [], ENV).keep(made)
    assert len(cache.entries()) == 4


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: Path, made: Path, binaries: Binaries) -> None:
    (tmp_path / "cache").write_text("a file")
    fresh = FreshData(DataCache(tmp_path / "cache"), binaries, [], ENV)
    fresh.keep(made)
    assert not fresh.fill(tmp_path / "a")


def test_the_folder_is_where_its_specification_says() -> None:
    home = Path("/home/ada/.cache/pgtune/clones")
    assert default_folder({"XDG_CACHE_HOME": "/c", "HOME": "/home/ada"}) == Path("/c/pgtune/clones")
    assert default_folder({"XDG_CACHE_HOME": "c", "HOME": "/home/ada"}) == home
    assert default_folder({"HOME": "/home/ada"}) == home
    with pytest.raises(FileNotFoundError):
        default_folder({"HOME": "ada"})
