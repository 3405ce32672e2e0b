"""What a CI server shows beside the log: only for people's format, never in what a program reads."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgtune_cli.model.comparison import CheckResult

NAMES = {
    "GITHUB_ACTIONS": "github", "GITLAB_CI": "gitlab", "BUILDKITE": "buildkite", "TF_BUILD": "azure",
    "JENKINS_URL": "jenkins", "TEAMCITY_VERSION": "teamcity", "CIRCLECI": "circleci",
}  # fmt: skip


def detected(env: Mapping[str, str]) -> str | None:
    """The CI server that this runs on; None elsewhere, and with PGTUNE_CI_EXTRAS=0."""
    if env.get("PGTUNE_CI_EXTRAS") == "0":
        return None
    return next((name for variable, name in NAMES.items() if env.get(variable)), None)


def extras(result: "CheckResult", format_: str) -> str:
    """Annotations to print behind the terminal format on GitHub; its step summary gets the Markdown form."""
    if format_ != "terminal" or detected(os.environ) != "github":
        return ""
    from pgtune_cli.report.check import render_check

    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        # the file belongs to the step: it is added to; a verdict does not hang on it
        with suppress(OSError), Path(summary).open("a", encoding="utf-8") as file:
            file.write(render_check(result, "markdown"))
    return render_check(result, "github")
