"""One run of a workload, read for `check` and `baseline`: its statements, their plans, production's plans."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.clones import open_clone_of
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.judging import chosen_rules, with_objectives
from pgtune_cli.cli.planning import explain
from pgtune_cli.cli.source import CollectFlags, Source, again, open_source
from pgtune_cli.errors import UsageError

if TYPE_CHECKING:
    from pgtune_cli.collect.target import Target
    from pgtune_cli.compare.sides import Context
    from pgtune_cli.model.analysis import Analysis
    from pgtune_cli.model.comparison import Baseline, PlanSummary
    from pgtune_cli.model.finding import Finding
    from pgtune_cli.model.snapshot import Skipped, Snapshot
    from pgtune_cli.model.statement import Statement
    from pgtune_cli.settings import Settings

ALL = 5000
"""statements that are compared unless --top says otherwise: one that falls out of a short list would look gone"""


EVICTED = (
    "pg_stat_statements dropped its least-called entries {} times while it counted: pg_stat_statements.max is too low, "
    "some statements are missing, and there were more calls than were counted"
)


@dataclass(frozen=True)
class RunFlags:
    """What the command line says about a run beside where it is."""

    collect: CollectFlags
    windows: int = 1
    runs: tuple[Path, ...] = ()
    """snapshots of the same run, earlier ones: each a window."""
    since: Path | None = None
    """a snapshot from before the run: only what ran since is judged."""
    statistics: Path | None = None
    source: Path | None = None
    plans: bool = True
    options: AnalyzeOptions = field(default_factory=lambda: AnalyzeOptions(execute=False))


@dataclass(frozen=True)
class Run:
    baseline: "Baseline"
    context: "Context"
    findings: tuple["Finding", ...]
    skipped: tuple["Skipped", ...]
    notes: tuple[str, ...] = ()
    unknown: "tuple[Skipped, ...]" = ()
    """what production has no statistics of."""


async def read_run(where: "Target", flags: RunFlags, settings: "Settings", notes: Notes) -> Run:
    """Collect or load, plan without executing, and judge by the rules.

    Raises:
        UsageError: --windows without a window or a server, a --run that is no snapshot of this database.
    """
    from pgtune_cli.compare.between import windows_of
    from pgtune_cli.compare.places import places
    from pgtune_cli.compare.run import make_baseline, sizes
    from pgtune_cli.compare.sides import Context
    from pgtune_cli.lint.engine import evaluate

    collect = flags.collect if flags.collect.top else replace(flags.collect, top=ALL)
    async with open_source(where, collect, settings, notes) as source:
        snapshots = await _windows(source, flags, collect, settings, notes)
        source = Source(snapshots[-1], source.connection)
        analysis = await _explained(source, flags, notes)
    separate, told = windows_of(snapshots, _since(flags, snapshots[0]))
    evicted = sum(snapshot.workload.window.evicted or 0 for snapshot in separate)
    if evicted and not told:
        told.append(EVICTED.format(evicted))
    windows = [_workload(snapshot) for snapshot in separate]
    judged, production = analysis, None
    if flags.statistics is not None:
        production = await _production(analysis, flags, notes)
        judged = production.analysis
    findings, skipped = evaluate(chosen_rules(flags.options, settings), with_objectives(judged, settings))
    baseline = make_baseline(
        windows,
        settings,
        analysis,
        production=production.plans if production else None,
        findings=[one.id for one in findings],
        evicted=evicted,
    )
    texts = {one.fingerprint: one.query for window in windows for one in window}
    context = Context(
        texts=texts,
        places=places(texts, flags.source),
        bytes_of=sizes(analysis),
    )
    if production is not None:
        context = msgspec.structs.replace(
            context,
            production_bytes_of=sizes(production.analysis),
            production_plans=production.before,
            production_known=production.known,
            production_gone=production.gone_indexes,
        )
    unknown = production.unknown if production else ()
    everything = tuple(dict.fromkeys((*judged.skipped, *unknown, *skipped)))
    return Run(baseline, context, findings, everything, tuple(told), unknown)


def _workload(snapshot: "Snapshot") -> "tuple[Statement, ...]":
    """Its statements; resetting the counters belongs to the measurement."""
    from pgtune_cli.sql.statements import statements as merge

    return tuple(one for one in merge(snapshot) if "pg_stat_statements_reset" not in one.query)


def _since(flags: RunFlags, first: "Snapshot") -> "Snapshot | None":
    """Raises UsageError for a snapshot whose counters do not go on to those of the run."""
    if flags.since is None:
        return None
    from pgtune_cli.collect.snapshot_file import load
    from pgtune_cli.compare.between import goes_on, is_whole

    before = load(flags.since)
    if not is_whole(before):
        raise UsageError(f"{flags.since} holds the costliest statements only", f"take it with --top {ALL}")
    if before.workload.rows and not goes_on(before, first):
        raise UsageError(
            f"{flags.since}: the counters do not go on from there",
            "they were reset in between, or it is a snapshot of another database or of a window",
        )
    return before


async def _windows(
    source: Source, flags: RunFlags, collect: CollectFlags, settings: "Settings", notes: Notes
) -> "list[Snapshot]":
    """The earlier runs, then those read now."""
    from pgtune_cli.collect.snapshot_file import load

    if flags.windows > 1 and not collect.window:
        raise UsageError("--windows needs --window, such as --windows 5 --window 30s")
    found = [load(path) for path in flags.runs]
    for path, snapshot in zip(flags.runs, found, strict=True):
        if snapshot.server.database != source.snapshot.server.database:
            there, here = snapshot.server.database, source.snapshot.server.database
            raise UsageError(f"{path} is of database {there}, and the run is of {here}")
    found.append(source.snapshot)
    for number in range(2, flags.windows + 1):
        notes.progress(f"window {number} of {flags.windows}")
        found.append(await again(source, collect, settings, notes))
    return found


async def _explained(source: Source, flags: RunFlags, notes: Notes) -> "Analysis":
    """Plans of the server, or of a clone where there is none; no plans with `plans=False`."""
    from pgtune_cli.model.analysis import Analysis
    from pgtune_cli.sql.statements import statements as merge

    statements = merge(source.snapshot)
    if not flags.plans:
        return Analysis(snapshot=source.snapshot, statements=statements, plans={}, skipped=source.snapshot.skipped)
    stored = {one.fingerprint for one in source.snapshot.plans if one.plans}
    if source.connection is not None or all(one.fingerprint in stored for one in statements):
        return await explain(source, statements, flags.options, None, (), notes)
    return await _on_clone(source.snapshot, statements, flags, notes)


async def _on_clone(
    snapshot: "Snapshot", statements: "tuple[Statement, ...]", flags: RunFlags, notes: Notes
) -> "Analysis":
    snapshot = msgspec.structs.replace(snapshot, plans=())  # costs of a clone are compared with costs of a clone
    async with open_clone_of(snapshot, statements, flags.options, notes) as (clone, lost):
        return await explain(Source(snapshot, None), statements, flags.options, clone, lost, notes)


@dataclass(frozen=True)
class _Production:
    analysis: "Analysis"
    """the statements of the run, on the schema of the run, with production's statistics."""
    plans: "dict[str, PlanSummary]"
    before: "dict[str, PlanSummary]"
    """the same statements on production's own schema."""
    known: frozenset[str]
    gone_indexes: frozenset[str]
    unknown: "tuple[Skipped, ...]"


