"""`pgtune diff` of snapshots, reports and baselines of a real server."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.gate_shop import Application, load, run
from typer.testing import CliRunner

from pgtune_cli.cli.main import app

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]


def invoke(*arguments: str) -> Any:
    found = CliRunner().invoke(app, [*arguments])
    assert found.exit_code == 0, found.output
    return found


@pytest.fixture(scope="module")
def files(pg_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Before and after an index was dropped, without a reset in between: a snapshot, a report and a baseline each."""
    folder = tmp_path_factory.mktemp("diff")
    load(pg_module.execute, customers=1000, orders=5000)
    pg_module.execute("SELECT pg_stat_statements_reset()")
    for side, ddl in (("before", "SELECT 1"), ("after", "DROP INDEX customer_email")):
        pg_module.execute(ddl)
        run(pg_module.dsn, Application())
        invoke("snapshot", pg_module.dsn, "-o", str(folder / f"{side}.pgtune"), "-q")
        invoke("analyze", pg_module.dsn, "-o", str(folder / f"{side}.json"), "-q", "--no-execute")
        invoke("baseline", pg_module.dsn, "-o", str(folder / f"{side}-baseline.json"), "-q")
    return folder


def verdicts(found: Any) -> dict[str, str]:
    return {one["query"]: one["verdict"] for one in json.loads(found.stdout)["comparisons"]}


def test_snapshots_without_a_reset_are_taken_from_each_other(files: Path) -> None:
    found = invoke("diff", str(files / "before.pgtune"), str(files / "after.pgtune"), "--format", "json")
    result = json.loads(found.stdout)
    assert verdicts(found)[Application().by_email] == "slower"
    assert any("go on from the first file" in note for note in result["notes"])
    lookups = next(one for one in result["comparisons"] if one["query"] == Application().by_email)
    assert (lookups["baseline"]["calls"], lookups["candidate"]["calls"]) == (30, 30)
    assert "index public.customer_email on public.customer is gone" in result["changes"]
    others = {query: verdict for query, verdict in verdicts(found).items() if "pg_" not in query}
    assert [query for query, verdict in others.items() if verdict == "slower"] == [Application().by_email]


@pytest.mark.parametrize("pattern", ["{}.json", "{}-baseline.json"])
def test_reports_and_baselines_are_compared(files: Path, pattern: str) -> None:
    sides = [str(files / pattern.format(side)) for side in ("before", "after")]
    found = invoke("diff", *sides, "--format", "json")
    lookups = next(one for one in json.loads(found.stdout)["comparisons"] if "WHERE email" in one["query"])
    assert "the plan no longer uses public.customer_email" in lookups["causes"]
    text = invoke("diff", *sides).stdout
    assert "customer_email" in text
    assert "|" in invoke("diff", *sides, "--format", "markdown").stdout


def test_two_kinds_are_one_clear_line(files: Path) -> None:
    found = CliRunner().invoke(app, ["diff", str(files / "before.json"), str(files / "after.pgtune")])
    assert "is a report and" in str(found.exception)
