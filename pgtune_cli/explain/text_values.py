"""Values made from a column's values: patterns, words, and the parts of JSON documents."""

import re
from collections.abc import Sequence
from ipaddress import ip_network
from math import log
from typing import Any

import msgspec

PREFIX = 4
LEAST = 1e-9
WORD = re.compile(r"\w{3,}")
LEXEME = re.compile(r"'(?P<word>(?:[^']|'')*)'(?::[\dA-D,]+)?")
PATH = re.compile(r"->>?\s*(?:'(?P<key>(?:[^']|'')*)'|\$\d+)")


def like_prefix(value: str, name: str, shared: int = 0) -> str:
    """A prefix pattern: the longer, the rarer. What was in the application's pattern is not known.

    `shared`: how many characters all values of the column begin with (`https://`, `user1`); nobody looks for those.
    """
    length = {"common": PREFIX // 2, "rare": 3 * PREFIX}.get(name, PREFIX)
    return re.sub(r"([\\%_])", r"\\\1", value[: shared + length]) + "%"


def word(value: str) -> str:
    """The first word: plain to a regular expression and to a text search; the letter a where there is none."""
    found = WORD.search(value)
    return found.group().lower() if found else "a"


def lexeme(value: str) -> str:
    """A tsquery of one lexeme, whatever characters it holds."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def lexemes(vector: str) -> list[str]:
    """The words of a tsvector's text form: `'note':1 'it''s':2A`."""
    return [match["word"].replace("''", "'") for match in LEXEME.finditer(vector)]


def network(address: str, name: str) -> str:
    """The network around an address that a containment asks for: the larger, the more common."""
    bits = {"common": 8, "rare": 28}.get(name, 24)
    host = address.partition("/")[0]
    try:
        return str(ip_network(f"{host}/{bits if '.' in host else 2 * bits}", strict=False))
    except ValueError:
        return address


def json_key(document: str, place: int) -> str | None:
    """A key of the top level."""
    value = _document(document)
    keys = list(value) if isinstance(value, dict) else []
    return keys[place % len(keys)] if keys else None


def json_part(document: str, known: Sequence[tuple[str, float]] = (), fraction: float | None = None) -> str:
    """What `@>` would look for: the document with one key, the first whose value is no collection.

    `known`: documents of the column with their part of the rows; the key is taken that finds nearest to `fraction`.
    """
    value = _document(document)
    if isinstance(value, list) and value:
        return _text(value[:1])
    if not isinstance(value, dict) or not value:
        return document
    plain = [key for key, inner in value.items() if not isinstance(inner, dict | list)]
    key = plain[0] if plain else next(iter(value))
    if fraction is not None and len(plain) > 1:
        others = [(other, part) for text, part in known if isinstance(other := _document(text), dict)]
        found = {name: sum(part for other, part in others if other.get(name) == value[name]) for name in plain}
        key = min(plain, key=lambda name: abs(log(max(found[name], LEAST) / max(fraction, LEAST))))
    return _text({key: value[key]})


def json_path_value(document: str, expression: str, *, as_json: bool = False) -> str | None:
    """What `payload -> 'a' ->> $1` gives for the document, with its first key for $1; None where that is nothing."""
    value = _document(document)
    steps = list(PATH.finditer(expression))
    for step in steps:
        if not isinstance(value, dict) or not value:
            return None
        value = next(iter(value.values())) if step["key"] is None else value.get(step["key"].replace("''", "'"))
    if not steps or value is None:
        return None
    return value if isinstance(value, str) and not as_json else _text(value)


def _document(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
