"""One rule file: each key read and checked; all mistakes are collected."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any, TypeVar

from pgtune_cli.lint.check import near
from pgtune_cli.lint.condition import Condition, ConditionFailed, Unknown, compile_condition
from pgtune_cli.lint.facts import SUBJECTS
from pgtune_cli.lint.rule import CHANNELS, NEEDS, SUGGESTION_KINDS, Merge, Rule, RuleSuggestion, SubjectKind
from pgtune_cli.lint.setting_advice import RuleSetting
from pgtune_cli.lint.template import Template, TemplateError, compile_template
from pgtune_cli.lint.tokens import ConditionError
from pgtune_cli.lint.types import Type, plain
from pgtune_cli.lint.yaml_file import Entry, YamlMistake
from pgtune_cli.model.finding import Confidence, Severity

REQUIRED = ("id", "name", "severity", "confidence", "for", "when", "message", "why")
OPTIONAL = (
    "needs", "params", "possible", "rank", "suggestion", "references", "min_version", "max_version", "evidence",
    "merge",
)  # fmt: skip
ID = re.compile(r"[A-Z]{2,16}[0-9]{3}")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
VERSIONS = range(13, 31)
SAMPLES: dict[Type, Any] = {
    Type.NUMBER: 1.0, Type.BOOL: True, Type.STRING: "x", Type.STRINGS: ["x"], Type.NUMBERS: [1.0],
}  # fmt: skip
SETTING_KEYS = ("set", "to", "unit", "after")
SETTING_WORDS = {
    "set": re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?"), "to": re.compile(r"[A-Za-z0-9_.-]*"),
    "unit": re.compile("B|kB|MB|GB|TB|us|ms|s|min|h|d"), "after": re.compile("restart"),
}  # fmt: skip
SETTING_WANTS = {
    "set": "is no name of a setting", "unit": "is no unit of a setting (kB, MB, ms, ...)",
    "after": "is not restart",
}  # fmt: skip
T = TypeVar("T")


def read_rule(entries: dict[str, Entry], shown: str) -> tuple[Rule | None, list[YamlMistake]]:
    """The rule that a file's keys make, or its mistakes; `shown` is the file's name in messages."""
    reader = _RuleReader(entries, shown)
    rule = reader.rule()
    return (None if reader.mistakes else rule), sorted(reader.mistakes, key=lambda mistake: mistake.line)


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


class _RuleReader:
    def __init__(self, entries: dict[str, Entry], shown: str) -> None:
        # an optional key may be empty, which says what leaving it out says
        self.entries = {key: entry for key, entry in entries.items() if entry.value is not None or key not in OPTIONAL}
        self.shown = shown
        self.mistakes: list[YamlMistake] = []

    def mistake(self, key: str, message: str) -> None:
        line = self.entries[key].line if key in self.entries else 1
        self.mistakes.append(YamlMistake(message, line))

    def rule(self) -> Rule | None:
        self._check_keys()
        subject = self._subject()
        params, types = self._params()
        fields: dict[str, Any] = {
            "id": self._id(), "name": self._matching("name", NAME, "kebab-case, naming the bad thing"),
            "severity": self._choice("severity", Severity), "confidence": self._choice("confidence", Confidence),
            "params": params, "param_types": types, "why": self._text("why"), "references": self._references(),
            "source": self.shown,
        }  # fmt: skip
        fields["min_version"], fields["max_version"] = self._versions()
        if subject is None:
            return None
        fields |= self._judging(subject, types)
        if self.mistakes:
            return None
        rule = Rule(subject=subject.name, **fields)
        self._check_params_used(rule)
        self._try(rule, subject)
        return None if self.mistakes else rule

    def _check_keys(self) -> None:
        known = [*REQUIRED, *OPTIONAL]
        for key, entry in self.entries.items():
            if key not in known:
                hint = " (did you mean 'for'?)" if key == "subject" else near(key, known)
                self.mistakes.append(YamlMistake(f"unknown key {key!r}{hint}", entry.line))
        for key in REQUIRED:
            if key not in self.entries:
                self.mistake("", f"the key {key!r} is missing")

    # plain keys

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

    def _subject(self) -> SubjectKind | None:
        name = self._text("for")
        if name is None:
            return None
        if name not in SUBJECTS:
            self.mistake("for", f"for is {name!r}, not one of {', '.join(SUBJECTS)}{near(name, SUBJECTS)}")
        return SUBJECTS.get(name)

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

    # what judges

    def _judging(self, subject: SubjectKind, types: Mapping[str, Type]) -> dict[str, Any]:
        facts = subject.facts
        when = self._condition("when", subject, types)
        if when is not None and not when.checked.facts:
            self.mistake("when", "the condition uses no fact: it would hold for everything or for nothing")
        rank = self._text("rank") if "rank" in self.entries else None
        if rank is not None and (rank not in facts or facts[rank].type is not Type.NUMBER):
            numbers = [name for name, fact in facts.items() if fact.type is Type.NUMBER]
            self.mistake("rank", f"rank {rank!r} is no numeric fact of {subject.variable}{near(rank, numbers)}")
        return {
            "when": when, "possible": self._condition("possible", subject, types), "rank": rank,
            "message": self._template("message", self._text("message"), subject, types),
            "suggestion": self._suggestion(subject, types), "needs": self._needs(subject, when),
            "evidence": self._one_of("evidence", CHANNELS, _default_channel(subject, when)),
            "merge": Merge(self._one_of("merge", tuple(Merge), subject.merge)) if not self.mistakes else Merge.PLACE,
        }  # fmt: skip

    def _condition(self, key: str, subject: SubjectKind, types: Mapping[str, Type]) -> Condition | None:
        if key not in self.entries:
            return None
        value = self.entries[key].value
        text = str(value).lower() if isinstance(value, bool) else self._text(key)
        if text is None:
            return None
        try:
            return compile_condition(text, subject.variable, subject.facts, types)
        except ConditionError as exc:
            self.mistake(key, f"{exc} (character {exc.position + 1} of {key})" if exc.position else str(exc))
            return None

    def _template(
        self, key: str, text: str | None, subject: SubjectKind, types: Mapping[str, Type], *, sql: bool = False
    ) -> Template | None:
        if text is None:
            return None
        try:
            return compile_template(text, subject.variable, subject.facts, types, sql=sql)
        except TemplateError as exc:
            self.mistake(key, str(exc))
            return None

    def _suggestion(self, subject: SubjectKind, types: Mapping[str, Type]) -> RuleSuggestion | None:
        given = self.entries["suggestion"].value if "suggestion" in self.entries else None
        if given is None:
            return None
        if isinstance(given, str):  # the name of an advisor, whose SQL belongs there, or a text
            given = {"kind": given} if given in SUGGESTION_KINDS else {"kind": "application", "text": given}
        known = ("kind", "text", "sql", "rollback_sql", *SETTING_KEYS)
        if not isinstance(given, dict) or not all(isinstance(item, str) for item in [*given, *given.values()]):
            self.mistake("suggestion", f"suggestion wants a text, or texts for {', '.join(known)}")
            return None
        for key in given:
            if key not in known:
                self.mistake("suggestion", f"unknown key {key!r} in suggestion{near(key, known)}")
        kind = given.get("kind", "application")
        if kind not in SUGGESTION_KINDS:
            choices = ", ".join(SUGGESTION_KINDS)
            self.mistake("suggestion", f"kind is {kind!r}, not one of {choices}{near(kind, SUGGESTION_KINDS)}")
        return RuleSuggestion(
            kind=kind,
            text=self._template("suggestion", given.get("text"), subject, types),
            sql=self._template("suggestion", given.get("sql"), subject, types, sql=True),
            rollback_sql=self._template("suggestion", given.get("rollback_sql"), subject, types, sql=True),
            setting=self._setting(given, subject, types),
        )

    def _setting(self, given: dict[str, str], subject: SubjectKind, types: Mapping[str, Type]) -> RuleSetting | None:
        found = {key: given[key] for key in SETTING_KEYS if key in given}
        if not found:
            return None
        if {"set", "to"} - set(found) or {"sql", "rollback_sql"} & set(given):
            self.mistake("suggestion", "a setting wants both set and to, and neither sql nor rollback_sql beside them")
            return None
        for key, value in found.items():
            if key != "to" and not SETTING_WORDS[key].fullmatch(value):
                self.mistake("suggestion", f"{key} {value!r} {SETTING_WANTS[key]}")
        to = self._template("suggestion", found["to"], subject, types)
        literal = re.sub(r"\{[^}]*\}", "", found["to"])
        texts = [name for name in (to.facts if to else ()) if subject.facts[name].type is not Type.NUMBER]
        if to is None or texts or to.params or not SETTING_WORDS["to"].fullmatch(literal):
            self.mistake("suggestion", "to wants a plain value, or a fact that is a number")
            return None
        return RuleSetting(name=found["set"], to=to, unit=found.get("unit", ""), restart="after" in found)

    def _needs(self, subject: SubjectKind, when: Condition | None) -> tuple[str, ...]:
        """Those that the rule names, and those of the facts that it uses."""
        named = self._texts("needs")
        for need in named:
            if need not in NEEDS:
                self.mistake("needs", f"need {need!r} is not one of {', '.join(NEEDS)}{near(need, NEEDS)}")
        used = {subject.facts[name].need for name in when.checked.facts} if when is not None else set()
        return tuple(sorted({*named, *(need for need in used if need is not None)}))

    # the whole

    def _check_params_used(self, rule: Rule) -> None:
        suggestion = rule.suggestion or RuleSuggestion(kind="application")
        templates = [rule.message, suggestion.text, suggestion.sql, suggestion.rollback_sql]
        used = {name for template in templates if template is not None for name in template.params}
        used |= rule.when.checked.params | (rule.possible.checked.params if rule.possible else set())
        for name in sorted(set(rule.params) - used):
            self.mistake("params", f"the parameter {name!r} is not used")

    def _try(self, rule: Rule, subject: SubjectKind) -> None:
        """Judge a subject of which nothing is known, and one of which everything is."""
        unknown = SimpleNamespace(**dict.fromkeys(subject.facts))
        known = SimpleNamespace(**{name: SAMPLES[fact.type] for name, fact in subject.facts.items()})
        for sample in (unknown, known):
            for key, condition in (("when", rule.when), ("possible", rule.possible)):
                if condition is None:
                    continue
                try:
                    condition.holds(sample, rule.params)
                except Unknown:
                    pass
                except ConditionFailed as exc:
                    self.mistake(key, str(exc))
            rule.message.render(sample, rule.params)


def _default_channel(subject: SubjectKind, when: Condition | None) -> str:
    """What a plan shows only when it was executed is evidence of an execution."""
    used = {subject.facts[name].need for name in when.checked.facts} if when is not None else set()
    return "execution" if subject.evidence == "plan" and used & {"analyze", "buffers"} else subject.evidence
