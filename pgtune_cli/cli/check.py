"""`pgtune check`: the CI gate."""

from pathlib import Path
from typing import Annotated

import typer

from pgtune_cli.cli import options as opt
from pgtune_cli.cli.write import CHECK_FORMATS

REPLAY = "Replay"


def check(
    target: opt.Target = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="The file of `pgtune baseline` to compare with.")
    ] = None,
    dsn: opt.Dsn = None,
    host: opt.Host = None,
    port: opt.Port = None,
    user: opt.User = None,
    dbname: opt.Dbname = None,
    ask_password: opt.AskPassword = False,
    workload: opt.WorkloadPath = None,
    window: opt.Window = None,
    windows: opt.Windows = 1,
    run_files: opt.RunFiles = None,
    since: opt.Since = None,
    statistics: opt.Statistics = None,
    replay: Annotated[
        int | None,
        typer.Option(
            "--replay",
            min=1,
            rich_help_panel=REPLAY,
            help="Run the workload so many times on both schemas, side by side in a scratch server.",
        ),
    ] = None,
    baseline_setup: Annotated[
        Path | None,
        typer.Option(
            "--baseline-setup",
            rich_help_panel=REPLAY,
            help="The SQL of the baseline's schema and data: a file, or a folder of them (psql runs it).",
        ),
    ] = None,
    setup: Annotated[
        Path | None, typer.Option("--setup", rich_help_panel=REPLAY, help="The same of the schema that is checked.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--source", help="A folder of source code: failing statements are found in it.")
    ] = None,
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    no_plans: opt.NoPlans = False,
    trust_functions: opt.TrustFunctions = False,
    pg_bin: opt.PgBin = None,
    select: opt.Select = None,
    ignore: opt.Ignore = None,
    rules: opt.Rules = None,
    output: opt.Output = None,
    format_: Annotated[str, opt.format_of(*CHECK_FORMATS)] = "terminal",
    color: opt.Color = "auto",
    exit_zero: opt.ExitZero = False,
    require_complete: opt.RequireComplete = False,
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Fail (exit 1) when a statement is over its limits, or does more work than in the baseline.

    Examples:

      pgtune check postgresql://ci@localhost/test --baseline pgtune-baseline.json

      pgtune check postgresql://ci@localhost/test --statistics production.pgtune

      pgtune check --replay 10 --workload queries/ --baseline-setup main.sql --setup branch.sql

      pgtune check shop.pgtune --format json
    """
    from pgtune_cli import gate
    from pgtune_cli.cli.analysis_options import analyze_options
    from pgtune_cli.cli.ci import extras
    from pgtune_cli.cli.console import print_result, want_colour
    from pgtune_cli.cli.gate_run import RunFlags, read_run
    from pgtune_cli.cli.replay_run import replay_run
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, resolve
    from pgtune_cli.cli.write import output_files, write_files
    from pgtune_cli.compare.baseline import load
    from pgtune_cli.compare.verdict import compare
    from pgtune_cli.errors import IncompleteAnalysis, UsageError
    from pgtune_cli.model.comparison import Outcome
    from pgtune_cli.report.check import render_check

    files = output_files(output, CHECK_FORMATS)
    settings, notes = configured(config, profile, quiet, verbose)
    options = analyze_options(
        settings, no_execute=True, max_time=None, trust_functions=trust_functions, pg_bin=pg_bin, select=select,
        ignore=ignore, rules=rules,
    )  # fmt: skip
    if source is not None and not source.is_dir():
        raise UsageError(f"no folder {source} for --source")
    before = load(baseline) if baseline else None
    collect = CollectFlags(workload, window, top, order_by)
    flags = RunFlags(collect, windows, tuple(run_files or ()), since, statistics, source, not no_plans, options)
    connection = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    setups = _setups(replay, baseline_setup, setup)
    needs_target = replay is None or workload is None
    where = resolve(connection, settings, notes) if needs_target else None
    with notes.bar():
        if setups is not None and replay is not None:
            before, found = run(replay_run(where, flags, replay, setups, settings, notes))
        else:
            assert where is not None
            found = run(read_run(where, flags, settings, notes))
    compared = compare(found.baseline, before, settings, found.context)
    result = gate.check(
        compared.comparisons,
        found.findings,
        policy=settings.check.rules,
        known=before.findings if before else (),
        notes=(*found.notes, *compared.notes, *(f"not known: {item.what}: {item.why}" for item in found.unknown)),
    )
    failed = write_files([(path, render_check(result, name)) for name, path in files])
    if failed or not (quiet and files):
        print_result(render_check(result, format_, colour=want_colour(color)) + extras(result, format_))
    if failed:
        raise failed
    if result.outcome is Outcome.FAILED and not exit_zero:
        raise typer.Exit(1)
    if require_complete and found.skipped:
        raise IncompleteAnalysis(f"skipped: {len(found.skipped)}", "pgtune analyze lists them")


def _setups(replay: int | None, baseline_setup: Path | None, setup: Path | None) -> tuple[Path, Path] | None:
    """Raises UsageError when one of what belongs together is missing."""
    from pgtune_cli.errors import UsageError

    if replay is None and baseline_setup is None and setup is None:
        return None
    if replay is None or baseline_setup is None or setup is None:
        raise UsageError("--replay, --baseline-setup and --setup belong together")
    return baseline_setup, setup
