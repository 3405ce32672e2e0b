"""Why a rule did not fire: the subjects that lack one number of its condition, nearest first."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pgtune_cli.lint.condition import Condition, ConditionFailed, Unknown, compile_condition
from pgtune_cli.lint.conjuncts import Threshold, conjuncts, threshold_of
from pgtune_cli.lint.engine import Judge, applicable, judge_all
from pgtune_cli.lint.facts import SUBJECTS
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.subject import Subject
from pgtune_cli.lint.world import World
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.finding import NearMiss

PER_RULE = 3
WITHIN = 10.0
"""a value that is further off than this factor is no near miss."""


def near_misses(rules: Sequence[Rule], analysis: Analysis) -> tuple[NearMiss, ...]:
    """For each rule the subjects that come nearest to it without meeting it."""
    world = World(analysis)
    chosen = applicable(rules, analysis)
    looks = {kind: [_Look(rule) for rule in chosen if rule.subject == kind] for kind in SUBJECTS}
    judge_all(world, looks)
    return tuple(
        miss for rule in chosen for look in looks[rule.subject] if look.rule is rule for miss in look.nearest()
    )


class _Part(msgspec.Struct, frozen=True):
    text: str
    condition: Condition
    threshold: Threshold | None


class _Look(Judge):
    """One rule, its condition taken apart."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.found: list[tuple[float, NearMiss]] = []
        facts = SUBJECTS[rule.subject].facts
        variable = SUBJECTS[rule.subject].variable
        self.parts = [
            _Part(text, compile_condition(text, variable, facts, rule.param_types), threshold_of(text, variable))
            for text in conjuncts(rule.when.text)
        ]

    def judge(self, subject: Subject) -> None:
        unmet: list[_Part] = []
        for part in self.parts:
            if not self._holds(part, subject.facts):
                unmet.append(part)
                if len(unmet) > 1 or part.threshold is None:
                    return
        for part in unmet:
            self._note(part, subject)

    def _holds(self, part: _Part, facts: object) -> bool:
        try:
            return part.condition.holds(facts, self.rule.params)
        except (Unknown, ConditionFailed):
            return False

    def _note(self, part: _Part, subject: Subject) -> None:
        measured = _measured(part.threshold, subject.facts, self.rule.params)
        if measured is None:
            return
        value, threshold = measured
        larger, smaller = max(value, threshold), min(value, threshold)
        off = larger / smaller if smaller > 0 else float("inf")
        if off > WITHIN:
            return
        named = subject.named()
        miss = NearMiss(
            rule=self.rule.id, relation=named.relation, statements=named.statements, place=named.place,
            unmet=" ".join(part.text.split()), value=value, threshold=threshold,
        )  # fmt: skip
        self.found.append((off, miss))
        self.found.sort(key=lambda item: item[0])
        del self.found[PER_RULE:]

    def nearest(self) -> list[NearMiss]:
        return [miss for _, miss in self.found]


def _measured(threshold: Threshold | None, facts: object, params: Mapping[str, Any]) -> tuple[float, float] | None:
    """The fact and what it is held against; None where one is not known."""
    if threshold is None:
        return None
    value = getattr(facts, threshold.fact)
    against = params[threshold.param] if threshold.param is not None else threshold.number
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isinstance(against, (int, float)):
        return None
    return float(value), float(against)
