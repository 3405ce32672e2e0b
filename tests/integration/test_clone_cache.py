"""Clones that are kept: reused as they were, discarded when damaged, never shared, and gone with their process."""

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support.command import pgtune
from support.embedded import processes_of, wait_until
from support.whatif_source import candidate, request

from pgtune_cli.collect.snapshot_file import save
from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, Server, Skipped, Snapshot, StatementRow, Workload
from pgtune_cli.server.account import server_account
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.folder import base_folder
from pgtune_cli.server.kept_data import DataCache
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.clone.cache import about_clone, keep_clone, key_of
from pgtune_cli.whatif.protocol import Cost

pytestmark = pytest.mark.pg

NAME = RelationName("public", "places")
TABLE = Relation(
    oid=1, schema="public", name="places", kind=RelationKind.TABLE, relpages=50_000, reltuples=4e6, pages=200_000,
    columns=(
        Column(attnum=1, name="id", type="integer", not_null=True),
        Column(attnum=2, name="spot", type="missing.type", not_null=True),
        Column(attnum=3, name="town", type="integer", not_null=True),
    ),
)  # fmt: skip
PKEY = Index(
    oid=2, schema="public", name="places_id", table=NAME, method="btree", relpages=11_000, reltuples=4e6, pages=11_000,
    definition="CREATE UNIQUE INDEX places_id ON public.places USING btree (id)", unique=True,
    keys=(IndexKey(column="id"),),
)  # fmt: skip
QUERY = "SELECT * FROM places WHERE town = 5"
ROW = StatementRow(queryid="1", role="r", query=QUERY, calls=9, total_exec_time_ms=90.0, mean_exec_time_ms=10.0)
SNAPSHOT = Snapshot(
    pgtune_version="0",
    server=Server(version_num=180000, version="", database="d", user="u", settings={"work_mem": "8192"}),
    workload=Workload(source="workload", rows=(ROW,)),
    catalog=Catalog(relations=(TABLE,), indexes=(PKEY,)),
    statistics=tuple(
        ColumnStatistics(schema="public", table="places", column=name, null_frac=0, avg_width=4, n_distinct=distinct)
        for name, distinct in (("id", -1.0), ("town", 4000.0))
    ),
)
BY_TOWN = candidate(NAME, "town")
REQUESTS = [request(QUERY), request(QUERY, BY_TOWN), request("SELECT * FROM places WHERE id = 7")]
BIG, LONG = 1 << 30, 1e6


@pytest.fixture
def base() -> Iterator[Path]:
    """For folders that the server's account must reach: tmp_path is root's alone."""
    folder = Path(tempfile.mkdtemp(dir=base_folder(server_account())))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


async def costs(cache: DataCache | None, said: list[str] | None = None) -> tuple[list[float], tuple[Skipped, ...]]:
    async with open_clone(SNAPSHOT, cache=cache, progress=(said if said is not None else []).append) as clone:
        await clone.create([BY_TOWN])
        found = await clone.costs(REQUESTS)
        assert all(isinstance(cost, Cost) for cost in found), found
        return [cost.total_cost for cost in found if isinstance(cost, Cost)], clone.lost


def key() -> str:
    return key_of(SNAPSHOT, find_binaries(major=18))


