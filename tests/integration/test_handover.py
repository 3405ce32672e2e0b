"""The script of the advice, run by psql on real servers: again, after an interruption, with odd names; and undone."""

import asyncio
import subprocess
from pathlib import Path

import asyncpg
import msgspec
import pytest
from support.collecting import read
from support.database import Database
from support.handover import SCHEMA, advice_for, indexes
from support.psql import psql
from support.replica import streaming_replica

from pgtune_cli.advise.scratch import check_copy
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.replica_usage import with_replica_usage
from pgtune_cli.errors import UsageError
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.snapshot import Usage
from pgtune_cli.report.index_sql import index_script

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]


def run(pg: Database, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "indexes.sql"
    file.write_text(text, encoding="utf-8")
    return psql(pg.dsn, file)


def test_the_script_builds_everything_and_may_be_run_again(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg, dropping=True)
    text = index_script(advice)
    first = run(pg, text, tmp_path)
    assert first.returncode == 0, first.stderr
    built = indexes(pg)
    assert all(valid for valid, _ in built.values()), built
    assert len(built) == 1 + 1 + 5 + 4 + 1
    assert pg.fetch("select indisunique from pg_index where indexrelid = 'plain_id_key'::regclass")[0]["indisunique"]
    assert built["log_2_x_id_lower_v_idx"] == (True, "log_2_id_lower_v_idx")
    assert built["log_2_id_lower_v_idx"] == (True, "log_id_lower_v_idx")
    assert built["far_2_id_idx"] == (True, "far_id_idx")
    assert pg.fetch("select 1 from pg_stats where tablename = 'plain_lower_mail_id_partial_idx'") == []  # no such rows
    assert pg.fetch("select 1 from pg_stats where tablename = 'log_1_id_lower_v_idx'")
    assert pg.fetch("select to_regclass('plain_old') is null as gone")[0]["gone"]

    again = run(pg, text, tmp_path)
    assert again.returncode == 0, again.stderr
    assert indexes(pg) == built

    for chosen in reversed(advice.chosen):
        for undo in reversed(chosen.rollback_steps):
            if undo is not None:
                pg.execute(undo)
    assert indexes(pg) == {}


def test_what_an_interruption_left_behind_is_built_again(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg)
    # as CREATE INDEX CONCURRENTLY leaves it: there, and not valid
    for chosen in advice.chosen:
        for step in chosen.steps:
            if step.startswith("CREATE"):
                pg.execute(step)
    left = [leaf for chosen in advice.chosen for leaf in chosen.leaves]
    for leaf in left:
        pg.execute("update pg_index set indisvalid = false where indexrelid = to_regclass($1)", leaf)

    for chosen in advice.chosen:
        check = next(step for step in chosen.steps if step.startswith("DO "))
        with pytest.raises(Exception, match="is INVALID or missing"):
            pg.execute(check)
    done = run(pg, index_script(advice), tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(valid for valid, _ in indexes(pg).values())


def test_a_partition_that_nobody_told_of_is_named_as_the_reason(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg)
    pg.execute("create table log_3 partition of log for values from (20) to (30)")
    done = run(pg, index_script(advice), tmp_path)
    assert done.returncode == 3
    assert "index public.log_id_lower_v_idx is INVALID or missing" in done.stderr
    assert "A partition has no index that is attached to it" in done.stderr


def test_a_name_that_became_another_relations_stops_the_script(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    (first, *_) = advice_for(pg).chosen
    pg.execute(f"create sequence {first.name}")
    done = run(pg, index_script(msgspec.structs.replace(IndexAdvice(engine="clone"), chosen=(first,))), tmp_path)
    assert done.returncode == 3
    assert "is INVALID or missing" in done.stderr


@pytest.mark.majors(18)
def test_a_replicas_scans_keep_an_index(pg: Database) -> None:
    pg.execute(SCHEMA)
    pg.execute("vacuum analyze plain")
    with streaming_replica(pg) as replica:

        async def merged() -> Usage:
            primary, other = await connect(pg.dsn), await connect(replica)
            try:
                with pytest.raises(UsageError, match="--replica: that server is no replica"):
                    await with_replica_usage(read_, primary, primary)
                return (await with_replica_usage(read_, primary, other)).usage
            finally:
                primary.terminate()
                other.terminate()

        async def scan() -> None:
            session = await asyncpg.connect(replica)
            await session.execute("set enable_seqscan = off")
            for _ in range(3):
                await session.fetch("select * from plain where lower(mail) = 'mail7'")
            await session.close()

        async def try_there() -> None:
            primary, other = await connect(pg.dsn), await connect(replica, read_only=False)
            try:
                with pytest.raises(UsageError, match="--trial: that server is a standby"):
                    await check_copy(other, primary, ())
                with pytest.raises(UsageError, match="--trial: that is the database that is analysed"):
                    await check_copy(primary, primary, ())
                with pytest.raises(UsageError, match="--trial: that may be the primary of the standby"):
                    await check_copy(primary, other, ())
            finally:
                primary.terminate()
                other.terminate()

        async def try_when_promoted() -> None:
            """Then it is a copy; which of the two is one, the replicas tell."""
            primary, other = await connect(pg.dsn, read_only=False), await connect(replica, read_only=False)
            await other.execute("select pg_promote()")
            streaming = await asyncpg.connect(pg.dsn, server_settings={"replication": "database"})
            with pytest.raises(UsageError, match="--trial: that server has replicas"):
                await check_copy(primary, other, ())
            await check_copy(other, primary, ())
            for each in (primary, other, streaming):
                each.terminate()

        read_ = read(pg.dsn)
        asyncio.run(try_there())
        asyncio.run(scan())
        usage = asyncio.run(merged())
        asyncio.run(try_when_promoted())
    before = {one.index.name: one.idx_scan for one in read_.usage.indexes}
    after = {one.index.name: one.idx_scan for one in usage.indexes}
    assert (before["plain_old"], after["plain_old"]) == (0, 3)
    assert usage.replicas == 1
