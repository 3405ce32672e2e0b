"""`pgtune doctor`: what can be read, what is missing, and the exact SQL that mends it."""

from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.collect.doctor import Check


def doctor(
    target: opt.Target = None,
    print_sql: Annotated[
        bool, typer.Option("--print-sql", help="Print every statement pgtune would send, and connect to nothing.")
    ] = False,
    dsn: opt.Dsn = None,
    host: opt.Host = None,
    port: opt.Port = None,
    user: opt.User = None,
    dbname: opt.Dbname = None,
    ask_password: opt.AskPassword = False,
    format_: Annotated[str, opt.format_of("terminal", "json")] = "terminal",
    color: opt.Color = "auto",
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Look at the connection, the rights and the extensions. Exits 4 when something needed is missing.

    Examples:

      pgtune doctor postgresql://reader@db.example.com/shop

      pgtune doctor --print-sql
    """
    from pgtune_cli.cli.console import print_result, want_colour
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import ConnectionFlags, resolve
    from pgtune_cli.collect.connection import connect
    from pgtune_cli.collect.doctor import diagnose, statements_sent
    from pgtune_cli.errors import UsageError
    from pgtune_cli.report.doctor import render_checks

    if print_sql:
        from pgtune_cli.explain.sent import statements_sent as sent_to_explain

        sent = [*statements_sent(), *sent_to_explain()]
        print_result("\n".join(f"-- {name}\n{sql.strip()}\n" for name, sql in sent))
        return
    settings, notes = configured(config, profile, quiet, verbose)
    where = resolve(ConnectionFlags(target, dsn, host, port, user, dbname, ask_password), settings, notes)
    if where.snapshot_path is not None:
        raise UsageError("doctor looks at a server, and this is a snapshot file")
    server = where.connect_options

    async def job() -> "list[Check]":
        connection = await connect(server)
        try:
            return await diagnose(connection, server)
        finally:
            connection.terminate()

    checks = run(job())
    print_result(render_checks(checks, format_, colour=want_colour(color)))
    if any(check.status == "missing" for check in checks):
        raise typer.Exit(4)
