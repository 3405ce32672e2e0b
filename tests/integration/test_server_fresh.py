"""What initdb made is kept: copied by later servers, noticed when damaged, never with a password in it."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.embedded import number_at

from pgtune_cli.server.embedded import start_server
from pgtune_cli.server.kept_data import DataCache

pytestmark = pytest.mark.pg
IDENTITY = "SELECT system_identifier FROM pg_control_system()"
"""of a data folder: initdb makes one, a copy has that of what it is a copy of"""


def start(cache: DataCache | None, listen: bool = False) -> int:
    """Which data folder a new server has."""
    server = start_server(listen=listen, cache=cache)
    try:
        return number_at(server.dsn(), IDENTITY)
    finally:
        server.stop()


@pytest.fixture
def cache() -> Iterator[DataCache]:
    folder = Path(tempfile.mkdtemp())
    yield DataCache(folder / "cache")
    shutil.rmtree(folder)


def test_two_at_once_make_one_entry_that_later_ones_are_copies_of_until_it_is_damaged(cache: DataCache) -> None:
    with ThreadPoolExecutor() as pool:
        first = set(pool.map(start, [cache, cache]))
    assert len(first) == 2
    assert start(cache) in first
    assert [entry.kind for entry in cache.entries()] == ["initdb"]
    for path in cache.folder.rglob("*"):
        assert stat.S_IMODE(path.lstat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    os.truncate(next(cache.folder.glob("*/data/global/pg_control")), 100)
    anew = start(cache)
    assert anew not in first
    assert start(cache) == anew


def test_no_password_is_kept_and_nothing_without_a_cache_or_in_one_that_cannot_be_used(cache: DataCache) -> None:
    start(cache, listen=True)
    start(None)
    assert not cache.folder.exists()
    cache.folder.write_text("a file where the folder should be")
    assert start(cache)
