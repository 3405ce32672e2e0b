"""Files of a user that change a built-in rule, and keys that are empty."""

from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.cases import run_cases
from pgtune_cli.lint.loader import load_folder, load_rules
from pgtune_cli.model.finding import Severity

NEW = """\
id: SHOP001
name: big-table
severity: info
confidence: low
for: table
needs:
params: {}
when: table.rows > 5
message: "{table.name}"
why: It is big.
suggestion: index
references:
min_version:
max_version:
"""


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_severity_and_parameters_of_a_built_in_rule_are_overridden(tmp_path: Path) -> None:
    write(tmp_path, "overrides: PLAN001\nseverity: error\nparams: {min_rows: 5}\n")
    rule = next(rule for rule in load_rules([tmp_path]) if rule.id == "PLAN001")
    assert (rule.severity, rule.params["min_rows"]) == (Severity.ERROR, 5.0)
    assert rule.params["min_calls"] == 10
    assert next(rule for rule in load_rules() if rule.id == "PLAN001").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("overrides: PLAN01\nseverity: error", ":1: overrides names a rule 'PLAN01' that does not exist (did you mean"),
        ("overrides: PLAN001\nseverity: fatal", ":2: severity is 'fatal', not one of info, warning, error"),
        (
            "overrides: PLAN001\nparams: {min_row: 5}",
            ":2: rule PLAN001 has no parameter min_row (did you mean",
        ),
        ("overrides: PLAN001\nparams: {min_rows: many}", ":2: the parameter min_rows of rule PLAN001 is not a number"),
        ("overrides: PLAN001\nparams: 5", ":2: params wants a mapping of names to values"),
        ("overrides: PLAN001\nwhen: node.executed", ":2: unknown key 'when': only severity and params"),
        (NEW.replace("SHOP001", "PLAN001"), ":1: the id PLAN001 is taken by rules/plan/PLAN001.yaml; a file with"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text, "PLAN001.yaml")
    with pytest.raises(UsageError) as caught:
        load_rules([tmp_path])
    assert message in str(caught.value)


def test_cases_stand_beside_an_override(tmp_path: Path) -> None:
    write(tmp_path, "overrides: SERVER001\nparams:\nseverity: error", "ours.yaml")
    write(tmp_path, "fires: {facts: {evicted: 5000}, expect: fires}", "SERVER001.cases.yaml")
    assert [(result.rule, result.failure) for result in run_cases(tmp_path)] == [("SERVER001", None)]


def test_what_may_be_absent_may_be_empty_and_an_advisor_may_be_named(tmp_path: Path) -> None:
    (rule,) = load_folder(write(tmp_path, NEW, "SHOP001.yaml"))
    assert (rule.needs, rule.params, rule.references, rule.min_version) == (("statistics",), {}, (), None)
    assert rule.suggestion is not None
    assert (rule.suggestion.kind, rule.suggestion.text) == ("index", None)
