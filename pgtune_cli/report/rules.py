"""What `pgtune rules` prints."""

from collections.abc import Sequence

from pgtune_cli.lint.types import Rule
from pgtune_cli.report.json_report import to_json


def render_rules(rules: Sequence[Rule], format_: str) -> str:
    """All rules, a line each, or `{kind, schema_version, rules[]}`."""
    if format_ == "json":
        return to_json({"kind": "rules", "schema_version": 1, "rules": list(rules)})
    return "\n".join(f"{rule.id:<10} {rule.severity.value:<8} {rule.subject:<12} {rule.name}" for rule in rules)
