"""An index that only pgtune scans stays unused: its scans are left uncounted, or are known and subtracted."""

import asyncio
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from support.command import pgtune

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.collect.snapshot_file import load
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.snapshot import IndexUsage, Snapshot
from pgtune_cli.model.statement import Statement

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]

QUERIES = [
    "select * from t where a = $1",
    "select count(*) from t where a in (5, 6000, 70000)",
    "select * from t where a > $1 order by a limit $2",
    "select count(*) from t where b < $1",
    "select count(*) from u join t on t.b = u.b where u.c > $1",
]


def fill(pg: Any) -> str:
    """The DSN of a role that may read, and whose server likes parallel plans."""
    pg.execute("create table t as select i as a, i as b, repeat('x', 20) as d from generate_series(1, 60000) i")
    pg.execute("create table u as select i as b, i as c from generate_series(1, 20000) i")
    pg.execute("create index t_a on t (a); create index t_b on t (b); create index u_c on u (c)")
    pg.execute("vacuum analyze")
    name = f"reader_{pg.database}"
    dsn = pg.create_role(name, "pg_read_all_stats", "select on t, u")
    for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_index_scan_size"):
        pg.execute(f"alter role {name} set {setting} = 0")
    pg.execute(f"alter role {name} set enable_seqscan = off")
    pg.execute(f"alter role {name} set enable_bitmapscan = off")
    return str(dsn)


def analysed(dsn: str, folder: Path | None) -> tuple[Snapshot, str]:
    """What was read, and the plans as text."""

    async def main() -> tuple[Snapshot, str]:
        connection = await connect(dsn)
        try:
            snapshot = await collect(connection, CollectOptions(scans_folder=folder))
            statements = [
                Statement(fingerprint=query, query=query, calls=9, total_exec_time_ms=9.0, mean_exec_time_ms=1.0)
                for query in QUERIES
            ]
            found = await explain_statements(connection, snapshot, statements, ExplainOptions())
            assert {one.not_executed for one in found.values()} == {None}
            return snapshot, str([one.plans[0].plan for one in found.values()])
        finally:
            await connection.close()

    return asyncio.run(main())


def counted(pg: Any) -> dict[str, int]:
    """Once the sessions that ended have sent their counters."""
    before: dict[str, int] | None = None
    shared = pg.version_num >= 150000
    while True:
        pg.fetch("select pg_stat_force_next_flush()" if shared else "select pg_stat_clear_snapshot()")
        rows = pg.fetch("select indexrelname, idx_scan from pg_stat_user_indexes")
        now = {row[0]: row[1] for row in rows}
        if now == before:
            return now
        before = now
        time.sleep(0.2 if shared else 0.7)


def usage(snapshot: Snapshot) -> dict[str, IndexUsage]:
    return {one.index.name: one for one in snapshot.usage.indexes}


def test_what_an_ordinary_role_scans_is_known_to_its_next_run(pg: Any, tmp_path: Path) -> None:
    dsn = fill(pg)
    folder = tmp_path / "scans"
    _, plans = analysed(dsn, folder)
    assert "workers_launched=2" in plans
    analysed(dsn, folder)
    raw = counted(pg)
    assert all(raw.values())
    read = usage(analysed(dsn, folder)[0])
    assert {name: (one.idx_scan, one.application_scans) for name, one in read.items()} == {
        name: (scans, 0) for name, scans in raw.items()
    }
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "t_a" not in file.read_text()

    # the application's are not: here's one scan
    counted(pg)
    pg.fetch("set enable_seqscan = off")
    pg.fetch("select * from t where a = 77")
    pg.fetch("reset enable_seqscan")
    counted(pg)
    read = usage(analysed(dsn, folder)[0])
    assert {name: one.application_scans for name, one in read.items()} == {"t_a": 1, "t_b": 0, "u_c": 0}

    # whoever knows nothing of earlier runs subtracts nothing
    assert all(one.application_scans for one in usage(analysed(dsn, tmp_path / "empty")[0]).values())

    # and what was known is of no use after a reset
    counted(pg)
    pg.fetch("select pg_stat_reset()")
    pg.fetch("set enable_seqscan = off")
    for number in range(3):
        pg.fetch("select * from t where a = $1", number)
    counted(pg)
    read = usage(analysed(dsn, folder)[0])
    assert (read["t_a"].idx_scan, read["t_a"].application_scans) == (3, 3)


def test_what_a_superuser_scans_is_not_counted(pg: Any) -> None:
    fill(pg)
    pg.execute(f"alter database {pg.database} set enable_seqscan = off")
    tables = "select relname, seq_scan, idx_scan from pg_stat_user_tables order by 1"
    before = (counted(pg), pg.fetch(tables))
    snapshot, plans = analysed(pg.dsn, None)
    assert "t_a" in plans
    assert (counted(pg), pg.fetch(tables)) == before
    assert snapshot.server.settings["track_counts"] == "on"


@pytest.mark.majors(18)
def test_a_role_may_be_granted_to_leave_no_trace(pg: Any) -> None:
    dsn = fill(pg)
    pg.execute(f"grant set on parameter track_counts to reader_{pg.database}")
    analysed(dsn, None)
    assert set(counted(pg).values()) == {0}


@pytest.mark.majors(18)
def test_the_command_keeps_them_in_the_users_cache(pg: Any, tmp_path: Path) -> None:
    dsn = fill(pg)
    pg.execute("create extension pg_stat_statements")
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    for query in QUERIES[:1]:
        pg.fetch(query.replace("$1", "5"))
    counted(pg)
    pg.execute("select pg_stat_reset()")
    done = pgtune("analyze", dsn, "--format", "json", env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["executed"] >= 1
    assert sum(counted(pg).values()) > 0
    done = pgtune("snapshot", dsn, "-o", str(tmp_path / "x.pgtune"), env=environment)
    assert done.returncode == 0, done.stderr
    read = usage(load(tmp_path / "x.pgtune"))
    assert {one.application_scans for one in read.values()} == {0}
    assert len(list((tmp_path / "pgtune" / "scans").iterdir())) == 1

    # a folder that cannot be made is no reason to stop
    (tmp_path / "file").write_text("")
    done = pgtune("snapshot", dsn, "-o", str(tmp_path / "y.pgtune"), env={"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert done.returncode == 0, done.stderr
