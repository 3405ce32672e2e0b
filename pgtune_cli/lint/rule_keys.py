"""The plain keys of a rule file: texts, choices, versions, parameters; all mistakes are collected."""

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, TypeVar

from pgtune_cli.lint.check import near
from pgtune_cli.lint.types import Type, plain
from pgtune_cli.lint.yaml_file import Entry, YamlMistake

REQUIRED = ("id", "name", "severity", "confidence", "for", "when", "message", "why")
OPTIONAL = (
    "needs", "params", "possible", "rank", "suggestion", "references", "min_version", "max_version", "evidence",
    "merge",
)  # fmt: skip
ID = re.compile(r"[A-Z]{2,16}[0-9]{3}")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
VERSIONS = range(13, 31)
T = TypeVar("T")


class RuleKeys:
    """The keys of one file. An optional one may be empty, which says what leaving it out says."""

    def __init__(self, entries: dict[str, Entry], shown: str) -> None:
        self.entries = {key: entry for key, entry in entries.items() if entry.value is not None or key not in OPTIONAL}
        self.shown = shown
        self.mistakes: list[YamlMistake] = []

    def mistake(self, key: str, message: str) -> None:
        line = self.entries[key].line if key in self.entries else 1
        self.mistakes.append(YamlMistake(message, line))

    def _check_keys(self) -> None:
        known = [*REQUIRED, *OPTIONAL]
        for key, entry in self.entries.items():
            if key not in known:
                hint = " (did you mean 'for'?)" if key == "subject" else near(key, known)
                self.mistakes.append(YamlMistake(f"unknown key {key!r}{hint}", entry.line))
        for key in REQUIRED:
            if key not in self.entries:
                self.mistake("", f"the key {key!r} is missing")

    def _value(self, key: str, kind: type[T], words: str) -> T | None:
        if key not in self.entries:
            return None
        value = self.entries[key].value
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.mistake(key, f"{key} wants {words}")
            return None
        return value

    def _text(self, key: str) -> str | None:
        text = self._value(key, str, "a text")
        if text is not None and not text.strip():
            self.mistake(key, f"{key} is empty")
        return text.strip() if text else None

    def _matching(self, key: str, pattern: re.Pattern[str], words: str) -> str | None:
        text = self._text(key)
        if text and not pattern.fullmatch(text):
            self.mistake(key, f"{key} wants {words}; {text!r} is not")
        return text

    def _id(self) -> str | None:
        rule_id = self._matching("id", ID, "an area in capitals and three digits, such as SHOP001")
        stem = PurePath(self.shown).stem
        if rule_id and rule_id != stem:
            self.mistake("id", f"the id {rule_id} differs from the file name {stem}")
        return rule_id

    def _choice(self, key: str, choices: Callable[[str], T]) -> T | None:
        text = self._text(key)
        if text is None:
            return None
        try:
            return choices(text)
        except ValueError:
            names = [str(item) for item in choices]  # type: ignore[attr-defined]
            self.mistake(key, f"{key} is {text!r}, not one of {', '.join(names)}{near(text, names)}")
            return None

    def _one_of(self, key: str, names: tuple[str, ...], default: str) -> str:
        text = self._text(key) if key in self.entries else default
        if text is not None and text not in names:
            self.mistake(key, f"{key} is {text!r}, not one of {', '.join(names)}{near(text, names)}")
        return text or default

    def _texts(self, key: str) -> tuple[str, ...]:
        items = self._value(key, list, "a list of texts") or []
        if not all(isinstance(item, str) for item in items):
            self.mistake(key, f"{key} wants a list of texts")
            return ()
        return tuple(items)

    def _references(self) -> tuple[str, ...]:
        links = self._texts("references")
        for link in links:
            if not link.startswith(("https://", "http://")):
                self.mistake("references", f"{link!r} is no web address")
        return links

    def _versions(self) -> tuple[int | None, int | None]:
        low, high = (self._value(key, int, "a major version such as 16") for key in ("min_version", "max_version"))
        for key, value in (("min_version", low), ("max_version", high)):
            if value is not None and value not in VERSIONS:
                self.mistake(key, f"{key} {value} is no major version from {VERSIONS[0]} to {VERSIONS[-1]}")
        if low is not None and high is not None and low > high:
            self.mistake("max_version", f"no server is at least {low} and at most {high}")
        return low, high

    def _params(self) -> tuple[dict[str, Any], dict[str, Type]]:
        given = self._value("params", dict, "a mapping of names to values") or {}
        values, types = {}, {}
        for name, value in given.items():
            kind = param_type(value)
            if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]*", name):
                self.mistake("params", f"{name!r} is no name of a parameter (small letters, digits and _)")
            elif kind is None:
                self.mistake("params", f"the parameter {name!r} is no number, bool, text, or list of one kind")
            else:
                values[name], types[name] = plain(value), kind
        return values, types


def param_type(value: Any) -> Type | None:
    """The type of a parameter's value, None for what no parameter can be."""
    if isinstance(value, bool):
        return Type.BOOL
    if isinstance(value, (int, float)):
        return Type.NUMBER
    if isinstance(value, str):
        return Type.STRING
    if isinstance(value, list) and value:
        kinds = {param_type(item) for item in value}
        return {frozenset({Type.STRING}): Type.STRINGS, frozenset({Type.NUMBER}): Type.NUMBERS}.get(frozenset(kinds))  # type: ignore[arg-type]
    return None
