"""Options and arguments whose value is one of a few, or has a form: told at once when it is wrong, before any work.

What may stand there is completed in the shell too.
"""

from collections.abc import Callable, Iterable
from typing import Any

import typer

from pgtune_cli.errors import unknown

Names = Iterable[str] | Callable[[], Iterable[str]]


def choice(*flags: str, what: str, among: Names, help: str, panel: str | None = None) -> Any:
    """An option that takes one of these words. A mistake in it raises UsageError with what was probably meant."""
    return typer.Option(*flags, help=help, rich_help_panel=panel, **_words(what, among))


def word(what: str, among: Names, help: str) -> Any:
    """The same, as an argument."""
    return typer.Argument(help=help, **_words(what, among))


def known(*flags: str, among: Callable[[], Iterable[str]], help: str) -> Any:
    """An option whose usual values are completed; others may be right."""
    return typer.Option(*flags, help=help, autocompletion=_completion(among))


def duration(*flags: str, help: str, panel: str | None = None) -> Any:
    """An option such as 60s. Raises UsageError for what is no duration."""
    return typer.Option(*flags, help=help, rich_help_panel=panel, parser=_duration, metavar="TEXT")


def size(*flags: str, help: str) -> Any:
    """An option such as 2GB. Raises UsageError for what is no size."""
    return typer.Option(*flags, help=help, parser=_size, metavar="TEXT")


def completed(among: Names, part: str) -> list[str]:
    """Those that begin so, for the shell."""
    return [name for name in _named(among) if name.startswith(part)]


def _words(what: str, among: Names) -> dict[str, Any]:
    def read(value: str) -> str:
        names = _named(among)
        if value not in names:
            raise unknown(what, value, names)
        return value

    return {"parser": read, "metavar": "TEXT", "autocompletion": _completion(among)}


def _completion(among: Names) -> Callable[[str], list[str]]:
    return lambda incomplete: completed(among, incomplete)


def _named(among: Names) -> tuple[str, ...]:
    return tuple(among() if callable(among) else among)


def _duration(value: str) -> str:
    from pgtune_cli.settings import parse_duration_ms

    parse_duration_ms(value)
    return value


def _size(value: str) -> str:
    from pgtune_cli.settings import parse_size_bytes

    parse_size_bytes(value)
    return value
