"""--trial: the chosen indexes are built on a scratch copy, measured, and gone again."""

import json

import pytest
from support.blog import load_blog
from support.command import pgtune
from support.database import LOOP, Database, fresh_database

pytestmark = pytest.mark.pg

BUILT = "select indexrelid::regclass::text from pg_index where indexrelid > 16384 and not indisprimary"
WORKLOAD = "SELECT c.id, c.body FROM comment c WHERE c.post_id = 42 ORDER BY c.created_at;"


def test_a_trial_measures_and_leaves_nothing(pg: Database, tmp_path) -> None:  # type: ignore[no-untyped-def]
    load_blog(pg)
    (tmp_path / "w.sql").write_text(WORKLOAD)
    copies = fresh_database(pg.server)
    other = next(copies)
    load_blog(other)
    common = ("indexes", pg.dsn, "--workload", str(tmp_path), "--format", "json", "-q", "--trial")

    refused = pgtune(*common, other.dsn)
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    itself = pgtune(*common, pg.dsn, "--yes")
    assert (itself.returncode, "that is the database that is analysed" in itself.stderr) == (2, True), itself.stderr
    used = pgtune(*common, other.dsn, "--yes")
    assert (used.returncode, "is used by other sessions" in used.stderr) == (2, True), used.stderr

    LOOP.run(other._close())
    done = pgtune(*common, other.dsn, "--yes")
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)
    (statement,) = advice["trial"]["statements"]
    assert statement["blocks_after"] < statement["blocks_before"] / 10
    assert advice["chosen"][0]["measured_bytes"] > 8192
    assert other.fetch(BUILT) == []
    next(copies, None)
