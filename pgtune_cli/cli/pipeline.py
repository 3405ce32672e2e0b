"""The main job: snapshot -> statements -> plans -> what-if -> advice, rewrites, findings -> Report.

Here the rooms meet: each analyser gets the same Analysis, and none of them knows of the others.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import Source
from pgtune_cli.cli.stored_plans import stored_plans
from pgtune_cli.errors import EmbeddedServerError, ServerRefused, UsageError
from pgtune_cli.model.analysis import Analysis, Objectives
from pgtune_cli.model.catalog import Relation, RelationName
from pgtune_cli.model.index import IndexAdvice, RejectedIndex, StatisticsAdvice
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.model.statement import Statement

if TYPE_CHECKING:
    from pgtune_cli.advise.advise import AdviseOptions
    from pgtune_cli.cli.assemble import Judged
    from pgtune_cli.cli.params_file import Params
    from pgtune_cli.collect.connect_options import ConnectOptions
    from pgtune_cli.collect.connection import Connection
    from pgtune_cli.explain.runner import ExplainOptions
    from pgtune_cli.lint.rule import Rule
    from pgtune_cli.model.dry_run import DryRun
    from pgtune_cli.model.report import Report
    from pgtune_cli.model.rewrite import Rewrite
    from pgtune_cli.settings import CacheSettings, Settings
    from pgtune_cli.whatif.clone import Clone
    from pgtune_cli.whatif.protocol import WhatIf


@dataclass(frozen=True)
class AnalyzeOptions:
    """What the command line adds to the configuration."""

    execute: bool = True
    max_time_ms: float = 10_000
    timing: bool | None = None
    show_values: bool = False
    trust_functions: bool = False
    gentle: bool = False
    max_active: int = 20
    budget_bytes: int | None = None
    max_indexes: int | None = None
    max_per_table: int | None = None
    max_keys: int = 4
    allow_worse: bool = False
    time_limit_s: float | None = None
    engine: str = "clone"
    pg_bin: Path | None = None
    cache: "CacheSettings | None" = None
    """where clones of snapshot files are kept; None keeps none."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    page_size: tuple[int, int] = (50, 1000)
    """rows of a page in what the rewrites show: the default, and the most that may be asked for."""
    rule_dirs: tuple[Path, ...] = ()
    show_near_misses: bool = False
    params: "Params | None" = None
    trial: str | None = None
    """a scratch copy, where the indexes are built and measured."""


def with_params(source: Source, options: AnalyzeOptions, notes: Notes) -> tuple[Source, tuple[Statement, ...]]:
    """The statements of the workload, with the values that --params gives; entries that name none are told.

    Raises:
        UsageError: values that do not fit the parameters of their statement.
    """
    from pgtune_cli.sql.statements import statements as merge

    if options.params is None:
        return source, merge(source.snapshot)
    source = replace(source, snapshot=options.params.with_samples(source.snapshot))
    statements, missed = options.params.given_to(merge(source.snapshot))
    for line in missed:
        notes.note(line)
    return source, statements


async def analyze(source: Source, options: AnalyzeOptions, settings: "Settings", notes: Notes) -> "Report":
    """Everything pgtune can say about `source`. One failing statement, table or rule ends as a Skipped."""
    from pgtune_cli.cli.assemble import assemble

    _check_engine(source, options)
    await _check_trial(source, options, notes)
    rules = chosen_rules(options, settings)
    source, statements = with_params(source, options, notes)
    snapshot = source.snapshot
    files = source.connection is None
    planned = _planned_with(snapshot, options)
    async with open_clone_of(planned, statements, options, notes, of_file=files) as (clone, lost):
        analysis = await explain(source, statements, options, clone, lost, notes)
        advice = await advise(analysis, source, clone, options, notes)
        advice = await tried(analysis, advice, source, options, notes)
        rewrites = await _rewrite(analysis, source, clone, options, notes)
    notes.progress("judging the facts by the rules")
    judged = judge(analysis, rules, options, settings, notes)
    return assemble(analysis, judged, advice, rewrites)