async def _production(run: "Analysis", flags: RunFlags, notes: Notes) -> _Production:
    from pgtune_cli.collect.snapshot_file import load
    from pgtune_cli.compare.plan_summary import summaries
    from pgtune_cli.compare.production import migrated
    from pgtune_cli.sql.statements import statements as merge
    from pgtune_cli.whatif.mentions import Relevance

    assert flags.statistics is not None
    production = msgspec.structs.replace(load(flags.statistics), plans=())
    relevance = Relevance(run.snapshot.catalog)
    touched = frozenset(name for one in run.statements for name in relevance.tables(one.query))
    moved = migrated(run.snapshot, production, touched)
    if not moved.common_tables:
        raise UsageError(
            f"{flags.statistics} has none of the tables that the statements of this run touch",
            "is it a snapshot of another database?",
        )
    notes.progress("planning with production's statistics")
    after = await _on_clone(moved.snapshot, run.statements, flags, notes)
    notes.progress("planning on production's own schema")
    before = await _on_clone(production, run.statements, flags, notes)
    return _Production(
        analysis=after,
        plans=summaries(after),
        before=summaries(before),
        known=frozenset(one.fingerprint for one in merge(production)),
        gone_indexes=moved.gone_indexes,
        unknown=moved.unknown,
    )
