"""Which rules run, and with which parameters and severities."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.check import near
from pgtune_cli.lint.read_rule import param_type
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.types import Type, plain
from pgtune_cli.model.finding import Severity


def select_rules(rules: Iterable[Rule], select: Sequence[str], ignore: Sequence[str]) -> list[Rule]:
    """The selected rules (all without a selection) that are not ignored; ids, areas or names in any case.

    Raises UsageError for a selector that names no rule.
    """
    known = list(rules)
    for selector in (*select, *ignore):
        if not any(_matches(rule, selector) for rule in known):
            names = [name for rule in known for name in (rule.id, rule.name, rule.area)]
            raise UsageError(f"no rule {selector!r}{near(selector, names)}", "`pgtune rules list` prints them")
    chosen = [rule for rule in known if not select or any(_matches(rule, item) for item in select)]
    return [rule for rule in chosen if not any(_matches(rule, item) for item in ignore)]


def _matches(rule: Rule, selector: str) -> bool:
    return selector.upper() in (rule.id, rule.area) or selector.lower() == rule.name


def override(
    rules: Iterable[Rule], params: Mapping[str, Mapping[str, Any]], severity: Mapping[str, Severity]
) -> tuple[Rule, ...]:
    """The rules with the parameters and severities that `pgtune.yaml` sets by rule id. Raises UsageError."""
    by_id = {rule.id: rule for rule in rules}
    for rule_id in (*params, *severity):
        if rule_id not in by_id:
            raise UsageError(f"no rule {rule_id!r}{near(rule_id, by_id)}", "`pgtune rules list` prints them")
    for rule_id, level in severity.items():
        by_id[rule_id] = msgspec.structs.replace(by_id[rule_id], severity=level)
    for rule_id, values in params.items():
        merged = {**by_id[rule_id].params, **_checked(by_id[rule_id], values)}
        by_id[rule_id] = msgspec.structs.replace(by_id[rule_id], params=merged)
    return tuple(by_id.values())


def _checked(rule: Rule, values: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in rule.param_types:
            raise UsageError(f"rule {rule.id} has no parameter {name!r}{near(name, rule.params)}")
        wanted = rule.param_types[name]
        if value == [] and wanted in (Type.STRINGS, Type.NUMBERS):
            checked[name] = []
        elif param_type(value) is not wanted:
            raise UsageError(f"the parameter {name!r} of rule {rule.id} wants a {wanted}, not {value!r}")
        else:
            checked[name] = plain(value)
    return checked
