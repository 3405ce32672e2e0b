"""A database of 5,000 tables whose workload touches 20: reading it, its snapshot file, its clone, the clone again.

Then clones of 8 and of 500 tables with four indexes each, all of them wanted: the time after initdb, and whether
memory stays flat over more of them. Then two that are said to be 1.6 TB large, a table of 1 TB in it: what their files
take on the disk, and how long a candidate on that table takes.

python benchmarks/large_schema.py [tables]   # prints figures; about a minute
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.clones import open_clone_of
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, Source, open_source, resolve
from pgtune_cli.cli.stored_plans import with_plans
from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.snapshot_file import load, save
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.settings import CacheSettings, Settings
from pgtune_cli.sql.statements import statements
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.clone.schema_sql import schema_sql

TOUCHED = 20
TABLE = """
CREATE TABLE t{n} (id int PRIMARY KEY, a int, b text, c timestamptz, d numeric, parent int);
CREATE INDEX t{n}_a ON t{n} (a, b);
INSERT INTO t{n} SELECT i, i % 50, 'b' || i, now(), i, i FROM generate_series(1, 200) AS i;
"""
MORE_INDEXES = """
CREATE INDEX t{n}_c ON t{n} (c);
CREATE INDEX t{n}_d ON t{n} (d) WHERE a > 3;
"""
ALL_TOUCHED = (8, 500, 500, 500)
BLOCK, TIB = 8192, 1 << 40
HUGE = (20, 500)
QUIET = Notes(-1)


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{what:<44} {time.perf_counter() - started:8.2f} s")


async def fill(dsn: str, tables: int) -> None:
    connection = await connect(dsn, read_only=False)
    await connection.execute("CREATE EXTENSION pg_stat_statements")
    for start in range(0, tables, 100):
        await connection.execute("".join(TABLE.format(n=n) for n in range(start, start + 100)))
    await connection.execute("ANALYZE")
    await connection.execute("SELECT pg_stat_statements_reset()")
    for n in range(TOUCHED):
        other = (n + 1) % TOUCHED
        await connection.fetch(f"SELECT * FROM t{n} JOIN t{other} USING (id) WHERE t{n}.c > $1::timestamptz", None)
    await connection.close()


async def read(dsn: str) -> Snapshot:
    where = resolve(ConnectionFlags(target=dsn), Settings(), QUIET)
    async with open_source(where, CollectFlags(), Settings(), QUIET) as source:
        with timed("planning the statements on the source"):
            return await with_plans(source, QUIET)


async def clone(snapshot: Snapshot, cache: CacheSettings) -> int:
    options = AnalyzeOptions(cache=cache)
    found = statements(Source(snapshot, None).snapshot)
    async with open_clone_of(snapshot, found, options, QUIET, of_file=True) as (opened, _):
        assert opened is not None
        return len(opened.snapshot.catalog.relations)


async def read_all_touched() -> Snapshot:
    with embedded_server(find_binaries(major=18), {"max_locks_per_transaction": "1024"}) as server:
        connection = await connect(server.dsn(), read_only=False)
        for n in range(max(ALL_TOUCHED)):
            await connection.execute((TABLE + MORE_INDEXES).format(n=n))
        await connection.execute("ANALYZE")
        snapshot = await collect(connection)
        await connection.close()
    return snapshot


async def clone_all(snapshot: Snapshot, tables: int) -> None:
    """The clock starts when the server is up: initdb is the same for every clone."""
    started = time.perf_counter()

    def restart(message: str) -> None:
        nonlocal started
        if message.startswith("cloning"):
            started = time.perf_counter()

    before = cpu_seconds()
    wanted = frozenset(relation.relation_name for relation in snapshot.catalog.relations[:tables])
    async with open_clone(snapshot, relations=wanted, progress=restart) as opened:
        seconds = time.perf_counter() - started
        catalog, mib = opened.snapshot.catalog, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = f"{len(catalog.relations)} tables, {len(catalog.indexes)} indexes, all touched"
    used = f"{cpu_seconds() - before:.1f} s of processors with initdb"
    print(f"{what:<44} {seconds:8.2f} s, {used}, {mib:.0f} MiB of memory at most until now")


def huge(snapshot: Snapshot, tables: int) -> Snapshot:
    """The first table of 1 TiB with indexes of a tenth of it each; the others, of any kind, are 0.2 TiB together."""
    others = 5 * (tables - 1)

    def sized(one: Any) -> Any:
        table, _, index = one.name.partition("_")
        size = TIB // (10 if index else 1) if table == "t0" else TIB // 5 // others
        return replace(one, pages=size // BLOCK, relpages=size // BLOCK, reltuples=5e9)

    catalog = snapshot.catalog
    relations, indexes = tuple(map(sized, catalog.relations)), tuple(map(sized, catalog.indexes))
    return replace(snapshot, catalog=replace(catalog, relations=relations, indexes=indexes))


async def clone_huge(snapshot: Snapshot, tables: int) -> None:
    wanted_tables = frozenset(relation.relation_name for relation in snapshot.catalog.relations[:tables])
    async with open_clone(snapshot, relations=wanted_tables) as opened:
        files = [path.stat() for path in opened.data_dir.rglob("*") if path.is_file()]
        apparent, disk = sum(one.st_size for one in files), sum(one.st_blocks * 512 for one in files)
        print(f"{'a clone that looks large':<44} {apparent / TIB:8.2f} TiB in {len(files)} files")
        print(f"{'  on the disk, with the log and all catalogs':<44} {disk / 2**20:8.2f} MiB")
        for column in ("a", "c", "b"):
            wanted = CandidateIndex(table=RelationName("public", "t0"), keys=(IndexKey(column=column),))
            with timed(f"a candidate on the table of 1 TiB ({column})"):
                size = (await opened.create([wanted]))[wanted]
            print(f"{'  its size':<44} {int(size) / 2**30:8.2f} GiB")
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'memory of pgtune, at most until now':<44} {mib:8.0f} MiB")


def cpu_seconds() -> float:
    """Of this process and of the servers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(tables: int) -> None:
    settings = {"shared_preload_libraries": "pg_stat_statements", "max_locks_per_transaction": "1024"}
    with tempfile.TemporaryDirectory() as folder, embedded_server(find_binaries(major=18), settings) as server:
        with timed(f"(making {tables} tables)"):
            asyncio.run(fill(server.dsn(), tables))
        with timed("reading all of it, plans included"):
            snapshot = asyncio.run(read(server.dsn()))
        file = Path(folder) / "large.pgtune"
        with timed("writing the snapshot"):
            save(snapshot, file, schema_sql(snapshot))
        print(f"{'its size':<44} {file.stat().st_size / 2**20:8.2f} MiB")
        with timed("loading it"):
            loaded = load(file)
        cache = CacheSettings(dir=Path(folder) / "clones")
        for what in ("the clone, built", "the clone, kept"):
            with timed(what):
                relations = asyncio.run(clone(loaded, cache))
        print(f"{'relations in the clone':<44} {relations:8d}")
    snapshot = asyncio.run(read_all_touched())
    for some in ALL_TOUCHED:
        asyncio.run(clone_all(snapshot, some))
    for some in HUGE:
        asyncio.run(clone_huge(huge(snapshot, some), some))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
