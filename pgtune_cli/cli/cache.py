"""`pgtune cache`: the clones of snapshot files that are kept for reuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.whatif.clone.cache import CloneCache

app = typer.Typer(help="The clones of snapshot files that are kept for reuse.", no_args_is_help=True)


@app.command("list")
def list_(
    format_: Annotated[str, opt.format_of("terminal", "json")] = "terminal",
    config: opt.Config = None,
    profile: opt.Profile = None,
) -> None:
    """Show what is kept, where, and how much room it takes.

    Example:

      pgtune cache list
    """
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.report.cache import render_cache

    cache = _cache(config, profile)
    with _readable(cache):
        print_result(render_cache(cache.entries(), cache.folder, format_))


@app.command("clear")
def clear(config: opt.Config = None, profile: opt.Profile = None, quiet: opt.Quiet = False) -> None:
    """Remove every clone that is kept. Those in use go on: each runs on a copy.

    Example:

      pgtune cache clear
    """
    from pgtune_cli.cli.console import Notes
    from pgtune_cli.report.format import number_of, size

    cache = _cache(config, profile)
    with _readable(cache):
        number, freed = cache.clear()
    Notes(-1 if quiet else 0).note(f"{cache.folder}: {number_of(number, 'clone')} removed, {size(freed)}")


def _cache(config: opt.Config, profile: opt.Profile) -> "CloneCache":
    from pgtune_cli.cli.clones import clone_cache
    from pgtune_cli.cli.settings_of import configured

    settings, _ = configured(config, profile, quiet=True, verbose=0)
    return clone_cache(settings.cache)


@contextmanager
def _readable(cache: "CloneCache") -> Iterator[None]:
    from pgtune_cli.errors import UsageError

    try:
        yield
    except OSError as exc:
        raise UsageError(f"{cache.folder} cannot be used: {exc.strerror or exc}") from exc
