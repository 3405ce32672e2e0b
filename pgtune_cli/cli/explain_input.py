"""Which statement `pgtune explain` is asked about: a text, a file, stdin, or one of the workload."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.errors import UsageError

if TYPE_CHECKING:
    from pgtune_cli.model.snapshot import Snapshot
    from pgtune_cli.model.statement import Statement

MAX_BYTES = 64 << 20
HINT = "name it with --query, --queryid or --file, or write it to stdin"


def read_text(path: Path | None, what: str) -> str:
    """A file, or stdin for None and `-`. Raises UsageError."""
    try:
        if path is None or str(path) == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"cannot read {what} {path or 'from stdin'}: {exc.strerror or exc}") from exc
    if len(content) > MAX_BYTES:
        raise UsageError(f"{what} is larger than {MAX_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(f"{what} is not UTF-8 at byte {exc.start}") from exc


def statement_text(query: str | None, file: Path | None) -> str:
    """The one statement of --query, --file or stdin. Raises UsageError for none, or more."""
    from pgtune_cli.sql.lex import TruncatedText
    from pgtune_cli.sql.split import split_script

    if query is None and file is None and sys.stdin.isatty():
        raise UsageError("no statement is given", HINT)
    text = query if query is not None else read_text(file, "the statement")
    try:
        found = [one.text for one in split_script(text)]
    except TruncatedText as exc:
        raise UsageError(f"the statement cannot be read: {exc}") from exc
    if not found:
        raise UsageError("no statement is given", HINT)
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} statements are given", "give one at a time; pgtune analyze --workload takes many"
        )
    return found[0]


def chosen(snapshot: "Snapshot", text: str | None, queryid: str | None) -> "tuple[Statement, bool, Snapshot]":
    """The statement, whether it is one of the workload, and the snapshot with what is known of it alone.

    Raises:
        UsageError: no statement of the workload has that queryid or fingerprint.
    """
    from pgtune_cli.model.statement import Statement
    from pgtune_cli.sql.fingerprint import fingerprint
    from pgtune_cli.sql.statements import statements

    workload = statements(snapshot)
    if queryid is not None:
        found = next((one for one in workload if queryid in (*one.queryids, one.fingerprint)), None)
        if found is None:
            raise UsageError(
                f"no statement of the workload has the queryid or fingerprint {queryid}",
                f"{len(workload)} were read; pgtune analyze --format json lists them, --top N reads more",
            )
        return found, True, snapshot
    assert text is not None
    same = next((one for one in workload if one.fingerprint == fingerprint(text)), None)
    if same is not None and same.query == text:
        return same, True, snapshot
    # another text than the workload's: what was planned for that one says nothing about its constants
    bare = msgspec.structs.replace(snapshot, plans=())
    if same is not None:
        return msgspec.structs.replace(same, query=text, samples=()), True, bare
    new = Statement(fingerprint=fingerprint(text), query=text, calls=0, total_exec_time_ms=0.0, mean_exec_time_ms=0.0)
    return new, False, bare