def with_objectives(analysis: Analysis, settings: "Settings") -> Analysis:
    """The analysis with what the configuration wants of the workload."""
    goals = settings.objectives
    return msgspec.structs.replace(
        analysis,
        objectives=Objectives(
            fast_ms=goals.fast_ms,
            fast_share=goals.fast_share,
            cache_hit_ratio=goals.cache_hit_ratio,
            calls_per_second=goals.calls_per_second,
        ),
    )


def judge(
    analysis: Analysis, rules: "tuple[Rule, ...]", options: AnalyzeOptions, settings: "Settings", notes: Notes
) -> "Judged":
    """What the rules say, without what was accepted; expired suppressions are told."""
    from pgtune_cli.cli.assemble import Judged
    from pgtune_cli.lint.engine import evaluate
    from pgtune_cli.lint.near_misses import near_misses
    from pgtune_cli.lint.suppress import suppress

    found, skipped = evaluate(rules, with_objectives(analysis, settings))
    findings, suppressed, wrong = suppress(found, settings.suppress, analysis.statements, rules, date.today())
    for item in suppressed:
        if item.state == "expired":
            named = " ".join(part for part in (item.rule, item.relation, item.statement) if part)
            notes.note(f"the suppression of {named} ({item.reason}; {item.author}) expired on {item.expires}")
    missed = near_misses(rules, analysis) if options.show_near_misses else ()
    return Judged(findings, skipped + wrong, suppressed, missed)


async def dry_run(source: Source, options: AnalyzeOptions, notes: Notes) -> "DryRun":
    """What would become of each statement of `source`; nothing is executed.

    Raises:
        UsageError: there is no server.
    """
    from pgtune_cli import __version__
    from pgtune_cli.explain.runner import dry_run as ask
    from pgtune_cli.model.dry_run import DryRun, Outcome

    if source.connection is None:
        raise UsageError("--dry-run needs a server, and this is a snapshot file: nothing of it is ever executed")
    source, statements = with_params(source, options, notes)
    assert source.connection is not None
    found = await ask(
        source.connection, source.snapshot, statements, _explain_options(options), progress=notes.progress
    )
    outcomes = [one.outcome for one in found]
    return DryRun(
        pgtune_version=__version__,
        database=source.snapshot.server.database,
        executed=outcomes.count(Outcome.EXECUTED),
        planned_only=outcomes.count(Outcome.PLANNED),
        skipped=outcomes.count(Outcome.SKIPPED),
        statements=found,
    )


def _planned_with(snapshot: Snapshot, options: AnalyzeOptions) -> Snapshot:
    """With the settings that the server's plans are made with, so that the clone's are made with them too."""
    if not options.gentle:
        return snapshot
    from pgtune_cli.explain.options import GENTLE

    server = msgspec.structs.replace(snapshot.server, settings={**snapshot.server.settings, **GENTLE})
    return msgspec.structs.replace(snapshot, server=server)


async def advise_only(source: Source, options: AnalyzeOptions, notes: Notes) -> tuple[Analysis, IndexAdvice]:
    """What was analysed, and the index advice; nothing is executed on the server."""
    _check_engine(source, options)
    await _check_trial(source, options, notes)
    source, statements = with_params(source, options, notes)
    files = source.connection is None
    async with open_clone_of(source.snapshot, statements, options, notes, of_file=files) as (clone, lost):
        analysis = await explain(source, statements, options, clone, lost, notes)
        _note_left_out(analysis, notes)
        advice = await advise(analysis, source, clone, options, notes)
        return analysis, await tried(analysis, advice, source, options, notes)


