"""A newcomer's rule, from rules/README.md alone: loaded, tested, reported, tuned and suppressed."""

import json
import re
from pathlib import Path

import pytest
from support.command import pgtune

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
SNAPSHOT = ROOT / "tests" / "plans" / "rule_plans.pg18.pgtune"
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
RULE = next(block for block in BLOCKS if block.startswith("id:"))
CASES = next(block for block in BLOCKS if block.startswith("fires"))
SETTINGS = """\
rules_paths: [house]
rules:
  select: [SHOP]
  params: {SHOP001: {min_rows: 150000}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "SHOP001.yaml").write_text(RULE, encoding="utf-8")
    cases = "\n".join(line for line in CASES.splitlines() if "snapshot:" not in line)
    (tmp_path / "house" / "SHOP001.cases.yaml").write_text(cases, encoding="utf-8")
    (tmp_path / "pgtune.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def test_the_rule_of_the_guide_is_short_and_its_cases_pass(project: Path) -> None:
    assert len(RULE.splitlines()) <= 12
    done = pgtune("rules", "test", "house", cwd=project)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 passed, 0 failed"), done.stdout + done.stderr


def test_it_is_reported_tuned_and_suppressed_by_pgtune_yaml(project: Path) -> None:
    done = pgtune("analyze", str(SNAPSHOT), "--format", "json", "--show-near-misses", cwd=project)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found = {finding["relation"]: finding["detail"] for finding in report["findings"]}
    assert sorted(found) == ["public.bulk", "public.wide"]
    assert found["public.bulk"].startswith("public.bulk has 240,000 rows in one piece.")
    near = [(miss["relation"], miss["threshold"]) for miss in report["near_misses"] if miss["rule"] == "SHOP001"]
    assert ("public.skew", 150000.0) in near
    suppression = (
        "suppress:\n- {rule: SHOP001, relation: public.wide, reason: known, author: Ada, expires: 2999-01-01}\n"
    )
    (project / "pgtune.yaml").write_text(SETTINGS + suppression, encoding="utf-8")
    again = json.loads(pgtune("analyze", str(SNAPSHOT), "--format", "json", cwd=project).stdout)
    assert [finding["relation"] for finding in again["findings"]] == ["public.bulk"]
    assert [(item["state"], item["reason"]) for item in again["suppressed"]] == [("active", "known")]


def test_a_bad_rule_ends_with_exit_code_2_before_anything_is_read(project: Path) -> None:
    (project / "house" / "SHOP001.yaml").write_text(RULE.replace("table.rows", "table.row"), encoding="utf-8")
    done = pgtune("analyze", str(SNAPSHOT), cwd=project)
    assert done.returncode == 2
    assert "SHOP001.yaml:" in done.stderr
    assert "did you mean 'rows'?" in done.stderr
