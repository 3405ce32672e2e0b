"""Texts with the values they came with, from a log of the server: auto_explain's, or log_min_duration_statement's.

Written to stderr, as CSV or as JSON lines; auto_explain in its text and JSON formats. Bound values are named by
auto_explain since 16 (`Query Parameters`), and by the server itself (`DETAIL: parameters`). The rest is not kept.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.model.snapshot import SampledText
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.plannable import is_cut_off, is_plannable
from pgtune_cli.sql.quote import quote_literal

AUTO_EXPLAIN, LOG = "auto_explain", "server log"
MAX_TEXTS = 20_000
MAX_MESSAGE = 256 * 1024
"""characters; a longer one is a text nobody reads a value from."""
DURATION = re.compile(r"duration: [\d.]+ ms")
TEXT = re.compile(r"Query Text: (?P<text>.*?)(?=\n\s*Query Parameters: |\n\s*\S[^\n]*\(cost=|\Z)", re.DOTALL)
PARAMETERS = re.compile(r"(?:Query Parameters|[Pp]arameters): (?P<all>\$1 = .*)", re.DOTALL)
JSON_TEXT = re.compile(r'"Query Text":\s*(?P<text>"(?:[^"\\]|\\.)*")')
JSON_PARAMETERS = re.compile(r'"Query Parameters":\s*(?P<all>"(?:[^"\\]|\\.)*")')
STATEMENT = re.compile(r"duration: [\d.]+ ms\s+(?:statement|execute [^:]*|bind [^:]*): (?P<text>.*)", re.DOTALL)
VALUE = re.compile(r"\$(?P<number>\d+) = (?:(?P<null>NULL)|'(?P<value>(?:[^']|'')*)'(?P<cut>\.\.\.)?)")
CSV_MESSAGE, CSV_DETAIL = 13, 14


class _Message(msgspec.Struct):
    message: str = ""
    detail: str = ""


def looks_like_log(head: str) -> bool:
    """Whether a file that begins so is a server's log with durations in it."""
    return DURATION.search(head) is not None


def read_log(path: Path) -> tuple[SampledText, ...]:
    """Each text with its values, as often as it was logged. Raises UsageError for a file that cannot be read."""
    seen: Counter[tuple[str, str]] = Counter()
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as lines:
            for message in _messages(lines, path):
                found = _text_of(message)
                if found is not None and (found in seen or len(seen) < MAX_TEXTS):
                    seen[found] += 1
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return tuple(SampledText(text, channel, float(count)) for (text, channel), count in sorted(seen.items()))


def _messages(lines: Iterable[str], path: Path) -> Iterator[_Message]:
    if path.suffix == ".csv":
        csv.field_size_limit(MAX_MESSAGE * 16)
        for row in csv.reader(lines):
            if len(row) > CSV_DETAIL:
                yield _Message(row[CSV_MESSAGE], row[CSV_DETAIL])
        return
    current: list[str] = []
    for line in lines:
        if line.startswith("{") and '"message"' in line:
            yield _json_line(line)
        elif line.startswith(("\t", " ", "}", "{")) or not line.strip():
            current.append(line)
        else:
            detail = " DETAIL:  " in line or line.startswith("DETAIL:")
            if not detail:
                yield from _whole(current)
                current = []
            current.append(line)
    yield from _whole(current)


def _whole(lines: list[str]) -> Iterator[_Message]:
    text = "".join(lines)
    if DURATION.search(text) and len(text) <= MAX_MESSAGE:
        message, _, detail = text.partition("DETAIL:")
        if detail:
            message = message.rpartition("\n")[0]
        yield _Message(message, detail)


def _json_line(line: str) -> _Message:
    try:
        return msgspec.json.decode(line, type=_Message)
    except msgspec.DecodeError:
        return _Message()


def _text_of(one: _Message) -> tuple[str, str] | None:
    """The text with its values in place, and the channel; None for a message of something else, or cut values."""
    json_text, text = JSON_TEXT.search(one.message), TEXT.search(one.message)
    if json_text is not None:
        query, channel = _decoded(json_text["text"]), AUTO_EXPLAIN
        given = JSON_PARAMETERS.search(one.message)
        parameters = _decoded(given["all"]) if given is not None else ""
    elif text is not None:
        query, channel = text["text"].replace("\n\t", "\n"), AUTO_EXPLAIN
        parameters = one.message[text.end() :]
    elif (statement := STATEMENT.search(one.message)) is not None:
        query, channel = statement["text"].replace("\n\t", "\n"), LOG
        parameters = one.detail
    else:
        return None
    query = query.strip()
    if not is_plannable(query) or is_cut_off(query):
        return None
    filled = _filled(query, parameters)
    return None if filled is None else (filled, channel)


def _decoded(text: str) -> str:
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.DecodeError:
        return ""


def _filled(query: str, parameters: str) -> str | None:
    """Each $n as the literal that was bound to it; None where one is not known."""
    values: dict[int, str | None] = {}
    found = PARAMETERS.search(parameters if "arameters: " in parameters else f"Parameters: {parameters.strip()}")
    for match in VALUE.finditer(found["all"]) if found else ():
        if match["cut"]:
            return None
        value = None if match["null"] else match["value"].replace("''", "'")
        values.setdefault(int(match["number"]), value)
    try:
        places = [token for token in tokens(query) if token.number is not None]
    except TruncatedText:
        return None
    if any(token.number not in values for token in places):
        return None
    edits = [Edit(t.start, t.end, quote_literal(values[t.number])) for t in places if t.number is not None]
    return apply_edits(query, edits)
