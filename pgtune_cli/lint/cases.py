"""The cases of a rule: what it must find and where it must keep quiet.

A case names facts (`facts`, all others unknown), a captured plan (`plan`, a file), or a snapshot (`snapshot`, a file of
`pgtune snapshot`, its plans included); beside a plan the snapshot tells what its tables are. Expected is `fires`,
`possible`, `quiet`, `skipped` for facts and for what is looked at in a snapshot (`statement`: a part of it; `relation`;
`place`: its beginning, as the report shows it), and the paths of the nodes that fire for a plan. Built-in rules and a
user's own run through the same code.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from pgtune_cli import __version__
from pgtune_cli.collect.snapshot_file import load
from pgtune_cli.errors import PgtuneError, UsageError
from pgtune_cli.explain.derive import blocks_total
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.lint.adjust import adjust
from pgtune_cli.lint.check import near
from pgtune_cli.lint.engine import Verdict, judge
from pgtune_cli.lint.facts import SUBJECTS, subjects
from pgtune_cli.lint.finding import finding_of
from pgtune_cli.lint.loader import CASES_SUFFIX, load_folder
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.rule_keys import param_type
from pgtune_cli.lint.subject import Subject
from pgtune_cli.lint.types import Fact, Type
from pgtune_cli.lint.world import World
from pgtune_cli.lint.yaml_file import MAX_BYTES, Entry, YamlMistake, read_yaml
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, Relation, RelationKind
from pgtune_cli.model.plan import Plan, PlanParameters, StatementPlan, StatementPlans
from pgtune_cli.model.snapshot import Server, Snapshot, Workload
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.statements import statements

OUTCOMES = ("fires", "possible", "quiet", "skipped")
CALLS = 1000
"""of the statement that a captured plan stands for."""
SOURCES = ("facts", "plan", "snapshot")
ALLOWED = ({"facts"}, {"plan"}, {"snapshot"}, {"plan", "snapshot"})
NARROWING = ("statement", "relation", "place")
KEYS = (*SOURCES, *NARROWING, "expect", "message", "table_rows", "params")


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One case, run. `failure` is None when it came out as expected."""

    rule: str
    case: str
    expects_finding: bool = False
    failure: str | None = None


def run_cases(folder: Path) -> tuple[CaseResult, ...]:
    """The cases of a user's rules, each in `<ID>.cases.yaml` beside its rule. Raises UsageError for a bad rule."""
    results: list[CaseResult] = []
    for rule in load_folder(folder):
        file = Path(rule.source).with_name(rule.id + CASES_SUFFIX)
        if file.is_file():
            results += run_case_file(rule, file, file.parent)
        else:
            results.append(CaseResult(rule=rule.id, case="(none)", failure=f"no cases: {file} is missing"))
    return tuple(results)


def run_case_file(rule: Rule, file: Path, plans: Path) -> list[CaseResult]:
    """All cases of one file; `plans` is the folder that plan files are looked up in."""
    try:
        entries = read_yaml(file.read_bytes())
    except YamlMistake as mistake:
        raise UsageError(f"{file}:{mistake.line}: {mistake}") from mistake
    return [_run(rule, name, entry, file, plans) for name, entry in entries.items()]


def _run(rule: Rule, name: str, entry: Entry, file: Path, plans: Path) -> CaseResult:
    try:
        case = _checked(entry)
        if "params" in case:
            rule = next(iter(adjust([rule], {rule.id: case["params"]}, {})))
        expected = case["expect"]
        found, messages = _outcome(rule, case, plans)
        failure = None if found == expected else f"expected {expected}, found {found}"
        if failure is None and "message" in case and case["message"] not in messages:
            failure = f"expected the message {case['message']!r}, found {messages}"
    except (YamlMistake, PgtuneError, OSError) as exc:
        return CaseResult(rule=rule.id, case=name, failure=f"{file}:{entry.line}: {exc}")
    finds = bool(expected) and expected not in ("quiet", "skipped")
    return CaseResult(rule=rule.id, case=name, expects_finding=finds, failure=failure)


def _checked(entry: Entry) -> dict[str, Any]:
    case = entry.value
    sources = {source for source in SOURCES if isinstance(case, dict) and source in case} or {""}
    if not isinstance(case, dict) or "expect" not in case or sources not in ALLOWED:
        raise YamlMistake("a case wants expect, and one of facts, plan and snapshot")
    for key in case:
        if key not in KEYS:
            raise YamlMistake(f"unknown key {key!r}{near(str(key), KEYS)}")
    if "plan" not in case and case["expect"] not in OUTCOMES:
        raise YamlMistake(f"expect wants one of {', '.join(OUTCOMES)} beside facts and snapshot")
    if "plan" in case and not isinstance(case["expect"], list):
        raise YamlMistake("expect wants a list of node paths beside plan, such as ['0.1'], or [] for none")
    return case


def _outcome(rule: Rule, case: dict[str, Any], plans: Path) -> tuple[Any, list[str]]:
    if "facts" in case:
        subject = _subject(rule, case["facts"])
        verdict = judge(rule, subject)
        return _word(verdict), _messages(rule, [subject] if verdict.hit else [])
    if "plan" not in case:
        return _in_snapshot(rule, case, plans)
    if rule.subject not in ("plan_node", "plan"):
        raise YamlMistake(f"a rule for {rule.subject} is not tried with a plan; give facts")
    known = captured(plans / str(case["snapshot"])).snapshot if "snapshot" in case else _empty(case.get("table_rows"))
    world = _world(_read_plan(plans / str(case["plan"])), known)
    hits = [subject for subject in subjects(rule.subject, world) if judge(rule, subject).hit is not None]
    return [subject.place.split(" ")[-1] for subject in hits], _messages(rule, hits)


