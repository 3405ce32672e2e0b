"""Where results go: stdout, and the files of -o, each written whole or not at all."""

from pathlib import Path

from pgtune_cli.errors import UsageError, near_hint, unknown
from pgtune_cli.resources import write_whole

MACHINE = ("github", "gitlab", "sarif", "junit")
FORMATS = ("terminal", "json", "markdown", "html", "sql", *MACHINE)
CHECK_FORMATS = ("terminal", "json", "markdown", *MACHINE)
_BY_ENDING = {
    ".html": "html", ".htm": "html", ".json": "json", ".md": "markdown", ".sql": "sql", ".txt": "terminal",
    ".sarif": "sarif", ".xml": "junit",
}  # fmt: skip


_ENDINGS = [ending for ending in _BY_ENDING if ending != ".htm"]


def output_files(outputs: list[str] | None, formats: tuple[str, ...] = FORMATS) -> tuple[tuple[str, Path], ...]:
    """(format, file) of every -o.

    Raises:
        UsageError: an unknown format or ending, a missing folder; before any work is done.
    """
    return tuple(_output_file(output, formats) for output in outputs or ())


def _output_file(output: str, formats: tuple[str, ...]) -> tuple[str, Path]:
    name, equals, rest = output.partition("=")
    if equals and name.isalpha():
        if not rest:
            raise UsageError(f"{output} names no file", "write it like html=report.html")
        chosen, path = check_format(name, formats), Path(rest)
    else:
        path = Path(output)
        if path.suffix.lower() not in _BY_ENDING:
            raise UsageError(
                f"cannot tell the format of {output}",
                near_hint(path.suffix, _ENDINGS, f"use one of {' '.join(_ENDINGS)}, or FORMAT=FILE"),
            )
        chosen = check_format(_BY_ENDING[path.suffix.lower()], formats)
    if not path.parent.is_dir():
        raise UsageError(f"no folder {path.parent} for {path.name}", "make it first")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file in it")
    return chosen, path


def whole_file(files: tuple[tuple[str, Path], ...]) -> str | None:
    """The name of the one that has all of a report, which the terminal then need not ask for."""
    return next((path.name for wanted in ("html", "json") for format_, path in files if format_ == wanted), None)


def check_format(name: str, allowed: tuple[str, ...] = FORMATS, what: str = "format") -> str:
    """`name` if it is one of `allowed`.

    Raises:
        UsageError: it is not; a near miss is named.
    """
    if name in allowed:
        return name
    raise unknown(what, name, allowed)


def write_files(drawn: list[tuple[Path, str]]) -> UsageError | None:
    """Write each; the error of the first that cannot be written, once the others are: what they cost is not lost."""
    failed: list[UsageError] = []
    for path, text in drawn:
        try:
            write_file(path, text)
        except UsageError as error:
            failed.append(error)
    return failed[0] if failed else None


def write_file(path: Path, text: str) -> None:
    """Replace `path` as a whole; mode 0600, since a report may hold what a database holds.

    Raises:
        UsageError: the file cannot be written.
    """
    write_whole(path, text.encode("utf-8", errors="backslashreplace"))
