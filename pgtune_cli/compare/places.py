"""Where in the application a statement comes from: comment tags in its text, or its text found in the repository.

Tags as sqlcommenter (https://google.github.io/sqlcommenter/spec/) and Marginalia write them: key='value' with URL
encoding, or key:value. pg_stat_statements keeps the comment of the execution that it saw first.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex, significant

SUFFIXES = {
    ".py", ".sql", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".rb", ".erb", ".java", ".kt", ".scala", ".groovy", ".xml",
    ".go", ".rs", ".php", ".cs", ".fs", ".ex", ".exs", ".clj", ".swift", ".c", ".cc", ".cpp", ".pl", ".lua", ".yaml",
    ".yml",
}  # fmt: skip
SKIPPED = {"node_modules", "vendor", "venv", "site-packages", "dist", "build", "target", "__pycache__"}
MAX_BYTES = 1 << 20
MAX_FILES = 20_000
FEWEST_WORDS = 3
_COMMENT = re.compile(r"/\*(.*?)\*/|--([^\n]*)", re.DOTALL)
_TAG = re.compile(r"([\w.\-]+)\s*(?:='((?:[^'\\]|\\.)*)'|[:=]\s*([^\s,'*]+))")
_FILES = ("file", "filepath", "source", "source_file", "code.filepath", "code_filepath", "line")
_LINES = ("lineno", "line_number", "code.lineno", "code_lineno", "line")
_GAP = r"""[\s"'`+\\]*"""
"""what stands between the words of a text in a program: spaces, and the seams of joined strings"""
_VALUE = r"""(?:\$\d+|%s|%\(\w+\)s|[:@]\w+|\?|[#$]?\{[^{}]*\}|'[^']*'|-?\d+(?:\.\d+)?)"""


def place_in_tags(query: str) -> str | None:
    """`file:line` from the comments of a text; None where they do not name a file."""
    tags: dict[str, str] = {}
    for block, line in _COMMENT.findall(query):
        for key, quoted, plain in _TAG.findall(block or line):
            tags[key.lower()] = unquote(quoted or plain)
    file = next((tags[key] for key in _FILES if "." in tags.get(key, "")), None)
    if file is None:
        return None
    path, _, rest = file.partition(":")
    number = rest.partition(":")[0] or next((tags[key] for key in _LINES if tags.get(key, "").isdigit()), "1")
    return f"{path.removeprefix('./')}:{number if number.isdigit() else 1}"


def find_places(queries: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`file:line` of each text, by fingerprint, relative to `folder`; the first file by name where several hold it.

    A text that an ORM puts together stands nowhere.
    """
    patterns = {key: found for key, query in queries.items() if (found := _pattern(query)) is not None}
    places: dict[str, str] = {}
    for path in _files(folder):
        if len(places) == len(patterns):
            break
        text = _read(path)
        words = set(re.findall(r"\w+", text.lower()))
        for key, (wanted, pattern) in patterns.items():
            if key in places or not wanted <= words:
                continue
            match = pattern.search(text)
            if match is not None:
                line = text.count("\n", 0, match.start()) + 1
                places[key] = f"{path.relative_to(folder).as_posix()}:{line}"
    return places


def _pattern(query: str) -> tuple[frozenset[str], re.Pattern[str]] | None:
    """The words that a file must have, and the text with a hole for each value."""
    try:
        found = significant(lex(query))
    except TruncatedText as error:
        found = significant(error.tokens)
    parts = [_part(token) for token in found if token.text != ";"]
    words = frozenset(token.word for token in found if token.kind is TokenKind.WORD and token.word.isidentifier())
    if len(words) < FEWEST_WORDS:
        return None
    return words, re.compile(_GAP.join(parts), re.IGNORECASE)


def _part(token: Token) -> str:
    if token.kind in (TokenKind.STRING, TokenKind.NUMBER) or token.number is not None:
        return _VALUE
    return re.escape(token.text)


def _files(folder: Path) -> Iterator[Path]:
    """Source files by name; hidden folders and those of others' code are left out, links are not followed."""
    count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if path.suffix.lower() not in SUFFIXES or path.is_symlink():
                continue
            count += 1
            if count > MAX_FILES:
                return
            yield path


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def places(queries: Mapping[str, str], folder: Path | None) -> dict[str, str]:
    """From the tags of each text, then from the files of `folder`."""
    found = {key: place for key, query in queries.items() if (place := place_in_tags(query)) is not None}
    if folder is not None:
        rest = {key: query for key, query in queries.items() if key not in found}
        found |= find_places(rest, folder)
    return found
