"""`pgtune diff`: two files of one kind, before and after a deploy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.model.comparison import Baseline
    from pgtune_cli.settings import Settings


def diff(
    before: Annotated[Path, typer.Argument(help="A snapshot, a report (JSON) or a baseline.")],
    after: Annotated[Path, typer.Argument(help="Another of the same kind.")],
    output: opt.Output = None,
    format_: Annotated[str, opt.format_of("terminal", "json", "markdown")] = "terminal",
    color: opt.Color = "auto",
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Tell what got slower, faster, new or gone between two files, and whose plan changed. Always exits 0.

    Two snapshots of one server whose counters were not reset are taken from each other: what is compared is the time
    until the first with the time between both.

    Examples:

      pgtune diff monday.pgtune tuesday.pgtune

      pgtune diff before.json after.json --format markdown
    """
    from pgtune_cli import gate
    from pgtune_cli.cli.console import print_result, want_colour
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.write import output_files, write_files
    from pgtune_cli.compare.sides import Context
    from pgtune_cli.compare.verdict import compare
    from pgtune_cli.report.diff import render_diff

    formats = ("terminal", "json", "markdown")
    files = output_files(output, formats)
    settings, notes = configured(config, profile, quiet, verbose)
    first, second, texts, told = _runs(before, after, settings)
    compared = compare(second, first, settings, Context(texts=texts))
    result = gate.difference(compared.comparisons, first, second, notes=(*told, *compared.notes))
    failed = write_files([(path, render_diff(result, name)) for name, path in files])
    if failed or not (quiet and files):
        print_result(render_diff(result, format_, colour=want_colour(color)))
    if failed:
        raise failed
    notes.note(f"{before} against {after}", level=1)


def _runs(
    before: Path, after: Path, settings: "Settings"
) -> "tuple[Baseline, Baseline, dict[str, str], tuple[str, ...]]":
    """Both files as runs, verbatim texts, and what there is to say of the time they cover."""
    from pgtune_cli.compare.files import kind_of, load_run
    from pgtune_cli.errors import UsageError

    kinds = kind_of(before), kind_of(after)
    if kinds[0] != kinds[1]:
        raise UsageError(f"{before} is a {kinds[0]} and {after} a {kinds[1]}", "compare two files of one kind")
    if kinds[0] != "snapshot":
        first, second = load_run(before, kinds[0]), load_run(after, kinds[1])
        told = () if first.database == second.database else (_databases(first.database, second.database),)
        return first, second, {}, told
    return _snapshots(before, after, settings)


def _snapshots(
    before: Path, after: Path, settings: "Settings"
) -> "tuple[Baseline, Baseline, dict[str, str], tuple[str, ...]]":
    from pgtune_cli.cli.stored_plans import stored_plans
    from pgtune_cli.collect.snapshot_file import load
    from pgtune_cli.compare.between import goes_on, windows_of
    from pgtune_cli.compare.run import make_baseline
    from pgtune_cli.model.analysis import Analysis
    from pgtune_cli.sql.statements import statements as merge

    snapshots = load(before), load(after)
    told = []
    if snapshots[0].server.database != snapshots[1].server.database:
        told.append(_databases(snapshots[0].server.database, snapshots[1].server.database))
    if goes_on(*snapshots):
        told.append("the counters go on from the first file to the second: the time between them is compared")
    windows, notes = windows_of(snapshots)
    sides, texts = [], {}
    for snapshot in windows:
        found = merge(snapshot)
        texts.update({one.fingerprint: one.query for one in found})
        plans = stored_plans(snapshot, found, show_values=False)
        analysis = Analysis(snapshot=snapshot, statements=found, plans=plans, skipped=snapshot.skipped)
        sides.append(make_baseline([found], settings, analysis))
    return sides[0], sides[1], texts, (*told, *notes)


def _databases(first: str, second: str) -> str:
    return f"the first file is of database {first}, the second of {second}"
