"""The formats that other programs read."""

from collections.abc import Sequence

from pgtune_cli.report.problems import Problem


def render_problems(problems: Sequence[Problem], format_: str) -> str:
    """`format_`: github, gitlab, sarif or junit."""
    if format_ == "github":
        from pgtune_cli.report.github import to_github

        return to_github(problems)
    if format_ == "gitlab":
        from pgtune_cli.report.gitlab import to_gitlab

        return to_gitlab(problems)
    if format_ == "sarif":
        from pgtune_cli.report.sarif import to_sarif

        return to_sarif(problems)
    if format_ == "junit":
        from pgtune_cli.report.junit import to_junit

        return to_junit(problems)
    raise ValueError(format_)
