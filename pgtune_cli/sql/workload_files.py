"""`--workload`: a .sql file, or a folder of them, takes the place of pg_stat_statements."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.model.snapshot import SampledText, Skipped, StatementRow, Workload
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.lex import TruncatedText
from pgtune_cli.sql.plannable import first_word, is_plannable
from pgtune_cli.sql.psql_commands import without_commands
from pgtune_cli.sql.split import ScriptStatement, split_script

CHANNEL = "workload"
_DIRECTIVE = re.compile(r"--\s*pgtune:\s*(?P<settings>.*?)\s*\Z", re.DOTALL)


class _Weight(msgspec.Struct, frozen=True):
    calls: int = 1
    mean_ms: float = 0.0


class _Found(msgspec.Struct, frozen=True):
    text: str
    weight: _Weight
    place: str


def read_workload(path: Path) -> Workload:
    """The statements of the file, or of every .sql file below the folder; see `read_files`."""
    return read_files(path)[0]


def read_files(path: Path) -> tuple[Workload, tuple[Skipped, ...]]:
    """The statements of the file, or of every .sql file below the folder in order of their names, and what is left out.

    `-- pgtune: calls=1200 mean_ms=3.5` in front of a statement weighs it; without it a statement has one call, and no
    time. Utility statements are left out, and so are files of a folder that cannot be read. Raises UsageError that
    names file and line where nothing is left, and for a file that was named by itself.
    """
    files = sorted(path.rglob("*.sql")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"no .sql file below {path}", hint="a workload is a .sql file, or a folder of them")
    found: list[_Found] = []
    skipped: list[Skipped] = []
    for file in files:
        if path.is_dir() and file.is_fifo():
            # to read it would wait for a writer without end; one that is named by itself has a writer
            skipped.append(Skipped(f"workload file {file}", "a named pipe"))
            continue
        try:
            found += _read_file(file, skipped)
        except UsageError as error:
            if not path.is_dir():
                raise
            skipped.append(Skipped(f"workload file {file}", _without(str(error), file), error.hint))
    if not found:
        hint = "SELECT, INSERT, UPDATE, DELETE and MERGE are read"
        raise UsageError("; ".join([f"no statement to analyse in {path}", *_told(skipped)]), hint=hint)
    rows = tuple(_row(one) for one in _merged(found))
    workload = Workload(
        source=CHANNEL,
        rows=rows,
        samples=tuple(SampledText(one.text, CHANNEL, float(one.weight.calls)) for one in found),
        total_statements=len(rows),
        total_exec_time_ms=sum(row.total_exec_time_ms for row in rows),
    )
    return workload, tuple(skipped)


def _without(message: str, file: Path) -> str:
    """`w.sql:3: …` of a file that is named beside it is `line 3: …`."""
    return f"line {message.removeprefix(f'{file}:')}" if message.startswith(f"{file}:") else message


def _told(skipped: list[Skipped]) -> list[str]:
    return [f"{one.what}: {one.why}" for one in skipped[:5]]


def _read_file(file: Path, skipped: list[Skipped]) -> list[_Found]:
    script, commands = without_commands(_text(file))
    lines = [at for at, letter in enumerate(script) if letter == "\n"]
    for name, position in commands:
        place = f"{file}:{_line(lines, position)}"
        skipped.append(Skipped(f"{name} at {place}", "a command of psql, which is not run"))
    try:
        found = list(split_script(script))
    except TruncatedText as error:
        raise UsageError(
            f"{file}:{_line(lines, error.position)}: a string, quoted name or comment that starts here has no end"
        ) from error
    read = []
    for statement in found:
        place = f"{file}:{_line(lines, statement.start)}"
        if is_plannable(statement.text):
            read.append(_Found(statement.text, _weight(place, statement), place))
        else:
            word = first_word(statement.text).upper()
            what = f"a utility statement, {word}," if word else "no statement,"
            skipped.append(Skipped(f"statement at {place}", f"{what} which has no plan"))
    return read


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read the workload {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{file}:{line}: not UTF-8", hint="save the file as UTF-8") from error


def _line(lines: Sequence[int], position: int) -> int:
    """`lines`: where each ends."""
    return bisect_left(lines, position) + 1


def _weight(place: str, statement: ScriptStatement) -> _Weight:
    settings: dict[str, str] = {}
    for comment in statement.comments:
        match = _DIRECTIVE.match(comment)
        for setting in match["settings"].split() if match else ():
            name, equals, value = setting.partition("=")
            if not equals or name not in _Weight.__struct_fields__:
                raise UsageError(
                    f"{place}: unknown setting {setting!r}", hint="write `-- pgtune: calls=1200 mean_ms=3.5`"
                )
            settings[name] = value
    try:
        weight = msgspec.convert(settings, _Weight, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{place}: calls and mean_ms are numbers", hint="write `-- pgtune: calls=1200 mean_ms=3.5`"
        ) from error
    if weight.calls < 1 or not 0 <= weight.mean_ms < float("inf"):
        raise UsageError(f"{place}: calls must be at least 1 and mean_ms must not be negative")
    return weight


def _merged(found: list[_Found]) -> list[_Found]:
    """One text for each fingerprint and mean: the first, with the calls of all."""
    groups: dict[tuple[str, float], list[_Found]] = defaultdict(list)
    for one in found:
        groups[fingerprint(one.text), one.weight.mean_ms].append(one)
    return [
        _Found(group[0].text, _Weight(sum(one.weight.calls for one in group), group[0].weight.mean_ms), group[0].place)
        for group in groups.values()
    ]


def _row(found: _Found) -> StatementRow:
    return StatementRow(
        queryid="",
        role="",
        query=found.text,
        calls=found.weight.calls,
        total_exec_time_ms=found.weight.calls * found.weight.mean_ms,
        mean_exec_time_ms=found.weight.mean_ms,
        origin=found.place,
    )
