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
    window: opt.Window = None,
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Write what every statement costs now: sorted, without literals, made to be reviewed in a diff.

    Example:

      pgtune baseline postgresql://ci@localhost/test -o pgtune-baseline.json
    """
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, resolve
    from pgtune_cli.cli.statements import read_statements
    from pgtune_cli.compare import baseline as file
    from pgtune_cli.errors import UsageError

    if not output.parent.is_dir():
        raise UsageError(f"no folder {output.parent} for {output.name}", "make it first")
    settings, notes = configured(config, profile, quiet, verbose)
    before = file.load(output) if update else None
    flags = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    where = resolve(flags, settings, notes)
    with notes.bar():
        statements = run(read_statements(where, CollectFlags(None, window, top, order_by), settings, notes))
    new = file.make_baseline(statements, settings)
    file.save(file.update(before, new) if before else new, output)
    notes.note(f"{output}: {len(new.statements)} statements")
