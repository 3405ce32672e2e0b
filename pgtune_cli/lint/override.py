"""A file that changes the severity or the parameters of a rule that exists: `overrides: PLAN001`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.adjust import adjust
from pgtune_cli.lint.check import near
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.yaml_file import Entry, YamlMistake
from pgtune_cli.model.finding import Severity

KEYS = ("overrides", "severity", "params")


def is_override(entries: Mapping[str, Entry]) -> bool:
    """Whether the file is no rule of its own."""
    return "overrides" in entries


def override(entries: Mapping[str, Entry], rules: Mapping[str, Rule], shown: str) -> Rule:
    """The rule with what the file changes; its source is then that file. Raises YamlMistake."""
    for key, entry in entries.items():
        if key not in KEYS:
            why = "only severity and params of a rule can be overridden"
            raise YamlMistake(f"unknown key {key!r}{near(key, KEYS)}: {why}", entry.line)
    name = entries["overrides"]
    if name.value not in rules:
        raise YamlMistake(f"overrides names a rule {name.value!r} that does not exist{near(str(name.value), rules)}",
                          name.line)  # fmt: skip
    rule = rules[name.value]
    for key in ("severity", "params"):
        if key in entries and entries[key].value is not None:
            rule = _with(rule, key, entries[key])
    return msgspec.structs.replace(rule, source=shown)


def _with(rule: Rule, key: str, entry: Entry) -> Rule:
    value: Any = entry.value
    if key == "params" and not isinstance(value, dict):
        raise YamlMistake("params wants a mapping of names to values", entry.line)
    try:
        if key == "params":
            (changed,) = adjust([rule], {rule.id: value}, {})
        else:
            (changed,) = adjust([rule], {}, {rule.id: Severity(value)})
    except UsageError as exc:
        raise YamlMistake(f"{exc}{f' ({exc.hint})' if exc.hint else ''}", entry.line) from exc
    except ValueError as exc:
        names = [str(item) for item in Severity]
        raise YamlMistake(f"severity is {value!r}, not one of {', '.join(names)}{near(str(value), names)}",
                          entry.line) from exc  # fmt: skip
    return changed