def test_a_clone_is_kept_used_again_and_discarded_when_it_was_touched(tmp_path: Path) -> None:
    cache = DataCache(tmp_path / "clones", BIG, LONG)
    fresh = asyncio.run(costs(None))
    assert len(fresh[0]) == 3
    assert fresh[1]
    first: list[str] = []
    assert asyncio.run(costs(cache, first)) == fresh
    assert "starting the clone's server" in first
    (entry,) = cache.entries()
    about = about_clone(entry)
    assert about is not None
    assert (entry.key, about.database, about.relations) == (key(), "d", 1)
    assert entry.size_bytes < 100 << 20  # of 1.7 GB apparent
    for path in (tmp_path / "clones").rglob("*"):
        assert stat.S_IMODE(path.lstat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    again: list[str] = []
    assert asyncio.run(costs(cache, again)) == fresh
    assert "starting the clone that was kept" in again
    assert not any(said.startswith("cloning") for said in again)
    damage = [
        lambda folder: os.truncate(next((folder / "data" / "base").rglob("1259")), 8192),
        lambda folder: (folder / "entry.json").write_bytes(b'{"kind": "clone"'),
    ]
    for spoil in damage:
        spoil(tmp_path / "clones" / key())
        said: list[str] = []
        assert asyncio.run(costs(cache, said)) == fresh
        assert any(line.startswith("a clone that was kept is discarded: ") for line in said)
        assert [one.key for one in cache.entries()] == [key()]


def test_two_at_once_run_on_copies_of_their_own(tmp_path: Path) -> None:
    cache = DataCache(tmp_path / "clones", BIG, LONG)

    async def one() -> tuple[Path, list[float]]:
        async with open_clone(SNAPSHOT, cache=cache) as clone:
            await clone.create([BY_TOWN])
            await asyncio.sleep(0.2)
            return clone.data_dir, [cost.total_cost for cost in await clone.costs(REQUESTS) if isinstance(cost, Cost)]

    async def main() -> None:
        both = await asyncio.gather(one(), one())  # neither is kept yet: both build
        both += await asyncio.gather(one(), one(), asyncio.to_thread(cache.entries))
        folders = {folder for folder, _ in (*both[:4],)}
        assert len(folders) == 4
        assert len({tuple(found) for _, found in both[:4]}) == 1
        assert len(cache.clear()[0]) == 1

    asyncio.run(main())
    assert cache.entries() == []


def test_what_is_not_the_same_has_another_key() -> None:
    binaries = find_binaries(major=18)
    server = msgspec.structs.replace(SNAPSHOT.server, settings={"work_mem": "4096"})
    more = msgspec.structs.replace(TABLE, pages=200_001)
    row = msgspec.structs.replace(ROW, calls=10)
    others = [
        msgspec.structs.replace(SNAPSHOT, server=server),
        msgspec.structs.replace(SNAPSHOT, statistics=()),
        msgspec.structs.replace(SNAPSHOT, catalog=Catalog(relations=(more,), indexes=(PKEY,))),
    ]
    assert len({key_of(one, binaries) for one in (SNAPSHOT, *others)}) == 4
    counted = msgspec.structs.replace(SNAPSHOT, workload=Workload(source="workload", rows=(row,)))
    assert key_of(counted, binaries) == key()


def entry_of(cache: DataCache, name: str, source: Path) -> None:
    keep_clone(cache, name, source, SNAPSHOT, ())


def test_the_cache_stays_within_its_size_and_age(tmp_path: Path) -> None:
    source = tmp_path / "data"
    source.mkdir()
    (source / "file").write_bytes(b"x" * 100_000)
    (source / "holes").touch()
    os.truncate(source / "holes", 1 << 40)
    cache = DataCache(tmp_path / "clones", 260_000, 3600)
    for name in ("a", "b", "c"):
        entry_of(cache, name, source)
        old = time.time() - 1000 + ord(name)
        os.utime(tmp_path / "clones" / name / "entry.json", (old, old))
    assert [entry.key for entry in cache.entries()] == ["c", "b"]
    aged = time.time() - 4000
    os.utime(tmp_path / "clones" / "c" / "entry.json", (aged, aged))
    (tmp_path / "clones" / ".new-left").mkdir()
    entry_of(cache, "d", source)
    assert sorted(os.listdir(tmp_path / "clones")) == ["b", "d", "lock"]  # noqa: PTH208
    assert (tmp_path / "clones" / "d" / "data" / "holes").stat().st_size == 1 << 40


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_not_used(base: Path) -> None:
    (base / "clones").mkdir()
    os.chown(base / "clones", 54321, 54321)
    said: list[str] = []
    found, _ = asyncio.run(costs(DataCache(base / "clones", BIG, LONG), said))
    assert len(found) == 3
    assert any(line.startswith("the clone is not kept for later") for line in said)
    assert list((base / "clones").iterdir()) == []


def test_the_command_keeps_lists_and_clears_and_a_killed_one_leaves_nothing(base: Path) -> None:
    file = base / "s.pgtune"
    save(SNAPSHOT, file)
    env = {"TMPDIR": str(base / "tmp"), "XDG_CACHE_HOME": str(base / "cache")}
    (base / "tmp").mkdir(mode=0o1777)
    (base / "tmp").chmod(0o1777)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for moment in ("pgtune-server-*/data/base", "pgtune-server-*/data/base/163*"):  # in initdb, and in the build
        process = subprocess.Popen(
            [sys.executable, "-m", "pgtune_cli", "indexes", str(file)], env=clean | env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda moment=moment: bool(list((base / "tmp").glob(moment))), seconds=60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not processes_of(base / "tmp"), seconds=10)
    assert [entry.kind for entry in DataCache(base / "cache" / "pgtune" / "clones").entries()] == ["initdb"]
    shutil.rmtree(base / "cache")
    (base / "tmp" / "pgtune-server-left").mkdir(mode=0o700)
    first = pgtune("indexes", str(file), "--no-cache", env=env)
    assert first.returncode == 0, first.stderr
    assert os.listdir(base / "tmp") == []  # noqa: PTH208
    assert not (base / "cache").exists()
    assert pgtune("indexes", str(file), env=env).stdout == first.stdout
    listed = json.loads(pgtune("cache", "list", "--format", "json", env=env).stdout)
    assert [(one["database"], one["relations"]) for one in listed["clones"]] == [("d", 1)]
    assert [one["version_num"] for one in listed["initdb"]] == [find_binaries(major=18).version_num]
    assert pgtune("indexes", str(file), env=env).stdout == first.stdout
    shown = pgtune("cache", "list", env=env).stdout
    assert "1 clone and 1 new server" in shown
    assert "d (1 relation)" in shown
    assert "as initdb leaves it" in shown
    cleared = pgtune("cache", "clear", env=env)
    assert (cleared.returncode, cleared.stdout) == (0, "")
    assert "1 clone and 1 new server removed" in cleared.stderr
    assert json.loads(pgtune("cache", "list", "--format", "json", env=env).stdout)["clones"] == []
