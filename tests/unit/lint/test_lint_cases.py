"""`pgtune rules test`: the cases beside a user's own rules."""

from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.cases import CaseResult, run_cases

RULE = """\
id: SHOP001
name: huge-table
severity: warning
confidence: high
for: table
params: {min_rows: 1000000}
when: table.rows >= params.min_rows
message: "{table.name} has {table.rows:,} rows."
why: The shop keeps no table of more than a million rows.
"""
PLAN_RULE = """\
id: SHOP002
name: reads-the-whole-table
severity: info
confidence: low
for: plan_node
when: node.node_type == "Seq Scan" && node.table_rows > 1000
message: "{node.label}"
why: It reads all.
"""
PLAN = (Path(__file__).parents[2] / "plans" / "rule_discarding_scan.pg18.json").read_text(encoding="utf-8")


def results(tmp_path: Path, cases: str, rule: str = RULE) -> list[tuple[str, bool, str | None]]:
    rule_id = rule[4:11]
    (tmp_path / f"{rule_id}.yaml").write_text(rule, encoding="utf-8")
    (tmp_path / f"{rule_id}.cases.yaml").write_text(cases, encoding="utf-8")
    return [
        (result.case, result.expects_finding, result.failure and result.failure.replace(str(tmp_path), ""))
        for result in run_cases(tmp_path)
    ]


def test_cases_of_facts_pass(tmp_path: Path) -> None:
    cases = (
        "fires: {facts: {rows: 2000000, name: a}, expect: fires, message: 'a has 2,000,000 rows.'}\n"
        "quiet: {facts: {rows: 5}, expect: quiet}\nunknown: {facts: {}, expect: skipped}\n"
    )
    assert results(tmp_path, cases) == [("fires", True, None), ("quiet", False, None), ("unknown", False, None)]


def test_cases_of_plans_pass(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(PLAN, encoding="utf-8")
    cases = (
        "fires: {plan: a.json, table_rows: {place: 60000}, expect: ['0']}\n"
        "quiet: {plan: a.json, table_rows: {place: 60}, expect: []}\n"
    )
    assert results(tmp_path, cases, PLAN_RULE) == [("fires", True, None), ("quiet", False, None)]


@pytest.mark.parametrize(
    ("case", "failure"),
    [
        ("{facts: {rows: 5}, expect: fires}", "expected fires, found quiet"),
        ("{facts: {rows: 2000000, name: a}, expect: fires, message: x}", "expected the message 'x', found ['a has "),
        ("{facts: {row: 5}, expect: quiet}", "/SHOP001.cases.yaml:2: table has no fact 'row' (did you mean 'rows'?)"),
        ("{facts: {rows: many}, expect: quiet}", "/SHOP001.cases.yaml:2: the fact rows is a number, not 'many'"),
        (
            "{facts: {rows: 5}, expects: quiet}",
            "/SHOP001.cases.yaml:2: a case wants expect, and one of facts, plan and snapshot",
        ),
        ("{facts: {rows: 5}, expect: maybe}", "/SHOP001.cases.yaml:2: expect wants one of fires, possible, quiet"),
        ("{facts: {rows: 5}, expect: quiet, x: 1}", "/SHOP001.cases.yaml:2: unknown key 'x'"),
        ("{plan: a.json, expect: []}", "/SHOP001.cases.yaml:2: a rule for table is not tried with a plan; give facts"),
        ("nothing", "/SHOP001.cases.yaml:2: a case wants expect, and one of facts, plan and snapshot"),
    ],
)
def test_a_case_that_fails_says_why_and_the_others_go_on(tmp_path: Path, case: str, failure: str) -> None:
    found = results(tmp_path, f"good: {{facts: {{rows: 5}}, expect: quiet}}\nbad: {case}\n")
    assert found[0] == ("good", False, None)
    assert (found[1][2] or "").startswith(failure)


def test_a_plan_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    ((_, _, failure),) = results(tmp_path, "gone: {plan: b.json, expect: []}\n", PLAN_RULE)
    assert failure is not None
    assert "No such file" in failure


def test_a_rule_without_cases_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "SHOP001.yaml").write_text(RULE, encoding="utf-8")
    missing = f"no cases: {tmp_path / 'SHOP001.cases.yaml'} is missing"
    assert run_cases(tmp_path) == (CaseResult(rule="SHOP001", case="(none)", failure=missing),)


def test_a_case_file_that_is_no_yaml_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"SHOP001\.cases\.yaml:1: not a mapping"):
        results(tmp_path, "- a\n")


SHOP = Path(__file__).resolve().parents[3] / "sample_reports" / "shop.pgtune"


@pytest.mark.parametrize(
    ("case", "failure"),
    [
        ("relation: public.order_items, params: {min_rows: 500000}, expect: fires", None),
        ("relation: public.orders, params: {min_rows: 100000000}, expect: quiet", None),
        ("relation: public.categories, expect: quiet", None),
        ("relation: public.nowhere, expect: quiet", "no table of the snapshot is what the case looks at"),
        ("relation: public.orders, params: {rows: 1}, expect: quiet", "rule SHOP001 has no parameter rows"),
    ],
)
def test_a_case_looks_into_a_snapshot(tmp_path: Path, case: str, failure: str | None) -> None:
    (tmp_path / "SHOP001.yaml").write_text(RULE, encoding="utf-8")
    (tmp_path / "SHOP001.cases.yaml").write_text(f"it: {{snapshot: '{SHOP}', {case}}}", encoding="utf-8")
    (result,) = run_cases(tmp_path)
    assert result.failure is None if failure is None else failure in (result.failure or "")
