"""What a rule says of every place alike stands with the first."""

from pgtune_cli.model.finding import Confidence, Finding, Severity, Suggestion
from pgtune_cli.report.told_once import told_once


def finding(rule: str, found: str, why: str, advice: str | None = None) -> Finding:
    suggestion = None if advice is None else Suggestion(kind="index", sql=f"CREATE {found}", text=advice)
    return Finding(
        id=found, rule=rule, severity=Severity.WARNING, confidence=Confidence.HIGH, title=found,
        detail=f"{found} {why}".strip(), why=why, evidence={"channel": "plan"}, suggestion=suggestion,
    )  # fmt: skip


def test_the_explanation_and_equal_advice_stand_once_for_each_rule() -> None:
    told = list(
        told_once(
            (
                finding("A1", "first", "Why A.", "Do it."),
                finding("B1", "second", "Why A.", "Do it."),
                finding("A1", "third", "Why A.", "Do it."),
                finding("A1", "fourth", "Why A.", "Do that."),
                finding("C1", "fifth", "", None),
                finding("C1", "sixth", "", None),
            )
        )
    )
    shown = [(one.detail, one.suggestion.text if one.suggestion else None) for one in told]
    assert shown == [
        ("first Why A.", "Do it."), ("second Why A.", "Do it."), ("third", None), ("fourth", "Do that."),
        ("fifth", None), ("sixth", None),
    ]  # fmt: skip
    assert [one.suggestion.sql for one in told if one.suggestion] == [
        "CREATE first", "CREATE second", "CREATE third", "CREATE fourth",
    ]  # fmt: skip