async def tried(
    analysis: Analysis, advice: IndexAdvice, source: Source, options: AnalyzeOptions, notes: Notes
) -> IndexAdvice:
    """The advice as it did on the scratch copy of --trial; as it is without one."""
    if options.trial is None:
        return advice
    if not advice.chosen:
        notes.note("trial: there is no index to try")
        return advice
    from pgtune_cli.advise.trial import trial

    copy = _scratch(options.trial)
    notes.note(f"trial: {len(advice.chosen)} indexes are built in {copy.describe()}, and dropped again")
    explain_options = msgspec.structs.replace(_explain_options(options), execute=True)
    return await trial(analysis, advice, copy, source.connection, explain_options, notes.progress)


async def _check_trial(source: Source, options: AnalyzeOptions, notes: Notes) -> None:
    """Before the work begins: that the database of --trial is there, and may be used."""
    if options.trial is None:
        return
    from pgtune_cli.advise.scratch import check_copy
    from pgtune_cli.collect.connection import connect

    copy = _scratch(options.trial)
    if source.connection is None:
        notes.note(
            f"trial: a snapshot does not tell which server it is of: {copy.describe()} is taken for a scratch copy"
        )
    connection = await connect(copy, read_only=False)
    try:
        await check_copy(connection, source.connection, ())
    finally:
        connection.terminate()


def _scratch(dsn: str) -> "ConnectOptions":
    import os

    from pgtune_cli.collect.connect_options import options_of_dsn

    return options_of_dsn(dsn, os.environ)


def _note_left_out(analysis: Analysis, notes: Notes) -> None:
    """Statements of --workload files that have no plan: whoever wrote them can mend them."""
    origins = {row.query: row.origin for row in analysis.snapshot.workload.rows}
    for statement in analysis.statements:
        origin, plans = origins.get(statement.query), analysis.plans.get(statement.fingerprint)
        if origin is not None and plans is not None and not plans.plans and plans.not_explained is not None:
            notes.note(f"statement at {origin} is left out: {plans.not_explained}")


def _check_engine(source: Source, options: AnalyzeOptions) -> None:
    if options.engine == "hypopg" and source.connection is None:
        raise UsageError("--engine hypopg needs a server, and this is a snapshot file")
    extensions = {extension.name for extension in source.snapshot.catalog.extensions}
    if options.engine == "hypopg" and "hypopg" not in extensions:
        raise ServerRefused(
            "hypopg is not installed in this database", "CREATE EXTENSION hypopg, or leave out --engine"
        )


async def explain(
    source: Source,
    statements: tuple[Statement, ...],
    options: AnalyzeOptions,
    clone: "Clone | None",
    lost: tuple[Skipped, ...],
    notes: Notes,
) -> Analysis:
    """The plans of every statement: the server's, or those in the snapshot; the clone's where there are none."""
    from pgtune_cli.explain.runner import explain_statements

    explain_options = _explain_options(options)
    skipped = source.snapshot.skipped + lost
    plans: dict[str, StatementPlans] = {}
    if source.connection is not None:
        plans = await explain_statements(
            source.connection,
            source.snapshot,
            statements,
            explain_options,
            replica=source.replica,
            progress=notes.progress,
            announce=lambda message: notes.note(
                f"{message}, read-only, at most {options.max_time_ms / 1000:g} s each (--no-execute plans only)"
            ),
        )
        if source.connection.is_closed():
            skipped += (_lost(notes),)
    else:
        # values that the snapshot did not know when it was taken are planned on the clone
        told = options.params is not None
        known = [one for one in statements if not (told and (one.given or one.samples))]
        plans = stored_plans(source.snapshot, known, show_values=options.show_values)
    if clone is not None:
        # what the source did not plan for this role, writes above all; all of them where it was not asked
        unplanned = tuple(one for one in statements if one.fingerprint not in plans or not plans[one.fingerprint].plans)
        for role, some in _by_role(unplanned, clone).items():
            async with clone.connected_as(role) as connection:
                on_clone = await explain_statements(
                    connection, source.snapshot, some, explain_options, source="clone", progress=notes.progress
                )
            plans |= {fingerprint: _merged(plans.get(fingerprint), found) for fingerprint, found in on_clone.items()}
    analysis = Analysis(snapshot=source.snapshot, statements=statements, plans=plans, skipped=skipped)
    if clone is not None:
        from pgtune_cli.whatif.fidelity import with_fidelity

        notes.progress("comparing the clone's plans with the source's")
        analysis = await with_fidelity(analysis, clone)
    return analysis


