"""`objectives:` of pgtune.yaml become findings, on a snapshot of a real server."""

from pathlib import Path

import pytest

from pgtune_cli.cli.judging import with_objectives
from pgtune_cli.lint.cases import captured
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.settings import load_settings

STATES = Path(__file__).resolve().parents[2] / "states"


def missed(tmp_path: Path, objectives: str, state: str = "worn.pg18.pgtune") -> dict[str, str]:
    file = tmp_path / "pgtune.yaml"
    file.write_text(f"objectives: {objectives}\n", encoding="utf-8")
    analysis = with_objectives(captured(STATES / state), load_settings(file, None, {}))
    findings, _ = evaluate(load_rules(), analysis, select=["APP011", "APP012", "APP013"])
    return {finding.rule: finding.detail for finding in findings}


def test_without_objectives_nothing_is_judged(tmp_path: Path) -> None:
    assert missed(tmp_path, "{}") == {}


def test_objectives_that_are_reached_are_no_findings(tmp_path: Path) -> None:
    assert missed(tmp_path, "{fast: 10s, fast_share: 0.9, cache_hit_ratio: 0.5, calls_per_second: 1}") == {}


def test_each_objective_that_is_missed_is_a_finding(tmp_path: Path) -> None:
    found = missed(tmp_path, "{fast: 0.001ms, fast_share: 0.999, calls_per_second: 1000000}")
    assert set(found) == {"APP011", "APP013"}
    assert "estimated from mean and deviation" in found["APP011"]
    assert set(missed(tmp_path, "{cache_hit_ratio: 0.99}", "thirsty.pg18.pgtune")) == {"APP012"}


@pytest.mark.parametrize("wrong", ["{fast_share: 1.5}", "{cache_hit_ratio: 0}", "{calls_per_second: -1}", "{slow: 1}"])
def test_what_no_objective_can_be_is_refused(tmp_path: Path, wrong: str) -> None:
    from pgtune_cli.errors import UsageError

    with pytest.raises(UsageError, match=r"pgtune\.yaml:1"):
        missed(tmp_path, wrong)
