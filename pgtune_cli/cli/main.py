"""The `pgtune` command: its subcommands, and the one place that turns an error into an exit code.

Nothing heavy is imported here: `pgtune --help` must not wait for a driver, a parser or a rule engine.
"""

import os
import sys

import typer

from pgtune_cli import __version__
from pgtune_cli.cli import (
    analyze,
    baseline,
    cache,
    check,
    demo,
    diff,
    doctor,
    explain,
    indexes,
    init,
    rules,
    schema,
    snapshot,
)
from pgtune_cli.cli.mistakes import explained, is_help
from pgtune_cli.errors import (
    ConnectionFailed,
    IncompleteAnalysis,
    PgtuneError,
    ServerRefused,
    UsageError,
)

CODE_FOR: dict[type[PgtuneError], int] = {
    UsageError: 2,
    ConnectionFailed: 3,
    ServerRefused: 4,
    IncompleteAnalysis: 5,
    PgtuneError: 70,
}

app = typer.Typer(
    name="pgtune",
    help="Find out why a PostgreSQL database is slow, and get proven fixes. Nothing is installed on the server.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(analyze.analyze)
app.command("indexes")(indexes.indexes)
app.command("explain")(explain.explain)
app.command("check")(check.check)
app.command("baseline")(baseline.baseline)
app.command("diff")(diff.diff)
app.command("snapshot")(snapshot.snapshot)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.add_typer(rules.app, name="rules")
app.add_typer(cache.app, name="cache")
app.command("init")(init.init)
app.command("schema")(schema.schema)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"pgtune {__version__} (Python {sys.version.split()[0]})")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Find out why a PostgreSQL database is slow, and get fixes that are proven."""


def main() -> None:
    """Run the command line; exit codes as in the README."""
    try:
        raise SystemExit(app(standalone_mode=False) or 0)
    except typer.TyperException as exc:
        if is_help(exc):
            typer.echo(exc.format_message(), nl=False)
        else:
            _complain("\nhint: ".join(explained(exc)))
        raise SystemExit(exc.exit_code) from None
    except PgtuneError as exc:
        if "-vv" in sys.argv[1:]:
            raise
        hint = f"\nhint: {exc.hint}" if exc.hint else ""
        _complain(f"{exc}{hint}")
        raise SystemExit(next(code for kind, code in CODE_FOR.items() if isinstance(exc, kind))) from None
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # whoever read our output has gone (`pgtune … | head`): nothing to say, and nowhere to say it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except Exception as exc:
        if "-vv" in sys.argv[1:]:
            raise
        _complain(f"a fault of pgtune's own: {type(exc).__name__}: {exc}\nhint: run again with -vv for the traceback")
        raise SystemExit(70) from None


def _complain(message: str) -> None:
    from pgtune_cli.report.format import plain

    print(f"pgtune: {plain(message)}", file=sys.stderr)  # noqa: T201 - stderr is where errors go
