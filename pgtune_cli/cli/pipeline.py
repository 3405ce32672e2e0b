"""The main job: snapshot -> statements -> plans -> what-if -> advice, rewrites, findings -> Report.

Here the rooms meet: each analyser gets the same Analysis, and none of them knows of the others.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.clones import open_clone_of
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.index_advice import advise, check_engine
from pgtune_cli.cli.judging import chosen_rules, judge
from pgtune_cli.cli.planning import explain
from pgtune_cli.cli.source import Source
from pgtune_cli.cli.trial import check_trial, tried
from pgtune_cli.errors import UsageError
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement

if TYPE_CHECKING:
    from pgtune_cli.collect.connection import Connection
    from pgtune_cli.model.dry_run import DryRun
    from pgtune_cli.model.report import Report
    from pgtune_cli.model.rewrite import Rewrite
    from pgtune_cli.settings import Settings
    from pgtune_cli.whatif.clone import Clone


async def analyze(source: Source, options: AnalyzeOptions, settings: "Settings", notes: Notes) -> "Report":
    """Everything pgtune can say about `source`. One failing statement, table or rule ends as a Skipped."""
    from pgtune_cli.cli.assemble import assemble

    check_engine(source, options)
    await check_trial(source, options, notes)
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


async def advise_only(source: Source, options: AnalyzeOptions, notes: Notes) -> tuple[Analysis, IndexAdvice]:
    """What was analysed, and the index advice; nothing is executed on the server."""
    check_engine(source, options)
    await check_trial(source, options, notes)
    source, statements = with_params(source, options, notes)
    files = source.connection is None
    async with open_clone_of(source.snapshot, statements, options, notes, of_file=files) as (clone, lost):
        analysis = await explain(source, statements, options, clone, lost, notes)
        _note_left_out(analysis, notes)
        advice = await advise(analysis, source, clone, options, notes)
        return analysis, await tried(analysis, advice, source, options, notes)


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
    found = await ask(source.connection, source.snapshot, statements, options.for_explain(), progress=notes.progress)
    outcomes = [one.outcome for one in found]
    return DryRun(
        pgtune_version=__version__,
        database=source.snapshot.server.database,
        executed=outcomes.count(Outcome.EXECUTED),
        planned_only=outcomes.count(Outcome.PLANNED),
        skipped=outcomes.count(Outcome.SKIPPED),
        statements=found,
    )


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


def _planned_with(snapshot: Snapshot, options: AnalyzeOptions) -> Snapshot:
    """With the settings that the server's plans are made with, so that the clone's are made with them too."""
    if not options.gentle:
        return snapshot
    from pgtune_cli.explain.options import GENTLE

    server = msgspec.structs.replace(snapshot.server, settings={**snapshot.server.settings, **GENTLE})
    return msgspec.structs.replace(snapshot, server=server)


def _note_left_out(analysis: Analysis, notes: Notes) -> None:
    """Statements of --workload files that have no plan: whoever wrote them can mend them."""
    origins = {row.query: row.origin for row in analysis.snapshot.workload.rows}
    for statement in analysis.statements:
        origin, plans = origins.get(statement.query), analysis.plans.get(statement.fingerprint)
        if origin is not None and plans is not None and not plans.plans and plans.not_explained is not None:
            notes.note(f"statement at {origin} is left out: {plans.not_explained}")


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
        options=RewriteOptions(
            max_time_ms=options.max_time_ms,
            trust_functions=options.trust_functions,
            page_size=PageSize(*options.page_size),
        ),
    )
