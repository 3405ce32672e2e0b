"""`pgtune check`: the CI gate."""

from pathlib import Path
from typing import Annotated

import typer

from pgtune_cli.cli import options as opt


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
    window: opt.Window = None,
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    format_: Annotated[str, typer.Option("--format", help="terminal, json or markdown.")] = "terminal",
    color: opt.Color = "auto",
    exit_zero: opt.ExitZero = False,
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Fail (exit 1) when a statement is slower than its threshold, or than in the baseline.

    Examples:

      pgtune check postgresql://ci@localhost/test --baseline pgtune-baseline.json

      pgtune check shop.pgtune --format json
    """
    from pgtune_cli import gate
    from pgtune_cli.cli.console import print_result, want_colour
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, resolve
    from pgtune_cli.cli.statements import read_statements
    from pgtune_cli.cli.write import check_format
    from pgtune_cli.compare.baseline import load
    from pgtune_cli.compare.verdict import compare
    from pgtune_cli.model.comparison import Outcome
    from pgtune_cli.report.check import render_check

    check_format(format_, ("terminal", "json", "markdown"))
    settings, notes = configured(config, profile, quiet, verbose)
    before = load(baseline) if baseline else None
    flags = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    where = resolve(flags, settings, notes)
    with notes.bar():
        statements = run(read_statements(where, CollectFlags(None, window, top, order_by), settings, notes))
    result = gate.check(compare(statements, before, settings))
    print_result(render_check(result, format_, colour=want_colour(color)))
    if result.outcome is Outcome.FAILED and not exit_zero:
        raise typer.Exit(1)
