"""GitHub workflow commands (https://docs.github.com/actions/reference/workflow-commands-for-github-actions)."""

from collections.abc import Sequence

from pgtune_cli.report.problems import NO_PLACE, Problem

COMMANDS = {"info": "notice", "warning": "warning", "error": "error"}


def to_github(problems: Sequence[Problem]) -> str:
    """One annotation a problem; nothing at all for none."""
    return "".join(_annotation(problem) + "\n" for problem in problems)


def _annotation(problem: Problem) -> str:
    place = {} if problem.path == NO_PLACE else {"file": problem.path, "line": str(problem.line)}
    properties = {**place, "title": f"pgtune {problem.rule}"}
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{COMMANDS[problem.severity]} {shown}::{_data(chr(10).join((problem.message, *problem.detail)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
