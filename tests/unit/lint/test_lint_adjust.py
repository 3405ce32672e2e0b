"""Thresholds and severities of a project's own."""

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.adjust import adjust
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.model.finding import Severity


def test_a_parameter_and_a_severity_take_the_place_of_the_rules_own() -> None:
    rules = {
        rule.id: rule for rule in adjust(load_rules(), {"PLAN003": {"min_q_error": 7}}, {"PLAN003": Severity.INFO})
    }
    assert rules["PLAN003"].params["min_q_error"] == 7.0
    assert rules["PLAN003"].severity is Severity.INFO
    before = {rule.id: rule for rule in load_rules()}
    assert before["PLAN003"].params["min_rows"] == rules["PLAN003"].params["min_rows"]
    assert before["PLAN001"].params == rules["PLAN001"].params


@pytest.mark.parametrize(
    ("params", "severities", "said", "hint"),
    [
        ({"PLAN0001": {}}, {}, "PLAN0001", "did you mean PLAN001?"),
        ({}, {"NOPE": Severity.INFO}, "NOPE", None),
        ({"PLAN003": {"min_qerror": 1}}, {}, "min_qerror", "did you mean min_q_error?"),
        ({"PLAN003": {"min_q_error": "many"}}, {}, "is not a number", None),
    ],
)
def test_a_mistake_is_named(params: dict, severities: dict, said: str, hint: str | None) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match=said) as error:
        adjust(load_rules(), params, severities)
    assert hint is None or error.value.hint == hint
