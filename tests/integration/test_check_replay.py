"""`pgtune check --replay`: two schemas run the workload side by side."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.database import Database
from typer.testing import CliRunner

from pgtune_cli.cli.main import app
from pgtune_cli.collect.snapshot_file import load

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]

SETUP = """
CREATE TABLE account (id int PRIMARY KEY, owner text NOT NULL, balance int NOT NULL);
COPY account FROM stdin;
1\tada\t10
2\tgrace\t20
\\.
INSERT INTO account SELECT i, 'owner ' || i, i % 100 FROM generate_series(3, 20000) AS i;
CREATE INDEX account_owner ON account (owner);
CREATE FUNCTION fee(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1 / 100; END';
"""
OWNER = "SELECT * FROM account WHERE owner = 'owner 77'"
SLOW = """
CREATE OR REPLACE FUNCTION fee(int) RETURNS int LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(0.003); RETURN $1 / 100; END';
"""
WORKLOAD = """
-- pgtune: calls=20
SELECT * FROM account WHERE owner = 'owner 77';
-- pgtune: calls=10
SELECT id, fee(balance) FROM account WHERE id = 5;
SELECT count(*) FROM account;
SELECT sum(balance) FROM account WHERE id < 500;
SELECT max(id) FROM account;
SELECT owner FROM account ORDER BY balance, id LIMIT 10;
UPDATE account SET balance = balance + 1 WHERE id = 9;
SELECT * FROM account WHERE id = $1;
SELECT nothing FROM account;
"""


def replay(folder: Path, branch: str, windows: int = 5, texts: Sequence[str] = ()) -> tuple[int, dict[str, Any]]:
    for name, text in {"main.sql": SETUP, "branch.sql": branch, "work.sql": WORKLOAD}.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = CliRunner().invoke(
        app,
        ["check", "--replay", str(windows), *(texts or ("--workload", str(folder / "work.sql"))), "--baseline-setup",
         str(folder / "main.sql"), "--setup", str(folder / "branch.sql"), "--format", "json", "-q"],
    )  # fmt: skip
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert found.exit_code in (0, 1), found.output
    return found.exit_code, json.loads(found.stdout)


def failing(result: dict[str, Any]) -> list[str]:
    return [one["query"] for one in result["comparisons"] if one["fails"]]


def test_time_alone_decides_where_a_function_got_slower(tmp_path: Path) -> None:
    code, result = replay(tmp_path, SETUP + SLOW)
    assert code == 1
    assert [query for query in failing(result) if "fee" in query] == failing(result) != []
    notes = "\n".join(result["notes"])
    assert "1 texts were not replayed" in notes
    assert "nothing" in notes


def test_texts_that_a_window_sampled_are_replayed_and_a_dropped_index_is_named(pg: Database, tmp_path: Path) -> None:
    pg.execute("CREATE EXTENSION pg_stat_statements; CREATE TABLE account (id int, owner text)")
    done = threading.Event()

    def run_on() -> None:
        while not done.wait(0.1):
            pg.execute(OWNER)

    application = threading.Thread(target=run_on)
    application.start()
    recorded = tmp_path / "window.pgtune"
    taken = CliRunner().invoke(app, ["snapshot", pg.dsn, "--window", "1s", "-o", str(recorded), "-q", "--no-plans"])
    done.set()
    application.join()
    assert taken.exit_code == 0, taken.output
    (counted,) = load(recorded).workload.rows
    objectives = "objectives: {fast: 0.001ms, fast_share: 1}\ncheck: {rules: {severity: info, new_only: false}}\n"
    (tmp_path / "pgtune.yaml").write_text(objectives, encoding="utf-8")
    code, result = replay(
        tmp_path, SETUP + "DROP INDEX account_owner;", 1, [str(recorded), "--config", str(tmp_path / "pgtune.yaml")]
    )
    assert code == 1
    (only,) = result["comparisons"]
    expected = ("SELECT * FROM account WHERE owner = $1", counted.calls, True)
    assert (only["query"], only["candidate"]["calls"], only["fails"]) == expected
    assert any("account_owner" in cause for cause in only["causes"])
    assert "APP011" in {finding["rule"] for finding in result["findings"]}


def test_the_same_schema_on_both_sides_passes(tmp_path: Path) -> None:
    code, result = replay(tmp_path, SETUP, windows=2)
    assert (code, failing(result)) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--replay", "3"], "belong together"),
        (
            ["--replay", "3", "--setup", "a.sql", "--baseline-setup", "b.sql", "--workload", "w.sql"],
            "no file or folder",
        ),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["check", *arguments])
    assert message in str(found.exception)


def test_a_setup_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="cannot be loaded"):
        replay(tmp_path, "CREATE TABEL x ();")