def _in_snapshot(rule: Rule, case: dict[str, Any], folder: Path) -> tuple[str, list[str]]:
    """What the rule says of the subjects looked at: the first of fires, possible, skipped that any of them gets."""
    world = _captured_world(folder / str(case["snapshot"]))
    seen = [subject for subject in subjects(rule.subject, world) if _looked_at(subject, case, world)]
    if not seen:
        raise YamlMistake(f"no {rule.subject} of the snapshot is what the case looks at")
    verdicts = [(subject, judge(rule, subject)) for subject in seen]
    words = {_word(verdict) for _, verdict in verdicts}
    found = next((word for word in ("fires", "possible", "skipped") if word in words), "quiet")
    return found, _messages(rule, [subject for subject, verdict in verdicts if verdict.hit is not None])


def _looked_at(subject: Subject, case: dict[str, Any], world: World) -> bool:
    texts = [" ".join(world.statements[name].query.split()) for name in subject.statements if name in world.statements]
    return (
        ("statement" not in case or any(" ".join(str(case["statement"]).split()) in text for text in texts))
        and ("relation" not in case or subject.named().relation == case["relation"])
        and ("place" not in case or subject.place.startswith(str(case["place"])))
    )


@lru_cache(maxsize=8)
def captured(file: Path) -> Analysis:
    """A snapshot file as an analysis, with the plans that it holds. Raises UsageError."""
    snapshot = load(file)
    plans = {found.fingerprint: found for found in snapshot.plans}
    return Analysis(snapshot=snapshot, statements=statements(snapshot), plans=plans)


@lru_cache(maxsize=8)
def _captured_world(file: Path) -> World:
    world = World(captured(file))
    world.read_shapes()
    return world


def _word(verdict: Verdict) -> str:
    if verdict.hit is not None:
        return "possible" if verdict.hit.possible else "fires"
    if verdict.failed is not None:
        raise YamlMistake(verdict.failed)
    return "skipped" if verdict.unknown is not None else "quiet"


def _messages(rule: Rule, hits: Iterable[Subject]) -> list[str]:
    for subject in hits:
        finding_of(rule, ("case",), [hit for hit in [judge(rule, subject).hit] if hit is not None])
    return [rule.message.render(subject.facts, rule.params) for subject in hits]


def _subject(rule: Rule, given: Any) -> Subject:
    known = SUBJECTS[rule.subject].facts
    if not isinstance(given, dict):
        raise YamlMistake("facts wants a mapping of facts to values")
    for name, value in given.items():
        if name not in known:
            raise YamlMistake(f"{rule.subject} has no fact {name!r}{near(str(name), known)}")
        if value is not None and not _fits(value, known[name]):
            raise YamlMistake(f"the fact {name} is a {known[name].type}, not {value!r}")
    facts: Any = SimpleNamespace(**{**dict.fromkeys(known), **given})
    return Subject(facts=facts, relation="public.t", statements=("0" * 16,), place="place", channel="workload")


def _fits(value: Any, fact: Fact) -> bool:
    empty = value == [] and fact.type in (Type.STRINGS, Type.NUMBERS)
    return empty or param_type(value) is fact.type


def _read_plan(file: Path) -> Plan:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES * 16 + 1)
    if len(content) > MAX_BYTES * 16:
        raise YamlMistake(f"{file} is larger than {MAX_BYTES * 16 // 1024} kB")
    return parse_plan(content)


def _world(plan: Plan, snapshot: Snapshot) -> World:
    """An analysis of nothing but one plan, of a statement that nothing else is known of."""
    executed = plan.root.actual_rows is not None
    made = StatementPlan(
        source="server", parameters=PlanParameters("plan", "literal"), executed=executed, total_cost=plan.total_cost,
        execution_time_ms=plan.execution_time_ms, blocks=blocks_total(plan) if executed else None, plan=plan,
    )  # fmt: skip
    statement = Statement(fingerprint="0" * 16, query="", calls=CALLS, total_exec_time_ms=0.0, mean_exec_time_ms=0.0)
    plans = {statement.fingerprint: StatementPlans(fingerprint=statement.fingerprint, plans=(made,))}
    return World(Analysis(snapshot=snapshot, statements=(statement,), plans=plans))


def _empty(table_rows: Any) -> Snapshot:
    """A database that holds nothing but the named tables."""
    return Snapshot(
        pgtune_version=__version__, server=Server(version_num=180000, version="18", database="", user=""),
        workload=Workload(source="pg_stat_statements"), catalog=Catalog(relations=_relations(table_rows)),
    )  # fmt: skip


def _relations(table_rows: Any) -> tuple[Relation, ...]:
    if table_rows is None:
        return ()
    if not isinstance(table_rows, Mapping):
        raise YamlMistake("table_rows wants a mapping of tables to rows")
    return tuple(
        Relation(oid=number, schema=str(name).rpartition(".")[0] or "public", name=str(name).rpartition(".")[2],
                 kind=RelationKind.TABLE, reltuples=float(rows))
        for number, (name, rows) in enumerate(table_rows.items(), start=1)
    )  # fmt: skip
