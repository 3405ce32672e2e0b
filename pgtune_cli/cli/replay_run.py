"""`pgtune check --replay`: both schemas run the workload side by side, and each is a run to compare."""

from pathlib import Path
from typing import TYPE_CHECKING

from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.gate_run import Run, RunFlags
from pgtune_cli.cli.judging import chosen_rules, with_objectives
from pgtune_cli.errors import UsageError

if TYPE_CHECKING:
    from pgtune_cli.collect.target import Target
    from pgtune_cli.model.comparison import Baseline
    from pgtune_cli.model.snapshot import SampledText, Snapshot
    from pgtune_cli.settings import Settings


async def replay_run(
    where: "Target | None",
    flags: RunFlags,
    windows: int,
    setups: tuple[Path, Path],
    settings: "Settings",
    notes: Notes,
) -> "tuple[Baseline, Run]":
    """The run on the schema of the baseline, and that on the schema of the branch.

    Raises:
        UsageError: no texts with literals, a set-up that cannot be loaded.
    """
    from pgtune_cli.compare.places import places
    from pgtune_cli.compare.replay import replay
    from pgtune_cli.compare.run import make_baseline
    from pgtune_cli.compare.sides import Context
    from pgtune_cli.lint.engine import evaluate
    from pgtune_cli.model.analysis import Analysis
    from pgtune_cli.server.binaries import find_binaries
    from pgtune_cli.sql.statements import statements as merge

    for setup in setups:
        if not setup.exists():
            raise UsageError(f"no file or folder {setup}", "the SQL that makes the schema and its data")
    samples = await _samples(where, flags, settings, notes)
    binaries = find_binaries(flags.options.pg_bin, major=18)
    found = await replay(*setups, samples, windows, binaries, notes.progress)

    def side(snapshots: "tuple[Snapshot, ...]") -> "tuple[Baseline, Analysis]":
        analysis = Analysis(snapshot=snapshots[-1], statements=merge(snapshots[-1]), plans={})
        return make_baseline([merge(one) for one in snapshots], settings, analysis), analysis

    before, _ = side(found.before)
    after, analysis = side(found.after)
    judged = with_objectives(analysis, settings)
    findings, skipped = evaluate(chosen_rules(flags.options, settings), judged)
    texts = {one.fingerprint: one.query for one in analysis.statements}
    context = Context(side_by_side=True, texts=texts, places=places(texts, flags.source))
    return before, Run(after, context, findings, skipped, found.notes)


async def _samples(
    where: "Target | None", flags: RunFlags, settings: "Settings", notes: Notes
) -> "tuple[SampledText, ...]":
    """Texts with their literals: of --workload, or those seen while --window passed, as often as they were called."""
    from pgtune_cli.cli.source import open_source
    from pgtune_cli.sql.statements import called_samples
    from pgtune_cli.sql.workload_files import read_workload

    if flags.collect.workload is not None:
        return read_workload(flags.collect.workload).samples
    if where is None:
        raise UsageError("--replay needs texts with literals", "--workload, or a server and --window")
    async with open_source(where, flags.collect, settings, notes) as source:
        return called_samples(source.snapshot)
