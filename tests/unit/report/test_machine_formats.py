"""Formats that other programs read: held against their published schemas, with hostile texts."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema

from pgtune_cli.model.comparison import CheckResult, Comparison, ComparisonVerdict, FailingFinding, Measurement, Outcome
from pgtune_cli.report.check import render_check
from pgtune_cli.report.render import render
from tests.unit.report.hostile_report import EVIL, hostile_report

SCHEMAS = Path(__file__).resolve().parents[3] / ".ci" / "schemas"
CODE_QUALITY = {
    # https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": r"^\.?/"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def published(name: str) -> Path:
    """A schema that .ci/setup brought; elsewhere the test is left out, and says so."""
    path = SCHEMAS / name
    if not path.exists():
        reason = f"{name}: .ci/setup brings the published schema"
        pytest.fail(reason) if os.environ.get("PGTUNE_CI") else pytest.skip(reason)
    return path


def measurement(**figures: float) -> Measurement:
    values = {"calls": 10, "mean_exec_time_ms": 1.0, "rows_per_call": 1.0, "blocks_per_call": 4.0}
    return Measurement(**{**values, "temp_blocks_per_call": 0.0, **figures})  # type: ignore[arg-type]


def comparison(fingerprint: str, verdict: ComparisonVerdict, **more: Any) -> Comparison:
    values = {"query": f"SELECT * FROM orders WHERE a = 'secret' /* {EVIL} */", "fails": False, "reasons": (EVIL,)}
    return Comparison(fingerprint=fingerprint, verdict=verdict, **{**values, **more})


RESULT = CheckResult(
    outcome=Outcome.FAILED,
    comparisons=(
        comparison(
            "a" * 16, ComparisonVerdict.SLOWER, fails=True, causes=(EVIL, "index x is gone"), place="app/v w.py:12",
            baseline=measurement(), candidate=measurement(blocks_per_call=900.0),
        ),
        comparison("b" * 16, ComparisonVerdict.NEW, fails=True, candidate=measurement()),
        comparison("c" * 16, ComparisonVerdict.UNDECIDED, candidate=measurement(), baseline=measurement()),
        comparison("d" * 16, ComparisonVerdict.SAME, reasons=()),
        comparison("e" * 16, ComparisonVerdict.GONE),
    ),
    findings=(FailingFinding(id="f1", rule="SQL001", severity="warning", title=EVIL, statements=("a" * 16,)),),
    notes=(EVIL,),
)  # fmt: skip
PASSED = CheckResult(outcome=Outcome.PASSED, comparisons=(comparison("d" * 16, ComparisonVerdict.SAME, reasons=()),))
RENDERED = {
    "check": lambda name: render_check(RESULT, name),
    "passed": lambda name: render_check(PASSED, name),
    "report": lambda name: render(hostile_report(), name),
}


@pytest.mark.parametrize("what", RENDERED)
def test_sarif_is_valid(what: str) -> None:
    found = json.loads(RENDERED[what]("sarif"))
    jsonschema.Draft7Validator(json.loads(published("sarif.json").read_text(encoding="utf-8"))).validate(found)


def test_sarif_names_the_place_and_an_identity_that_lasts() -> None:
    results = json.loads(render_check(RESULT, "sarif"))["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("app/v%20w.py", {"startLine": 12})
    assert len({one["partialFingerprints"]["pgtune/v1"] for one in results}) == len(results) == 3
    assert [one["level"] for one in results] == ["error", "error", "warning"]


@pytest.mark.parametrize("what", RENDERED)
def test_junit_is_valid(what: str) -> None:
    xmlschema.XMLSchema(str(published("junit-10.xsd"))).validate(RENDERED[what]("junit"))


def test_junit_counts_failures_and_skips() -> None:
    text = render_check(RESULT, "junit")
    assert 'tests="6" failures="3" errors="0" skipped="2"' in text


@pytest.mark.parametrize("what", RENDERED)
def test_code_quality_is_valid(what: str) -> None:
    found = json.loads(RENDERED[what]("gitlab"))
    jsonschema.validate(found, CODE_QUALITY)
    fingerprints = [one["fingerprint"] for one in found]
    assert len(fingerprints) == len(set(fingerprints))


@pytest.mark.parametrize("what", RENDERED)
def test_an_annotation_is_one_line_that_starts_no_other_command(what: str) -> None:
    text = RENDERED[what]("github")
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in text.splitlines())
    assert bool(text) is (what != "passed")


@pytest.mark.parametrize("name", ["sarif", "junit", "gitlab", "github", "markdown", "terminal"])
def test_nothing_hostile_and_no_literal_gets_through(name: str) -> None:
    text = render_check(RESULT, name)
    assert "\x1b" not in text
    assert "\u202e" not in text
    if name not in ("markdown", "terminal"):
        assert "secret" not in text


def test_markdown_fits_a_comment_and_says_what_did_not() -> None:
    many = CheckResult(
        outcome=Outcome.FAILED,
        comparisons=tuple(
            comparison(f"{number:016}", ComparisonVerdict.SLOWER, fails=True, reasons=("x" * 400,))
            for number in range(1000)
        ),
    )
    text = render_check(many, "markdown")
    assert len(text) <= 65_536
    assert "did not fit" in text


def test_what_was_over_a_limit_before_is_told_in_few_lines() -> None:
    known = tuple(
        comparison(f"{number:016}", ComparisonVerdict.SAME, baseline=measurement(), candidate=measurement())
        for number in range(40)
    )
    news = comparison("f" * 16, ComparisonVerdict.SLOWER, fails=True, baseline=measurement(), candidate=measurement())
    result = CheckResult(outcome=Outcome.FAILED, comparisons=(*known, news))
    terminal = render_check(result, "terminal")
    assert terminal.count("same  ") == 6
    assert "same  … and 35 statements more, as in the baseline" in terminal
    assert "1 failing, 40 to note, 0 fine" in terminal
    markdown = render_check(result, "markdown")
    open_, folded = markdown.split("<details>")
    assert (open_.count("\n| "), folded.count("| same |")) == (2, 40)
    assert "40 statements over a limit, as in the baseline" in folded
