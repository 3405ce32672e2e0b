"""GitLab Code Quality (https://docs.gitlab.com/ci/testing/code_quality/): a list of problems."""

from collections.abc import Sequence

from pgtune_cli.report.json_report import to_json
from pgtune_cli.report.problems import Problem

SEVERITIES = {"info": "info", "warning": "minor", "error": "major"}


def to_gitlab(problems: Sequence[Problem]) -> str:
    return to_json(
        [
            {
                "description": problem.message,
                "check_name": problem.rule,
                "fingerprint": problem.id,
                "severity": SEVERITIES[problem.severity],
                "location": {"path": problem.path, "lines": {"begin": problem.line}},
            }
            for problem in problems
        ]
    )
