"""A project's own thresholds and severities for rules that are loaded already."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pgtune_cli.errors import UsageError, near_hint
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.rule_keys import param_type
from pgtune_cli.lint.types import plain
from pgtune_cli.model.finding import Severity


def adjust(
    rules: Iterable[Rule], params: Mapping[str, Mapping[str, Any]], severities: Mapping[str, Severity]
) -> tuple[Rule, ...]:
    """The rules with these parameters (rule id -> name -> value) and severities (rule id -> severity).

    Raises:
        UsageError: no such rule, no such parameter of it, or a value of another type.
    """
    known = {rule.id: rule for rule in rules}
    for name in (*params, *severities):
        if name not in known:
            raise UsageError(f"the configuration names a rule {name} that does not exist", near_hint(name, known))
    for name, values in params.items():
        known[name] = _with_params(known[name], values)
    for name, severity in severities.items():
        known[name] = msgspec.structs.replace(known[name], severity=severity)
    return tuple(known.values())


def _with_params(rule: Rule, values: Mapping[str, Any]) -> Rule:
    for name, value in values.items():
        if name not in rule.params:
            raise UsageError(f"rule {rule.id} has no parameter {name}", near_hint(name, rule.params))
        if param_type(value) != rule.param_types[name]:
            raise UsageError(f"the parameter {name} of rule {rule.id} is not a {rule.param_types[name].value}")
    return msgspec.structs.replace(
        rule, params={**rule.params, **{name: plain(value) for name, value in values.items()}}
    )
