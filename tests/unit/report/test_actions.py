"""What to do, and in which order."""

import sys
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hostile_report import hostile_report

from pgtune_cli.model.finding import Suggestion
from pgtune_cli.model.index import SeenEstimate
from pgtune_cli.model.report import Report
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


def with_statistics(kinds: str, suggested: str, relation: str = "public.orders") -> Report:
    """Advised on a and b of public.orders, with estimates; and a finding that suggests its own."""
    report = hostile_report()
    seen = tuple(
        SeenEstimate(fingerprint="a" * 16, place="0", rows_planned=planned, rows_actual=actual)
        for planned, actual in ((100, 1000), (1, 70_000), (50_000, 100))
    )
    sql = f"CREATE STATISTICS public.s{kinds} ON a, b FROM public.orders"
    advice = msgspec.structs.replace(
        report.indexes.statistics[0], sql=sql, relation="public.orders", columns=("a", "b"), statements=seen
    )
    own = Suggestion(kind="statistics", sql=suggested)
    finding = msgspec.structs.replace(report.findings[0], suggestion=own, relation=relation)
    indexes = msgspec.structs.replace(report.indexes, statistics=(advice,))
    return msgspec.structs.replace(report, findings=(finding,), indexes=indexes)


def test_the_worst_estimate_is_told_whichever_way_it_is_wrong() -> None:
    (told,) = [action for action in actions(with_statistics("", "")) if action.kind == "statistics"]
    assert told.change == "1 rows planned, 70.0k came"


@pytest.mark.parametrize(
    ("suggested", "relation", "again"),
    [
        ("CREATE STATISTICS public.other ON b, a FROM public.orders; ANALYZE public.orders", "public.orders", False),
        ("CREATE STATISTICS public.s ON a, c FROM public.orders; ANALYZE public.orders", "public.orders", True),
        ("CREATE STATISTICS public.s ON a, b FROM public.items; ANALYZE public.items", "public.items", True),
        ("ANALYZE public.orders", "public.orders", True),
    ],
)
def test_a_finding_whose_statistics_are_advised_is_told_once(suggested: str, relation: str, again: bool) -> None:
    """Under whatever name, with whatever kinds."""
    for kinds in ("", " (dependencies, mcv)"):
        told = actions(with_statistics(kinds, suggested, relation))
        assert ("finding" in [action.kind for action in told]) == again
