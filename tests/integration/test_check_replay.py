"""`pgtune check --replay`: two schemas run the workload side by side."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pgtune_cli.cli.main import app

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


def replay(folder: Path, branch: str, windows: int = 5, **more: str) -> tuple[int, dict[str, Any]]:
    for name, text in {"main.sql": SETUP, "branch.sql": branch, "work.sql": WORKLOAD, **more}.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = CliRunner().invoke(
        app,
        ["check", "--replay", str(windows), "--workload", str(folder / "work.sql"), "--baseline-setup",
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


def test_a_dropped_index_fails_and_is_named(tmp_path: Path) -> None:
    code, result = replay(tmp_path, SETUP + "DROP INDEX account_owner;", windows=1)
    assert code == 1
    first = next(one for one in result["comparisons"] if one["fails"])
    assert "owner = " in first["query"]
    assert any("account_owner" in cause for cause in first["causes"])


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
