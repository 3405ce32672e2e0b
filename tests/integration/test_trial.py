"""--trial: the chosen indexes are built on a scratch copy, measured, and gone again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.blog import load_blog
from support.command import pgtune
from support.database import LOOP, Database, fresh_database

pytestmark = pytest.mark.pg

BUILT = "select indexrelid::regclass::text from pg_index where indexrelid > 16384 and not indisprimary"
WORKLOAD = {
    "comments": "SELECT c.id, c.body FROM comment c WHERE c.post_id = 42 ORDER BY c.created_at",
    "views": "UPDATE post SET views = views + 1000 WHERE id = 5",
}
FAILS = """
create or replace function fails() returns event_trigger language plpgsql as
$$ begin raise exception sqlstate '53100' using message = 'could not extend file: No space left on device'; end $$"""
HANGS = """
create or replace function hangs() returns event_trigger language plpgsql as $$ begin perform pg_sleep(600); end $$"""
TRIGGER = "create event trigger {0} on ddl_command_end when tag in ('CREATE INDEX') execute function {0}()"
OURS = "select count(*) from pg_stat_activity where datname = $1 and application_name like 'pgtune/%'"


def test_a_trial_measures_and_leaves_nothing(pg: Database, tmp_path: Path) -> None:
    load_blog(pg)
    work = tmp_path / "work"
    work.mkdir()
    for name, text in WORKLOAD.items():
        (work / f"{name}.sql").write_text(text + ";")
    copies, empties = fresh_database(pg.server), fresh_database(pg.server)
    copy, empty = next(copies), next(empties)
    load_blog(copy)
    common = ("--workload", str(work), "--format", "json")

    def refused(dsn: str, reason: str, *agreed: str) -> None:
        done = pgtune("indexes", pg.dsn, *common, "-q", "--trial", dsn, *agreed)
        assert (done.returncode, reason in done.stderr) == (2, True), done.stderr

    refused(copy.dsn, "--yes")
    refused(pg.dsn, "that is the database that is analysed", "--yes")
    refused(copy.dsn, "is used by other sessions (1)", "--yes")
    LOOP.run(copy._close())
    refused(empty.dsn, "has no public.comment", "--yes")
    pg.execute(f"alter database {empty.database} set default_transaction_read_only = on")
    refused(empty.dsn, "is read-only", "--yes")
    next(empties, None)

    out = tmp_path / "report"
    files = [part for ending in ("html", "md", "sql") for part in ("-o", f"{out}.{ending}")]
    done = pgtune("analyze", pg.dsn, *common, "--trial", copy.dsn, "--yes", *files)
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)["indexes"]
    (statement,) = advice["trial"]["statements"]
    assert statement["blocks_after"] < statement["blocks_before"] / 10
    assert (statement["runs"], statement["verdict"]) == (3, "faster")
    assert advice["chosen"][0]["measured_bytes"] > 8192
    assert advice["trial"]["notes"] == advice["trial"]["failed"] == advice["trial"]["dropped"] == []
    assert copy.fetch("select views from post where id = 5")[0]["views"] < 1000  # writes are not run
    assert copy.fetch(BUILT) == []
    LOOP.run(copy._close())
    for ending in ("html", "md", "sql"):
        assert "ried on a scratch copy" in Path(f"{out}.{ending}").read_text(encoding="utf-8")

    # a build that fails for want of room: not measured, advised still, and nothing is left
    copy.execute(FAILS)
    copy.execute(TRIGGER.format("fails"))
    LOOP.run(copy._close())
    done = pgtune("indexes", pg.dsn, *common, "-q", "--trial", copy.dsn, "--yes")
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)
    (failed,) = advice["trial"]["failed"]
    assert failed["reason"] == "it could not be built in the trial: the server's disk is full"
    assert [index["sql"] for index in advice["chosen"]] == [failed["sql"]]
    assert copy.fetch(BUILT) == []

    # Ctrl-C while it builds
    copy.execute("drop event trigger fails")
    copy.execute(HANGS)
    copy.execute(TRIGGER.format("hangs"))
    LOOP.run(copy._close())
    run = subprocess.Popen(
        [sys.executable, "-m", "pgtune_cli", "indexes", pg.dsn, *common, "--trial", copy.dsn, "--yes"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("PG")},
    )  # fmt: skip
    building = f"{OURS} and query like 'CREATE INDEX%'"
    deadline = time.monotonic() + 90
    while not pg.fetch(building, copy.database)[0][0]:
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert (run.returncode, "Traceback" in said) == (130, False), said
    assert pg.fetch(OURS, copy.database)[0][0] == 0
    assert copy.fetch(BUILT) == []
    next(copies, None)
