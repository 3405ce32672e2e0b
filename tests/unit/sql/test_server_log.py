"""Values out of a server's log."""

import json
from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.sql.server_log import looks_like_log, read_log


def test_a_log_of_statements_in_its_three_forms(tmp_path: Path) -> None:
    message = "duration: 0.1 ms  execute s1: select a from t\nwhere b = $1 and c = $2 and d = 5"
    detail = "parameters: $1 = 'it''s', $2 = NULL"
    forms = {
        "a.log": f"x LOG:  {message.replace(chr(10), chr(10) + chr(9))}\nx DETAIL:  {detail}\nx LOG:  disconnection\n",
        "a.json": json.dumps({"timestamp": "x", "message": message, "detail": f"P{detail[1:]}"}) + "\n",
        "a.csv": ",".join(["x"] * 13 + [f'"{message}"', f'"{detail}"']) + "\n",
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text)
        (found,) = read_log(tmp_path / name)
        assert found.query == "select a from t\nwhere b = 'it''s' and c = NULL and d = 5"
        assert found.channel == "server log"


def test_values_that_were_cut_off_are_no_values(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(
        "x LOG:  duration: 0.1 ms  execute s1: select a from t where b = $1\nx DETAIL:  parameters: $1 = 'abc'...\n"
        "x LOG:  duration: 0.1 ms  statement: select a from t where b = 'whole'\n"
    )
    assert [one.query for one in read_log(tmp_path / "a.log")] == ["select a from t where b = 'whole'"]


def test_what_is_no_log_is_told_from_one() -> None:
    assert not looks_like_log("a:\n  query: select 1\n")
    assert looks_like_log("x LOG:  duration: 12.001 ms  plan:\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*none.log"):
        read_log(tmp_path / "none.log")
