"""`pgtune baseline`: the file that `pgtune check` compares with."""

from pathlib import Path
from typing import Annotated

import typer

from pgtune_cli.cli import options as opt


def baseline(
    target: opt.Target = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")] = Path("pgtune-baseline.json"),
    update: Annotated[
        bool, typer.Option("--update", help="Change only what changed in the file that is there.")
    ] = False,
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
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    no_plans: opt.NoPlans = False,
    trust_functions: opt.TrustFunctions = False,
    pg_bin: opt.PgBin = None,
    rules: opt.Rules = None,
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Write what every statement costs now: sorted, without literals, made to be reviewed in a diff.

    Examples:

      pgtune baseline postgresql://ci@localhost/test -o pgtune-baseline.json

      pgtune baseline postgresql://ci@localhost/test --update
    """
    from pgtune_cli.cli.analysis_options import analyze_options
    from pgtune_cli.cli.gate_run import RunFlags, read_run
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, resolve
    from pgtune_cli.compare import baseline as file
    from pgtune_cli.errors import UsageError

    if not output.parent.is_dir():
        raise UsageError(f"no folder {output.parent} for {output.name}", "make it first")
    settings, notes = configured(config, profile, quiet, verbose)
    options = analyze_options(
        settings, no_execute=True, max_time=None, trust_functions=trust_functions, pg_bin=pg_bin, rules=rules
    )
    before = file.load(output) if update else None
    flags = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    collect = CollectFlags(workload, window, top, order_by)
    where = resolve(flags, settings, notes)
    with notes.bar():
        found = run(
            read_run(
                where,
                RunFlags(collect, windows, tuple(run_files or ()), since, statistics, None, not no_plans, options),
                settings,
                notes,
            )
        )  # fmt: skip
    new = found.baseline
    file.save(file.update(before, new) if before else new, output)
    for note in found.notes:
        notes.note(note)
    notes.note(f"{output}: {len(new.statements)} statements")
