"""`pgtune analyze`: the main job."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Callable

    from pgtune_cli.model.dry_run import DryRun
    from pgtune_cli.model.report import Report


def analyze(
    target: opt.Target = None,
    dsn: opt.Dsn = None,
    host: opt.Host = None,
    port: opt.Port = None,
    user: opt.User = None,
    dbname: opt.Dbname = None,
    ask_password: opt.AskPassword = False,
    workload: opt.WorkloadPath = None,
    params: opt.ParamsPath = None,
    window: opt.Window = None,
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    schema: opt.Schema = None,
    exclude: opt.Exclude = None,
    no_execute: opt.NoExecute = False,
    max_time: opt.MaxTime = None,
    timing: opt.Timing = None,
    trust_functions: opt.TrustFunctions = False,
    dry_run: opt.DryRun = False,
    gentle: opt.Gentle = False,
    max_active: opt.MaxActive = None,
    execute_on: opt.ExecuteOn = None,
    show_values: opt.ShowValues = False,
    budget: opt.Budget = None,
    unique: opt.Unique = None,
    trial: opt.Trial = None,
    yes: opt.Yes = False,
    engine: opt.WhatIfEngine = "clone",
    pg_bin: opt.PgBin = None,
    no_cache: opt.NoCache = False,
    select: opt.Select = None,
    ignore: opt.Ignore = None,
    rules: opt.Rules = None,
    show_near_misses: opt.ShowNearMisses = False,
    output: opt.Output = None,
    format_: opt.Format = "terminal",
    color: opt.Color = "auto",
    fail_on: opt.FailOn = None,
    exit_zero: opt.ExitZero = False,
    require_complete: opt.RequireComplete = False,
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Name the statements that cost the server most, show why, and hand over fixes that are proven.

    Examples:

      pgtune analyze postgresql://reader@db.example.com/shop -o report.html -o indexes.sql

      pgtune analyze shop.pgtune --format json
    """
    from pgtune_cli import gate
    from pgtune_cli.cli import pipeline
    from pgtune_cli.cli.analysis_options import analyze_options, severity
    from pgtune_cli.cli.console import want_colour
    from pgtune_cli.cli.judging import chosen_rules
    from pgtune_cli.cli.replica import with_replica
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
    from pgtune_cli.cli.write import FORMATS, check_format, output_files, whole_file
    from pgtune_cli.errors import IncompleteAnalysis
    from pgtune_cli.model.dry_run import DryRun
    from pgtune_cli.report.dry_run import render_dry_run
    from pgtune_cli.report.format import number_of
    from pgtune_cli.report.render import render

    formats = ("terminal", "json") if dry_run else FORMATS
    check_format(format_, formats)  # fewer with --dry-run
    files = output_files(output)
    for name, _ in files:
        check_format(name, formats)
    least = severity(fail_on)
    settings, notes = configured(config, profile, quiet, verbose)
    options = analyze_options(
        settings, no_execute=no_execute, max_time=max_time, timing=timing, trust_functions=trust_functions,
        show_values=show_values, budget=budget, engine=engine, pg_bin=pg_bin, no_cache=no_cache,
        select=select, ignore=ignore, rules=rules, params=params,
        show_near_misses=show_near_misses, gentle=gentle, max_active=max_active,
        trial=trial, yes=yes, unique=unique, count=not no_execute,
    )  # fmt: skip
    flags = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    collect = CollectFlags(workload, window, top, order_by, tuple(schema or ()), tuple(exclude or ()))
    chosen_rules(options, settings)  # a mistake in them is told before anything is read
    colour = want_colour(color)
    where = resolve(flags, settings, notes)

    async def job() -> "Report | DryRun":
        async with (
            open_source(where, collect, settings, notes) as opened,
            with_replica(opened, execute_on, notes) as source,
        ):
            if dry_run:
                return await pipeline.dry_run(source, options, notes)
            return await pipeline.analyze(source, options, settings, notes)

    with notes.bar():
        report = run(job())
    if isinstance(report, DryRun):
        emit(partial(render_dry_run, report), files, format_, colour, quiet)
        return
    emit(partial(render, report, whole=whole_file(files)), files, format_, colour, quiet)
    if least and not exit_zero and gate.reached(report.findings, least):
        raise typer.Exit(1)
    if require_complete and report.skipped:
        raise IncompleteAnalysis(f"skipped: {number_of(len(report.skipped), 'thing')}", "the report lists them")


def emit(
    draw: "Callable[..., str]", files: tuple[tuple[str, Path], ...], format_: str, colour: bool, quiet: bool
) -> None:
    """Write the files of -o, then the result to stdout (silent with -q when files were asked for and are written).

    Raises:
        UsageError: a file cannot be written; the others are.
    """
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.cli.write import write_files

    # all are drawn before the first is written: a fault in one format leaves no file half new, half old
    failed = write_files([(path, draw(name)) for name, path in files])
    if failed or not (quiet and files):
        print_result(draw(format_, colour=colour))
    if failed:
        raise failed
