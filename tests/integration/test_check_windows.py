"""Several windows on each side, runs without a reset, and what a CI server is shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import pgtune
from support.gate_shop import Application, load, run
from typer.testing import CliRunner

from pgtune_cli.cli.main import app

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]

SLOWLY = """CREATE OR REPLACE FUNCTION slowly(value text, ms float) RETURNS text LANGUAGE plpgsql AS
$$BEGIN PERFORM pg_sleep(ms / 1000); RETURN value; END$$"""
CITY = "SELECT id, slowly(city, 2) FROM customer WHERE email = $1"


def invoke(*arguments: str, code: int = 0) -> Any:
    found = CliRunner().invoke(app, [*arguments])
    assert found.exit_code == code, (found.output, found.exception)
    return found


def windows(pg: Any, folder: Path, name: str, application: Application) -> list[str]:
    """Five runs, each a snapshot of counters that go on; the arguments that name them."""
    files = []
    for number in range(6):
        if number:
            run(pg.dsn, application)
        files.append(folder / f"{name}{number}.pgtune")
        invoke("snapshot", pg.dsn, "-o", str(files[-1]), "-q", "--top", "5000", "--no-plans")
    runs = [word for file in files[1:-1] for word in ("--run", str(file))]
    return [str(files[-1]), "--since", str(files[0]), *runs, "--no-plans"]


@pytest.fixture(scope="module")
def shop(pg_module: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    load(pg_module.execute, customers=1000, orders=5000)
    pg_module.execute(SLOWLY)
    folder = tmp_path_factory.mktemp("windows")
    invoke("baseline", *windows(pg_module, folder, "a", Application(by_email=CITY)), "-o", str(folder / "b.json"), "-q")
    return pg_module, folder


def test_a_baseline_keeps_the_mean_of_each_window(shop: tuple[Any, Path]) -> None:
    entries = json.loads((shop[1] / "b.json").read_text())["statements"]
    assert {len(one["windows"]) for one in entries if "customer" in one["query"]} == {5}
    assert {one["measurement"]["calls"] for one in entries if "WHERE email" in one["query"]} == {30}


def test_ten_times_slower_by_a_function_fails_on_time_alone(shop: tuple[Any, Path]) -> None:
    pg, folder = shop
    pg.execute(SLOWLY.replace("ms / 1000", "ms / 100"))
    try:
        arguments = windows(pg, folder, "slow", Application(by_email=CITY))
    finally:
        pg.execute(SLOWLY)
    found = invoke("check", *arguments, "--baseline", str(folder / "b.json"), "--format", "json", "-q", code=1)
    failing = [one for one in json.loads(found.stdout)["comparisons"] if one["fails"]]
    assert ["slowly" in one["query"] for one in failing] == [True]
    assert "in 5 and 5 windows" in failing[0]["reasons"][0]


def test_an_unchanged_run_passes_and_says_what_it_could_have_seen(shop: tuple[Any, Path]) -> None:
    pg, folder = shop
    arguments = windows(pg, folder, "same", Application(by_email=CITY))
    result = json.loads(
        invoke("check", *arguments, "--baseline", str(folder / "b.json"), "--format", "json", "-q").stdout
    )
    assert any("is not seen" in note or "not judged" in note for note in result["notes"])


def test_on_github_people_get_annotations_and_a_summary_and_machines_nothing(
    shop: tuple[Any, Path], tmp_path: Path
) -> None:
    pg, _ = shop
    (tmp_path / "pgtune.yaml").write_text("slow_query_threshold: 0.0001ms\n", encoding="utf-8")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "CI": "true"}
    (tmp_path / "summary.md").write_text("before\n", encoding="utf-8")
    shown = pgtune("check", pg.dsn, "--no-plans", cwd=tmp_path, env=env)
    assert shown.returncode == 1, shown.stderr
    assert "::error " in shown.stdout
    assert (tmp_path / "summary.md").read_text().startswith("before\n### pgtune check failed")
    machine = pgtune("check", pg.dsn, "--no-plans", "--format", "json", cwd=tmp_path, env=env)
    assert json.loads(machine.stdout)["outcome"] == "failed"
    quiet = pgtune("check", pg.dsn, "--no-plans", cwd=tmp_path, env={**env, "PGTUNE_CI_EXTRAS": "0"})
    assert "::error" not in quiet.stdout


def test_counters_that_were_reset_are_told(shop: tuple[Any, Path]) -> None:
    pg, folder = shop
    invoke("snapshot", pg.dsn, "-o", str(folder / "before.pgtune"), "-q", "--top", "5000", "--no-plans")
    pg.execute("SELECT pg_stat_statements_reset()")
    run(pg.dsn, Application())
    found = CliRunner().invoke(app, ["check", pg.dsn, "--since", str(folder / "before.pgtune"), "--no-plans"])
    assert "do not go on from there" in str(found.exception)