def _by_role(statements: tuple[Statement, ...], clone: "Clone") -> dict[str | None, list[Statement]]:
    """By who runs them, where row security or settings of a role make a difference."""
    found: dict[str | None, list[Statement]] = {}
    for one in statements:
        found.setdefault(clone.role_of(one.fingerprint, one.query), []).append(one)
    return found


def _lost(notes: Notes) -> Skipped:
    """The connection broke while statements were explained: whoever reads the report must know it."""
    skipped = Skipped("the connection to the server", "it broke while statements were explained there; the rest was "
                      "planned without the server", "see the server's log, and run it again")  # fmt: skip
    notes.note(f"{skipped.what}: {skipped.why}; {skipped.remedy}")
    return skipped


def _merged(on_server: StatementPlans | None, on_clone: StatementPlans) -> StatementPlans:
    """The clone's plans with the server's reason not to have any; the server's reason where the clone fails too."""
    if on_server is None or on_server.not_explained is None:
        return on_clone
    if not on_clone.plans:
        return on_server
    return msgspec.structs.replace(on_clone, not_executed=f"planned on the clone: {on_server.not_explained}")


async def advise(
    analysis: Analysis, source: Source, clone: "Clone | None", options: AnalyzeOptions, notes: Notes
) -> IndexAdvice:
    """The index advice; empty, without an engine, where there is no what-if planner."""
    from pgtune_cli.advise.advise import advise as choose

    whatif: WhatIf | None = clone
    if options.engine == "hypopg" and source.connection is not None:
        from pgtune_cli.collect.connection import is_pooled
        from pgtune_cli.whatif.hypopg import HypopgWhatIf

        if await is_pooled(source.connection):
            raise ServerRefused(
                "--engine hypopg keeps hypothetical indexes in the session, and a pooler shares sessions",
                "connect to the server itself, or leave out --engine",
            )

        whatif = HypopgWhatIf(source.connection, analysis.snapshot.catalog)
    advice = IndexAdvice()
    if whatif is not None:
        notes.progress("choosing indexes")
        advice = await choose(analysis, whatif, _advise_options(options))
    found, useless = await _statistics(analysis, source, clone, options, notes)
    return msgspec.structs.replace(advice, statistics=found, rejected=(*advice.rejected, *useless))


async def _statistics(
    analysis: Analysis, source: Source, clone: "Clone | None", options: AnalyzeOptions, notes: Notes
) -> tuple[tuple[StatisticsAdvice, ...], tuple[RejectedIndex, ...]]:
    """Where an executed plan had a wrong estimate; each tried with a sample of the table, if one may be read."""
    from pgtune_cli.advise.statistics import advise_statistics
    from pgtune_cli.explain.table_sample import TableSample, sample_table

    connection = source.replica or source.connection

    async def sample(relation: Relation, columns: Sequence[str], expressions: Sequence[str]) -> TableSample | str:
        if connection is None or connection.is_closed():
            return "there is no server"
        notes.progress(f"reading a sample of {relation.relation_name}")
        catalog = analysis.snapshot.catalog
        return await sample_table(connection, catalog, relation, columns, expressions, _explain_options(options))

    return await advise_statistics(analysis, clone, sample)


