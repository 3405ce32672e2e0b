"""One rule file: each key read and checked; all mistakes are collected."""

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pgtune_cli.lint.check import near
from pgtune_cli.lint.condition import Condition, ConditionFailed, Unknown, compile_condition
from pgtune_cli.lint.facts import SUBJECTS
from pgtune_cli.lint.rule import CHANNELS, NEEDS, SUGGESTION_KINDS, Merge, Rule, RuleSuggestion, SubjectKind
from pgtune_cli.lint.rule_keys import NAME, RuleKeys
from pgtune_cli.lint.setting_advice import RuleSetting
from pgtune_cli.lint.template import Template, TemplateError, compile_template
from pgtune_cli.lint.tokens import ConditionError
from pgtune_cli.lint.types import Type
from pgtune_cli.lint.yaml_file import Entry, YamlMistake
from pgtune_cli.model.finding import Confidence, Severity

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


def read_rule(entries: dict[str, Entry], shown: str) -> tuple[Rule | None, list[YamlMistake]]:
    """The rule that a file's keys make, or its mistakes; `shown` is the file's name in messages."""
    reader = _RuleReader(entries, shown)
    rule = reader.rule()
    return (None if reader.mistakes else rule), sorted(reader.mistakes, key=lambda mistake: mistake.line)


class _RuleReader(RuleKeys):
    """What judges, made of the facts of its subject."""

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

    def _subject(self) -> SubjectKind | None:
        name = self._text("for")
        if name is None:
            return None
        if name not in SUBJECTS:
            variables = {kind.variable: kind.name for kind in SUBJECTS.values()}
            meant = f" (did you mean {variables[name]!r}?)" if name in variables else near(name, SUBJECTS)
            self.mistake("for", f"for is {name!r}, not one of {', '.join(SUBJECTS)}{meant}")
        return SUBJECTS.get(name)

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
