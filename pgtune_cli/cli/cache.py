"""`pgtune cache`: the clones of snapshot files, and the new servers, that are kept for reuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.server.kept_data import DataCache

app = typer.Typer(help="What is kept for reuse: clones of snapshot files, new servers.", no_args_is_help=True)


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
    """Remove all that is kept. Clones in use go on: each runs on a copy.

    Example:

      pgtune cache clear
    """
    from pgtune_cli.cli.console import Notes
    from pgtune_cli.report.cache import counted
    from pgtune_cli.report.format import size

    cache = _cache(config, profile)
    with _readable(cache):
        removed, freed = cache.clear()
        Notes(-1 if quiet else 0).note(f"{cache.folder}: {counted(removed)} removed, {size(freed)}")


def _cache(config: opt.Config, profile: opt.Profile) -> "DataCache":
    from pgtune_cli.cli.clones import data_cache
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.errors import UsageError

    settings, _ = configured(config, profile, quiet=True, verbose=0)
    cache = data_cache(settings.cache)
    try:
        cache.folder  # noqa: B018 - there may be none
    except OSError as exc:
        raise UsageError(f"nothing can be kept: {exc}", "let XDG_CACHE_HOME name a folder") from exc
    return cache


@contextmanager
def _readable(cache: "DataCache") -> Iterator[None]:
    from pgtune_cli.errors import UsageError

    try:
        yield
    except OSError as exc:
        raise UsageError(f"{cache.folder} cannot be used: {exc.strerror or exc}") from exc
