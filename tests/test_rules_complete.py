"""Every built-in rule is complete: cases of both kinds that pass, a why, references, and the rule table."""

from pathlib import Path

import pytest
import yaml

from pgtune_cli.lint.cases import CaseResult, run_case_file
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.lint.rule import Rule
from pgtune_cli.report.rules import render_rules

TESTS = Path(__file__).resolve().parent
CASES = TESTS / "cases" / "rules"
PLANS = TESTS / "plans"
TABLE = TESTS.parent / "rules" / "README.md"
MARK = "<!-- generated: pytest tests/test_rules_complete.py --update-golden -->\n\n"
RULES = load_rules()
OBJECTIVES = ("APP011", "APP012", "APP013")
"""fire on what pgtune.yaml asks for, which no server holds: their firing cases are facts."""
rules = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def results(rule: Rule) -> list[CaseResult]:
    return run_case_file(rule, CASES / f"{rule.id}.yaml", PLANS)


@rules
def test_all_cases_come_out_as_expected(rule: Rule) -> None:
    assert [(result.case, result.failure) for result in results(rule) if result.failure is not None] == []


@rules
def test_a_rule_has_a_case_that_fires_and_one_that_is_quiet(rule: Rule) -> None:
    assert {result.expects_finding for result in results(rule)} == {True, False}


@rules
def test_a_rule_has_both_kinds_of_cases_from_a_real_server(rule: Rule) -> None:
    cases = yaml.safe_load((CASES / f"{rule.id}.yaml").read_text(encoding="utf-8")).values()
    captured = [case["expect"] for case in cases if "plan" in case or "snapshot" in case]
    if rule.id in OBJECTIVES:
        captured.append("fires")
    assert {bool(expected) and expected not in ("quiet", "skipped") for expected in captured} == {True, False}


@rules
def test_a_rule_says_why_and_what_to_do_and_where_to_read_on(rule: Rule) -> None:
    assert rule.why
    assert rule.suggestion is not None
    assert rule.references


@rules
def test_every_threshold_of_a_rule_is_a_parameter(rule: Rule) -> None:
    numbers = [token for token in rule.when.text.split() if token.replace(".", "").isdigit()]
    assert [number for number in numbers if number not in ("0", "1")] == []


def test_every_case_file_belongs_to_a_rule() -> None:
    assert sorted(file.stem for file in CASES.glob("*.yaml")) == [rule.id for rule in RULES]


def test_the_rule_table_is_the_one_that_is_generated(request: pytest.FixtureRequest) -> None:
    """`pgtune rules list --format markdown` prints it; MARK says what writes it."""
    before, mark, _ = TABLE.read_text(encoding="utf-8").partition(MARK)
    assert mark
    whole = f"{before}{mark}{render_rules(RULES, 'markdown')}\n"
    if request.config.getoption("--update-golden"):
        TABLE.write_text(whole, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == whole


def test_areas_and_folders_agree() -> None:
    assert [rule.source for rule in RULES] == [f"rules/{rule.area.lower()}/{rule.id}.yaml" for rule in RULES]
