"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code scanning reads it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from pgtune_cli import __version__
from pgtune_cli.report.json_report import to_json
from pgtune_cli.report.problems import Problem

LEVELS = {"info": "note", "warning": "warning", "error": "error"}


def to_sarif(problems: Sequence[Problem]) -> str:
    rules = {problem.rule: problem for problem in problems}
    order = sorted(rules)
    run = {
        "tool": {
            "driver": {
                "name": "pgtune",
                "version": __version__,
                "rules": [_rule(rules[name]) for name in order],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": [_result(problem, order) for problem in problems],
    }
    return to_json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _rule(problem: Problem) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": problem.rule,
        "shortDescription": {"text": problem.rule_title},
        "defaultConfiguration": {"level": LEVELS[problem.severity]},
    }
    if problem.docs:
        rule["helpUri"] = problem.docs
    return rule


def _result(problem: Problem, order: list[str]) -> dict[str, Any]:
    return {
        "ruleId": problem.rule,
        "ruleIndex": order.index(problem.rule),
        "level": LEVELS[problem.severity],
        "message": {"text": "\n".join((problem.message, *problem.detail))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(problem.path)},
                    "region": {"startLine": problem.line},
                }
            }
        ],
        "partialFingerprints": {"pgtune/v1": problem.id},
    }