@asynccontextmanager
async def open_clone_of(
    snapshot: Snapshot,
    statements: tuple[Statement, ...],
    options: AnalyzeOptions,
    notes: Notes,
    *,
    of_file: bool = False,
) -> AsyncIterator[tuple["Clone | None", tuple[Skipped, ...]]]:
    """The clone of what the statements touch, and what it lost; None, and why, where there can be none.

    `of_file`: the snapshot stays as it is, so that its clone is worth keeping; what a server says changes by the
    minute, and is not left on this machine.
    """
    from pgtune_cli.cli.clones import data_cache
    from pgtune_cli.server.binaries import find_binaries
    from pgtune_cli.whatif.clone import open_clone

    try:
        binaries = find_binaries(options.pg_bin, major=18)
    except EmbeddedServerError as exc:
        yield None, (_no_clone(exc, notes),)
        return
    notes.progress("building the statistics-only clone")
    cache = data_cache(options.cache) if options.cache is not None else None
    async with AsyncExitStack() as stack:
        opened = open_clone(
            snapshot,
            binaries=binaries,
            relations=_touched(snapshot, statements),
            progress=notes.progress,
            cache=cache if of_file else None,
            servers=cache,
        )
        try:
            clone = await stack.enter_async_context(opened)
        except EmbeddedServerError as exc:
            yield None, (_no_clone(exc, notes),)
            return
        yield clone, clone.lost


def _no_clone(error: EmbeddedServerError, notes: Notes) -> Skipped:
    """What does not need the clone goes on without it."""
    notes.note(f"no statistics-only clone: {error}" + (f"\nhint: {error.hint}" if error.hint else ""))
    why = " ".join(str(error).split())
    return Skipped("index advice and what-if plans", f"no statistics-only clone: {why}", error.hint)


def _touched(snapshot: Snapshot, statements: tuple[Statement, ...]) -> frozenset[RelationName]:
    """The relations that the statements mention: the rest of the catalog changes none of their plans."""
    from pgtune_cli.whatif.mentions import Relevance

    relevance = Relevance(snapshot.catalog)
    return frozenset(name for statement in statements for name in relevance.tables(statement.query))


def _advise_options(options: AnalyzeOptions) -> "AdviseOptions":
    from pgtune_cli.advise.advise import AdviseOptions

    return AdviseOptions(
        budget_bytes=options.budget_bytes,
        max_indexes=options.max_indexes,
        max_per_table=options.max_per_table,
        max_keys=options.max_keys,
        allow_worse=options.allow_worse,
        time_limit_s=options.time_limit_s,
    )


async def _rewrite(
    analysis: Analysis, source: Source, clone: "Clone | None", options: AnalyzeOptions, notes: Notes
) -> tuple["Rewrite", ...]:
    from pgtune_cli.rewrite.rewrite import RewriteOptions, rewrite_statements
    from pgtune_cli.rewrite.sketches import PageSize

    notes.progress("rewriting statements")
    connection: Connection | None = (source.replica or source.connection) if options.execute else None
    return await rewrite_statements(
        analysis,
        whatif=clone,
        connection=connection,
        describe=source.connection or (clone.connection if clone is not None else None),
        options=RewriteOptions(max_time_ms=options.max_time_ms, page_size=PageSize(*options.page_size)),
    )


def chosen_rules(options: AnalyzeOptions, settings: "Settings") -> tuple["Rule", ...]:
    """The rules to judge by.

    Raises:
        UsageError: a rule that cannot be read, or a selector that names none.
    """
    from pgtune_cli.lint.adjust import adjust
    from pgtune_cli.lint.loader import load_rules
    from pgtune_cli.lint.selection import select_rules

    loaded = load_rules((*settings.rules_paths, *options.rule_dirs))
    rules = adjust(loaded, settings.rules.params, settings.rules.severity)
    select = options.select or settings.rules.select
    return tuple(select_rules(rules, select, (*settings.rules.ignore, *options.ignore)))


def _explain_options(options: AnalyzeOptions) -> "ExplainOptions":
    from pgtune_cli.explain.runner import ExplainOptions

    timing = {None: "auto", True: "on", False: "off"}[options.timing]
    return ExplainOptions(
        execute=options.execute,
        max_time_ms=options.max_time_ms,
        timing=timing,
        show_values=options.show_values,
        trust_functions=options.trust_functions,
        gentle=options.gentle,
        max_active=options.max_active,
    )
