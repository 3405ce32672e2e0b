"""Rules judge the subjects of an analysis.

A condition that meets an unknown fact is neither true nor false: the rule is skipped for that subject, and the report
names what was missing. Several places on one statement, relation or object make one finding, told by the worst.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from pgtune_cli.lint.condition import ConditionFailed, Unknown
from pgtune_cli.lint.conjuncts import pinned
from pgtune_cli.lint.facts import PER_STATEMENT, SUBJECTS, subjects, subjects_of
from pgtune_cli.lint.finding import Hit, finding_of
from pgtune_cli.lint.rule import NEEDS, Merge, Rule
from pgtune_cli.lint.selection import select_rules
from pgtune_cli.lint.subject import Subject
from pgtune_cli.lint.world import World
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.finding import Finding
from pgtune_cli.model.snapshot import Skipped


def evaluate(
    rules: Iterable[Rule], analysis: Analysis, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """The findings, worst first, and what could not be judged. `select` and `ignore` hold ids, areas or names."""
    chosen = applicable(select_rules(rules, select, ignore), analysis)
    world = World(analysis)
    runs = {kind: [Run(rule) for rule in chosen if rule.subject == kind] for kind in SUBJECTS}
    by_type = ByValue("node_type", runs["plan_node"])
    judge_all(world, {**runs, "plan_node": [by_type] if runs["plan_node"] else []})
    by_type.count()
    every = [run for of_kind in runs.values() for run in of_kind]
    service = analysis.snapshot.server.service
    findings = [finding for run in every for finding in run.findings(service)]
    skipped = [item for run in every for item in run.skipped()]
    return tuple(sorted(findings, key=_order)), (*_unique(world.skipped), *skipped)


def applicable(rules: Iterable[Rule], analysis: Analysis) -> list[Rule]:
    """The rules for the version of the server."""
    major = analysis.snapshot.server.version_num // 10_000
    return [rule for rule in rules if _applies(rule, major)]


class Judge(Protocol):
    """One rule, told of each of its subjects."""

    def judge(self, subject: Subject) -> None:
        """Look at one subject."""


def judge_all(world: World, runs: Mapping[str, Sequence[Judge]]) -> None:
    """Every subject by the rules of its kind. All that one statement has is judged before the next is looked at."""
    world.read_shapes()
    of_statements = {kind: runs[kind] for kind in PER_STATEMENT if runs[kind]}
    for statement in world.analysis.statements if of_statements else ():
        for kind, its_runs in of_statements.items():
            for subject in subjects_of(kind, world, statement):
                for run in its_runs:
                    run.judge(subject)
    for kind in SUBJECTS:
        if kind not in PER_STATEMENT and runs[kind]:
            for subject in subjects(kind, world):
                for run in runs[kind]:
                    run.judge(subject)


def _applies(rule: Rule, major: int) -> bool:
    return (rule.min_version or 0) <= major <= (rule.max_version or major)


class Verdict(msgspec.Struct, frozen=True):
    """What a rule says of one subject; `unknown` names the fact that was missing, `failed` why it could not be told."""

    hit: Hit | None = None
    unknown: str | None = None
    failed: str | None = None


def judge(rule: Rule, subject: Subject) -> Verdict:
    """One rule, one subject."""
    try:
        if not rule.when.holds(subject.facts, rule.params):
            return Verdict()
    except Unknown as exc:
        return Verdict(unknown=exc.fact)
    except ConditionFailed as exc:
        return Verdict(failed=str(exc))
    return Verdict(hit=Hit(subject.named(), _possible(rule, subject)))


def _possible(rule: Rule, subject: Subject) -> bool:
    """Whether the evidence cannot show the fault; not being able to tell is the same."""
    if rule.possible is None:
        return False
    try:
        return rule.possible.holds(subject.facts, rule.params)
    except (Unknown, ConditionFailed):
        return True


class Run:
    """One rule over all subjects of its kind: hits by what they will be merged to, and what was not known."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.judged = 0
        self.hits: defaultdict[tuple[str, ...], list[Hit]] = defaultdict(list)
        self.unknown: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def judge(self, subject: Subject) -> None:
        self.judged += 1
        if self.rule.when.ruled_out(subject.facts, self.rule.params):
            return
        verdict = judge(self.rule, subject)
        if verdict.hit is not None:
            self.hits[_merge_key(self.rule, verdict.hit.subject)].append(verdict.hit)
        elif verdict.unknown is not None:
            self.unknown[verdict.unknown] += 1
        elif verdict.failed is not None:
            self.failed[verdict.failed] += 1

    def findings(self, service: str | None) -> list[Finding]:
        return [finding_of(self.rule, key, hits, service) for key, hits in self.hits.items()]

    def skipped(self) -> list[Skipped]:
        """One entry a rule, naming every need that some subject lacked."""
        if not self.unknown and not self.failed:
            return []
        kind = SUBJECTS[self.rule.subject]
        count = sum(self.unknown.values()) + sum(self.failed.values())
        needs = sorted({self._need(fact) for fact in self.unknown} | set(self.failed))
        noun = kind.name.replace("_", " ")
        subjects_word = noun if self.judged == 1 else noun + ("es" if noun.endswith("x") else "s")
        why = f"not judged for {count} of {self.judged} {subjects_word}: needs {'; '.join(needs)}"
        return [Skipped(f"rule {self.rule.id} {self.rule.name}", why)]

    def _need(self, fact: str) -> str:
        kind = SUBJECTS[self.rule.subject]
        need = kind.facts[fact].need
        return NEEDS[need] if need is not None else f"{kind.variable}.{fact}"


class ByValue:
    """Rules of one kind, each told of those subjects only whose value of a text fact its condition admits: most rules
    for plan nodes are for a few types, and there are ten nodes to a statement.
    """

    def __init__(self, fact: str, runs: Sequence[Run]) -> None:
        self.fact, self.runs, self.subjects = fact, runs, 0
        self.admitted = [pinned(run.rule.when.text, run.rule.when.variable, fact) for run in runs]
        self.of_value: dict[str | None, list[Run]] = {}

    def judge(self, subject: Subject) -> None:
        self.subjects += 1
        value = getattr(subject.facts, self.fact)
        if value not in self.of_value:
            pairs = zip(self.runs, self.admitted, strict=True)
            self.of_value[value] = [run for run, values in pairs if values is None or value is None or value in values]
        for run in self.of_value[value]:
            run.judge(subject)

    def count(self) -> None:
        """When all are judged: what a rule was not told of was judged too."""
        for run in self.runs:
            run.judged = self.subjects


def _merge_key(rule: Rule, subject: Subject) -> tuple[str, ...]:
    """What a finding is about; its id is made of it, so it holds nothing that changes from run to run."""
    statement = subject.statements[0] if subject.statements else ""
    relation = subject.relation or ""
    if rule.merge is Merge.STATEMENT and statement:
        return "statement", statement
    if rule.merge is Merge.RELATION and relation:
        return "relation", relation
    return "place", relation or statement, subject.place


def _order(finding: Finding) -> tuple[int, bool, str, str, tuple[str, ...], str]:
    return (
        -finding.severity.rank, finding.possible, finding.rule, finding.relation or "", finding.statements, finding.id,
    )  # fmt: skip


def _unique(skipped: list[Skipped]) -> list[Skipped]:
    return list(dict.fromkeys(skipped))
