"""What `pgtune rules` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.types import Fact
from pgtune_cli.report.folded import columns, folded, hanging
from pgtune_cli.report.json_report import to_json


def render_rules(rules: Sequence[Rule], format_: str) -> str:
    """All rules: a line each, `{kind, schema_version, rules[]}`, or a Markdown table."""
    if format_ == "json":
        return to_json({"kind": "rules", "schema_version": 1, "rules": [_as_json(rule) for rule in rules]})
    if format_ == "markdown":
        rows = [_row(rule) for rule in rules]
        return "\n".join(["| id | name | severity | confidence | judges | needs |", "|---|---|---|---|---|---|", *rows])
    return "\n".join(f"{rule.id:<10} {rule.severity.value:<8} {rule.subject:<12} {rule.name}" for rule in rules)


def _row(rule: Rule) -> str:
    link = f"[{rule.id}]({rule.source.removeprefix('rules/')})"
    cells = (link, rule.name, rule.severity.value, rule.confidence.value, rule.subject, ", ".join(rule.needs))
    return "| " + " | ".join(cells) + " |"


def render_rule(rule: Rule) -> str:
    """One rule in full."""
    lines = [
        f"{rule.id} {rule.name}",
        f"  severity {rule.severity.value}, confidence {rule.confidence.value}, judges {rule.subject}",
        *hanging("  when     ", rule.when.text, 11),
    ]
    lines += [f"  param    {name} = {value}" for name, value in rule.params.items()]
    if rule.needs:
        lines.append(f"  needs    {', '.join(rule.needs)}")
    lines += hanging("  why      ", rule.why, 11)
    if rule.suggestion is not None and rule.suggestion.text is not None:
        lines += hanging("  do       ", rule.suggestion.text.text, 11)
    lines += [f"  see      {reference}" for reference in rule.references]
    return "\n".join([*lines, f"  file     {rule.source}"])


def render_facts(reference: Mapping[str, Sequence[Fact]], variables: Mapping[str, str]) -> str:
    """The facts of each subject, under the variable that conditions call it by: name, type, meaning, need."""
    lines = []
    for subject, facts in reference.items():
        lines.append(f"{subject}: {variables[subject]}.…")
        for fact in facts:
            need = f" (needs {fact.need})" if fact.need else ""
            head, said = f"  {fact.name:<28} {fact.type.value:<16} ", f"{fact.description}{need}"
            if len(head) + len(said) <= columns():
                lines.append(head + said)
            else:
                lines += [head.rstrip(), *(f"      {line}" for line in folded(said, 6))]
    return "\n".join(lines)


def _as_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "for": rule.subject,
        "needs": list(rule.needs),
        "params": dict(rule.params),
        "when": rule.when.text,
        "message": rule.message.text,
        "why": rule.why,
        "references": list(rule.references),
    }
