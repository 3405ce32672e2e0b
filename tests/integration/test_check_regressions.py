"""The gate on a real test run: quiet on unchanged runs, failing on every planted regression, with its cause."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from support.gate_shop import REGRESSIONS, Application, Regression, busy, load, run
from typer.testing import CliRunner

from pgtune_cli.cli.main import app

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]


class Gate:
    """A loaded database with its baseline."""

    def __init__(self, pg: Any, folder: Path) -> None:
        self.pg, self.folder = pg, folder

    def measure(self, application: Application, seed: int = 1) -> None:
        """A test run with counters of its own."""
        self.pg.execute("SELECT pg_stat_statements_reset()")
        run(self.pg.dsn, application, seed)

    def check(self, *options: str) -> tuple[int, dict[str, Any]]:
        found = CliRunner().invoke(
            app, ["check", self.pg.dsn, "--baseline", str(self.folder / "b.json"), "--format", "json", "-q", *options]
        )
        assert found.exit_code in (0, 1), found.output
        return found.exit_code, json.loads(found.stdout)


@pytest.fixture(scope="module")
def gate(pg_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    load(pg_module.execute)
    gate = Gate(pg_module, tmp_path_factory.mktemp("gate"))
    gate.measure(Application())
    found = CliRunner().invoke(app, ["baseline", pg_module.dsn, "-o", str(gate.folder / "b.json"), "-q"])
    assert found.exit_code == 0, found.output
    return gate


def failing(result: dict[str, Any]) -> list[str]:
    return [f"{one['query']}: {one['reasons']} {one['causes']}" for one in result["comparisons"] if one["fails"]]


@pytest.mark.parametrize(("seed", "hogs"), [(1, 0), (2, 0), (1, 4)], ids=["same values", "other values", "under load"])
def test_an_unchanged_run_passes(gate: Gate, seed: int, hogs: int) -> None:
    with busy(hogs):
        gate.measure(Application(), seed)
    code, result = gate.check()
    assert (code, failing(result)) == (0, [])


@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda one: one.name)
def test_a_regression_fails_with_its_statement_and_its_cause(gate: Gate, regression: Regression) -> None:
    application = copy.deepcopy(Application())
    regression.change(application)
    try:
        if regression.broken:
            gate.pg.execute(regression.broken)
        gate.measure(application)
        code, result = gate.check()
    finally:
        if regression.mended:
            gate.pg.execute(regression.mended)
    told = failing(result)
    assert code == 1, result["comparisons"]
    assert any(regression.statement in one and regression.cause in one for one in told), told
