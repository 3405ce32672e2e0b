"""What to do, and in which order."""

import sys
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hostile_report import hostile_report

from pgtune_cli.model.finding import Suggestion
from pgtune_cli.report.actions import actions, brings


def test_the_largest_saving_comes_first_and_dropping_last() -> None:
    found = actions(hostile_report())
    assert [action.kind for action in found] == ["rewrite", "index", "finding", "statistics", "drop"]
    assert [action.gain for action in found] == [
        pytest.approx(0.45 * (1 - 4 / 14_000)), pytest.approx(0.45 * (1 - 12 / 1000)), None, None, None,
    ]  # fmt: skip
    assert brings(found[1]) == "saves about 44 % of the time"
    assert brings(found[2]) == "concerns 45 % of the time"


def test_a_finding_that_an_index_answers_is_told_once() -> None:
    report = hostile_report()
    same = Suggestion(kind="index", sql=report.indexes.chosen[0].sql + ";")
    finding = msgspec.structs.replace(report.findings[0], suggestion=same)
    told = actions(msgspec.structs.replace(report, findings=(finding,)))
    assert "finding" not in [action.kind for action in told]


def test_what_is_only_possible_is_not_to_be_done() -> None:
    report = hostile_report()
    findings = tuple(msgspec.structs.replace(finding, possible=True) for finding in report.findings)
    assert "finding" not in [action.kind for action in actions(msgspec.structs.replace(report, findings=findings))]
