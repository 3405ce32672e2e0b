"""`--workload`: a .sql file, or a folder of them, takes the place of pg_stat_statements."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.model.snapshot import SampledText, StatementRow, Workload
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.lex import TruncatedText
from pgtune_cli.sql.plannable import is_plannable
from pgtune_cli.sql.split import ScriptStatement, split_script

CHANNEL = "workload"
_DIRECTIVE = re.compile(r"--\s*pgtune:\s*(?P<settings>.*?)\s*\Z", re.DOTALL)


class _Weight(msgspec.Struct, frozen=True):
    calls: int = 1
    mean_ms: float = 0.0


def read_workload(path: Path) -> Workload:
    """The statements of the file, or of every .sql file below the folder, in order of their names.

    `-- pgtune: calls=1200 mean_ms=3.5` in front of a statement weighs it; without it a statement has one call, and no
    time. Utility statements are left out. Raises UsageError that names file and line.
    """
    files = sorted(path.rglob("*.sql")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"no .sql file below {path}", hint="a workload is a .sql file, or a folder of them")
    weighed = [pair for file in files for pair in _read_file(file)]
    if not weighed:
        raise UsageError(f"no statement to analyse in {path}", hint="SELECT, INSERT, UPDATE, DELETE and MERGE are read")
    rows = tuple(_row(text, weight) for text, weight in _merged(weighed))
    return Workload(
        source=CHANNEL,
        rows=rows,
        samples=tuple(SampledText(text, CHANNEL, float(weight.calls)) for text, weight in weighed),
        total_statements=len(rows),
        total_exec_time_ms=sum(row.total_exec_time_ms for row in rows),
    )


def _read_file(file: Path) -> Iterator[tuple[str, _Weight]]:
    script = _text(file)
    try:
        found = list(split_script(script))
    except TruncatedText as error:
        raise UsageError(
            f"{file}:{_line(script, error.position)}: a string, quoted name or comment that starts here has no end"
        ) from error
    for statement in found:
        if is_plannable(statement.text):
            yield statement.text, _weight(file, script, statement)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read the workload {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{file}:{line}: not UTF-8", hint="save the file as UTF-8") from error


def _line(script: str, position: int) -> int:
    return script.count("\n", 0, position) + 1


def _weight(file: Path, script: str, statement: ScriptStatement) -> _Weight:
    place = f"{file}:{_line(script, statement.start)}"
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
        raise UsageError(f"{place}: {error}", hint="write `-- pgtune: calls=1200 mean_ms=3.5`") from error
    if weight.calls < 1 or not 0 <= weight.mean_ms < float("inf"):
        raise UsageError(f"{place}: calls must be at least 1 and mean_ms must not be negative")
    return weight


def _merged(weighed: list[tuple[str, _Weight]]) -> list[tuple[str, _Weight]]:
    """One text for each fingerprint and mean: the first, with the calls of all."""
    groups: dict[tuple[str, float], list[tuple[str, _Weight]]] = defaultdict(list)
    for text, weight in weighed:
        groups[fingerprint(text), weight.mean_ms].append((text, weight))
    return [
        (group[0][0], _Weight(sum(weight.calls for _, weight in group), group[0][1].mean_ms))
        for group in groups.values()
    ]


def _row(text: str, weight: _Weight) -> StatementRow:
    return StatementRow(
        queryid="",
        role="",
        query=text,
        calls=weight.calls,
        total_exec_time_ms=weight.calls * weight.mean_ms,
        mean_exec_time_ms=weight.mean_ms,
    )
