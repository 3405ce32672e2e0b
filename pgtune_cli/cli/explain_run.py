"""What `pgtune explain` does: one statement planned, imagined otherwise, and judged by the rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli import __version__
from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.clones import open_clone_of
from pgtune_cli.cli.judging import chosen_rules, judge
from pgtune_cli.cli.planning import explain
from pgtune_cli.cli.source import Source
from pgtune_cli.collect.server_facts import SETTINGS
from pgtune_cli.errors import EmbeddedServerError, UsageError, near_hint
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.explanation import ExplainedStatement, Explanation, WhatIfAnswer, WhatIfIndex, WhatIfPlan
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan, StatementPlans
from pgtune_cli.model.snapshot import Server, Snapshot, Workload
from pgtune_cli.model.statement import Prepared, Statement, ValueSet
from pgtune_cli.sql.quote import quote_identifier

if TYPE_CHECKING:
    from pgtune_cli.cli.console import Notes
    from pgtune_cli.lint.rule import Rule
    from pgtune_cli.settings import Settings
    from pgtune_cli.whatif.clone import Clone
    from pgtune_cli.whatif.protocol import Cost

NEWEST = 180000
"""the version that a saved plan is judged as: it does not say its own"""


@dataclass(frozen=True)
class WhatIf:
    """What is to be imagined, as the command line says it."""

    with_indexes: tuple[str, ...] = ()
    without_indexes: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.with_indexes or self.without_indexes or self.settings)


async def explain_statement(
    source: Source,
    chosen: tuple[Statement, bool],
    what_if: WhatIf,
    options: AnalyzeOptions,
    settings: "Settings",
    notes: "Notes",
) -> Explanation:
    """Raises UsageError for what cannot be imagined, EmbeddedServerError without a clone to imagine it in."""
    statement, known = chosen
    imagined = _Imagined(source.snapshot, statement, what_if)
    rules = chosen_rules(options, settings)
    files = source.connection is None
    async with open_clone_of(source.snapshot, (statement,), options, notes, of_file=files) as (clone, lost):
        if what_if and clone is None:
            raise EmbeddedServerError(lost[0].why, lost[0].remedy)
        if clone is not None:
            await imagined.check(clone)
        analysis = await explain(source, (statement,), options, clone, lost, notes)
        found = analysis.plans.get(statement.fingerprint, StatementPlans(fingerprint=statement.fingerprint))
        answer = None
        if what_if and clone is not None and found.prepared is not None:
            notes.progress("planning it otherwise")
            answer = await imagined.answer(clone, found.prepared, show_values=options.show_values)
    judged = judge(analysis, _about_it(rules), options, settings, notes)
    return Explanation(
        pgtune_version=__version__,
        statement=_shown(statement, known),
        plans=found.plans,
        fidelity=found.fidelity,
        not_explained=found.not_explained or (lost[0].why if clone is None and not found.plans else None),
        not_executed=found.not_executed,
        what_if=answer,
        findings=judged.findings,
        skipped=tuple(dict.fromkeys((*analysis.skipped, *judged.skipped))),
    )


def explain_saved(plan: Plan, options: AnalyzeOptions, settings: "Settings", notes: "Notes") -> Explanation:
    """A plan without its database: judged by the rules that look at plans alone."""
    rules = tuple(rule for rule in chosen_rules(options, settings) if rule.subject in ("plan", "plan_node"))
    executed = plan.root.actual_rows is not None
    made = StatementPlan(
        source="file",
        parameters=PlanParameters("plan", "literal"),
        executed=executed,
        total_cost=plan.total_cost,
        execution_time_ms=plan.execution_time_ms,
        settings=plan.settings,
        plan=plan,
    )
    statement = Statement(fingerprint="0" * 16, query="", calls=1, total_exec_time_ms=0.0, mean_exec_time_ms=0.0)
    snapshot = Snapshot(
        pgtune_version=__version__,
        server=Server(version_num=NEWEST, version="", database="", user=""),
        workload=Workload(source="plan"),
        catalog=Catalog(),
    )
    plans = StatementPlans(fingerprint=statement.fingerprint, plans=(made,))
    analysis = Analysis(snapshot=snapshot, statements=(statement,), plans={statement.fingerprint: plans})
    judged = judge(analysis, rules, options, settings, notes)
    return Explanation(
        pgtune_version=__version__, statement=None, plans=(made,), findings=judged.findings, skipped=judged.skipped
    )


def _about_it(rules: "tuple[Rule, ...]") -> "tuple[Rule, ...]":
    """Rules of a statement and its plans; those of tables, settings and the server belong to `analyze`."""
    return tuple(rule for rule in rules if rule.subject in ("plan", "plan_node", "statement"))


def _shown(statement: Statement, known: bool) -> ExplainedStatement:
    if not known:
        return ExplainedStatement(fingerprint=statement.fingerprint, query=statement.query)
    return ExplainedStatement(
        fingerprint=statement.fingerprint,
        query=statement.query,
        calls=statement.calls,
        total_exec_time_ms=statement.total_exec_time_ms,
        mean_exec_time_ms=statement.mean_exec_time_ms,
    )


class _Imagined:
    """The indexes and settings that are to be imagined, found in the catalog."""

    def __init__(self, snapshot: Snapshot, statement: Statement, what_if: WhatIf) -> None:
        from pgtune_cli.sql.index_ddl import index_name
        from pgtune_cli.sql.index_parse import parse_index
        from pgtune_cli.sql.search_path import search_path_of

        path = search_path_of(snapshot.server)
        taken = {index.name for index in snapshot.catalog.indexes}
        self.what_if = what_if
        self.candidates = tuple(parse_index(sql, snapshot.catalog, path) for sql in what_if.with_indexes)
        self.names: dict[CandidateIndex, str] = {}
        for candidate in self.candidates:
            self.names[candidate] = index_name(candidate, taken)
            taken.add(self.names[candidate])
        self.hidden = frozenset(
            name for text in what_if.without_indexes for name in _indexes_named(text, snapshot.catalog, path)
        )
        self._sizes: dict[CandidateIndex, int] = {}
        _check_touched(self.candidates, self.hidden, snapshot, statement)

    async def check(self, clone: "Clone") -> None:
        """Build the candidates, try the settings. Raises UsageError for the first that cannot be had."""
        for name, value in self.what_if.settings:
            reason = await clone.refusal(name, value)
            if reason is not None:
                hint = near_hint(name, SETTINGS, "planner settings alone, such as work_mem=64MB")
                raise UsageError(f"--set {name}={value}: {reason}", None if name in SETTINGS else hint)
        for candidate, size in (await clone.create(self.candidates)).items():
            if isinstance(size, str):
                raise UsageError(f"--with-index on {candidate.table}: {size}")
            self._sizes[candidate] = size

    async def answer(self, clone: "Clone", prepared: Prepared, *, show_values: bool) -> WhatIfAnswer:
        """Before and after for each set of values."""
        from pgtune_cli.whatif.protocol import CostRequest

        before = [CostRequest(prepared=prepared, values=values) for values in prepared.value_sets]
        after = [
            msgspec.structs.replace(
                request, indexes=frozenset(self.candidates), hidden=self.hidden, settings=self.what_if.settings
            )
            for request in before
        ]
        costs = await clone.costs([*before, *after])
        pairs = zip(prepared.value_sets, costs[: len(before)], costs[len(before) :], strict=True)
        plans = tuple(self._plan(values, one, two, clone, show_values) for values, one, two in pairs)
        used = {name for plan in plans for name in plan.used}
        return WhatIfAnswer(
            with_indexes=tuple(self._index(candidate, used) for candidate in self.candidates),
            without_indexes=tuple(sorted(map(str, self.hidden))),
            settings=dict(self.what_if.settings),
            plans=plans,
        )

    def _plan(
        self, values: ValueSet, before: "Cost | str", after: "Cost | str", clone: "Clone", show_values: bool
    ) -> WhatIfPlan:
        for cost in (before, after):
            if isinstance(cost, str):
                raise UsageError(f"the clone cannot plan it: {cost}")
        assert not isinstance(before, str)
        assert not isinstance(after, str)
        return WhatIfPlan(
            parameters=PlanParameters(values.name, values.origin, values.values if show_values else None),
            cost_before=before.total_cost,
            cost_after=after.total_cost,
            used=tuple(sorted(self.names[candidate] for candidate in after.used)),
            before=before.plan,
            after=msgspec.structs.replace(after.plan, root=self._renamed(after.plan.root, clone)),
        )

    def _renamed(self, node: PlanNode, clone: "Clone") -> PlanNode:
        """The candidates by names that say what they are. A plan is MAX_DEPTH deep at most."""
        candidate = clone.candidate_named(node.index_name) if node.index_name is not None else None
        name = self.names.get(candidate, node.index_name) if candidate is not None else node.index_name
        children = tuple(self._renamed(child, clone) for child in node.children)
        return msgspec.structs.replace(node, index_name=name, children=children)

    def _index(self, candidate: CandidateIndex, used: set[str]) -> WhatIfIndex:
        from pgtune_cli.sql.index_ddl import create_index_sql

        name = self.names[candidate]
        return WhatIfIndex(
            sql=create_index_sql(candidate, name), name=name, size_bytes=self._sizes[candidate], used=name in used
        )


def _check_touched(
    candidates: Sequence[CandidateIndex], hidden: frozenset[RelationName], snapshot: Snapshot, statement: Statement
) -> None:
    from pgtune_cli.whatif.mentions import Relevance

    tables = Relevance(snapshot.catalog).tables(statement.query)
    for candidate in candidates:
        if candidate.table not in tables:
            raise UsageError(f"the statement does not touch {candidate.table}: an index there changes nothing")
    for index in snapshot.catalog.indexes:
        if index.index_name in hidden and index.table not in tables:
            raise UsageError(f"the statement does not touch {index.table}: its index {index.name} changes nothing")


def _indexes_named(text: str, catalog: Catalog, path: Sequence[str]) -> list[RelationName]:
    """The index of that name, and those of the partitions below it. Raises UsageError where there is none."""
    names = {index.index_name for index in catalog.indexes}
    schema, dot, name = text.partition(".")
    wanted = [RelationName(one, text) for one in path] + ([RelationName(schema, name)] if dot else [])
    wanted += [one for one in sorted(names) if text in (one.name, *_spelled(one))]
    found = next((one for one in wanted if one in names), None)
    if found is None:
        raise UsageError(f"there is no index {text}", _near(text, names))
    below = [found]
    for parent in below:
        below.extend(index.index_name for index in catalog.indexes if index.partition_of == parent)
    return below


def _spelled(name: RelationName) -> Iterator[str]:
    """As SQL writes it, quoted where it must be or everywhere."""
    both = (name.schema, name.name)
    for schema, index in (map(quote_identifier, both), ('"' + one.replace('"', '""') + '"' for one in both)):
        yield from (index, f"{schema}.{index}")


def _near(text: str, names: set[RelationName]) -> str | None:
    return near_hint(text.rpartition(".")[2], sorted({name.name for name in names}))
