"""`--params FILE`: values that the user knows, by statement; or a server's log, which has values that were sent."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.pg_array import array_literal
from pgtune_cli.lint.check import near
from pgtune_cli.lint.yaml_file import Entry, YamlMistake, read_yaml
from pgtune_cli.model.snapshot import SampledText, Snapshot
from pgtune_cli.model.statement import Statement, ValueSet
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.server_log import looks_like_log, read_log

ORIGIN = "params-file"
RESERVED = ("typical", "common", "rare", "absent", "null", "generic", "literal")
NAMING = ("fingerprint", "queryid", "query")
KEYS = (*NAMING, "sets")
HINT = "an entry is `name: {query: …, sets: {morning: [1, paid]}}`; fingerprint or queryid may stand for query"
HEAD = 1 << 20


class Given(msgspec.Struct, frozen=True):
    """One entry of the file. `sets` hold values by number of $n."""

    place: str
    """file and line."""
    name: str
    by: str
    what: str
    sets: dict[str, dict[int, str | None]]


class Params(msgspec.Struct, frozen=True):
    """What the file gives: values for statements, and texts that were seen with their values."""

    entries: tuple[Given, ...] = ()
    samples: tuple[SampledText, ...] = ()

    def with_samples(self, snapshot: Snapshot) -> Snapshot:
        workload = msgspec.structs.replace(snapshot.workload, samples=(*self.samples, *snapshot.workload.samples))
        return msgspec.structs.replace(snapshot, workload=workload) if self.samples else snapshot

    def given_to(self, statements: Iterable[Statement]) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        """The statements with their values, and a line for each entry that names none.

        Raises:
            UsageError: a set leaves a parameter of its statement out, or has one too many.
        """
        used: set[str] = set()
        found = []
        for statement in statements:
            mine = [entry for entry in self.entries if _names(entry, statement)]
            used |= {entry.place for entry in mine}
            sets = [_set(entry, name, values, statement) for entry in mine for name, values in entry.sets.items()]
            found.append(msgspec.structs.replace(statement, given=tuple(sets)) if sets else statement)
        missed = [f"{one.place}: no statement has the {one.by} of {one.name!r}" for one in self.entries]
        return tuple(found), tuple(line for line in missed if line.partition(": no ")[0] not in used)


def read_params(path: Path) -> Params:
    """The file's entries, or the texts of a log. Raises UsageError that names file and line."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise UsageError(f"cannot read --params {path}: {error.strerror}") from error
    if path.suffix not in (".yaml", ".yml") and looks_like_log(head.decode("utf-8", "replace")):
        return Params(samples=read_log(path))
    try:
        return Params(entries=tuple(_entry(path, name, entry) for name, entry in read_yaml(head).items()))
    except YamlMistake as mistake:
        raise UsageError(f"{path}:{mistake.line}: {mistake}", HINT) from mistake


def _entry(path: Path, name: str, entry: Entry) -> Given:
    if not isinstance(entry.value, dict):
        raise YamlMistake(f"{name!r} is no mapping", entry.line)
    for key in entry.value:
        if key not in KEYS:
            raise YamlMistake(f"unknown key {key!r}{near(str(key), KEYS)}", entry.line_of(key))
    by = [key for key in NAMING if entry.value.get(key) is not None]
    if len(by) != 1:
        raise YamlMistake(f"{name!r} wants one of fingerprint, queryid and query", entry.line)
    sets = entry.value.get("sets")
    if not isinstance(sets, dict) or not sets:
        raise YamlMistake(f"{name!r} has no sets of values", entry.line_of("sets"))
    return Given(
        place=f"{path}:{entry.line}", name=name, by=by[0], what=str(entry.value[by[0]]),
        sets={str(key): _values(str(key), value, entry.line_of("sets", key)) for key, value in sets.items()},
    )  # fmt: skip


def _values(name: str, given: Any, line: int) -> dict[int, str | None]:
    if name in RESERVED:
        raise YamlMistake(f"{name!r} is a name of pgtune's own; give the set another", line)
    if isinstance(given, list):
        return {number: _text(value) for number, value in enumerate(given, start=1)}
    if not isinstance(given, dict):
        raise YamlMistake(f"the set {name!r} is neither a list of values nor a mapping of numbers to values", line)
    numbers: dict[int, str | None] = {}
    for key, value in given.items():
        number = str(key).removeprefix("$")
        if not number.isdecimal() or int(number) < 1:
            raise YamlMistake(f"{key!r} is no number of a parameter", line)
        numbers[int(number)] = _text(value)
    return numbers


def _text(value: Any) -> str | None:
    """As PostgreSQL reads it: lists are arrays, mappings are JSON."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return msgspec.json.encode(value, enc_hook=str).decode()
    if isinstance(value, list):
        if all(isinstance(each, dict) for each in value) and value:
            return msgspec.json.encode(value, enc_hook=str).decode()
        return array_literal([each if (each := _text(one)) is not None else "NULL" for one in value])
    return str(value)


def _names(entry: Given, statement: Statement) -> bool:
    if entry.by == "fingerprint":
        return entry.what == statement.fingerprint
    if entry.by == "queryid":
        return entry.what in statement.queryids
    # a `*` may be one of SQL's as well
    return fingerprint(entry.what) == statement.fingerprint or (
        "*" in entry.what and _like(_plain(entry.what).split("*"), _plain(statement.query))
    )


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _like(parts: list[str], text: str) -> bool:
    """Whether the parts stand in the text in that order, the first at its begin and the last at its end."""
    first, *middle = parts
    last = middle.pop()
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _set(entry: Given, name: str, values: dict[int, str | None], statement: Statement) -> ValueSet:
    try:
        numbers = {token.number for token in tokens(statement.query) if token.number is not None}
    except TruncatedText:
        numbers = set()
    wrong = sorted(numbers ^ set(values))
    if wrong:
        what = "gives no value for" if wrong[0] in numbers else "has a value too many,"
        raise UsageError(f"{entry.place}: the set {name!r} of {entry.name!r} {what} ${wrong[0]}")
    ordered = tuple(values[number] for number in range(1, max(numbers, default=0) + 1) if number in values)
    return ValueSet(name=name, origin=ORIGIN, values=ordered)
