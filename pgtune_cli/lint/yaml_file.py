"""A YAML file as plain data that remembers its lines. Aliases are refused: a few lines of them expand without end."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

MAX_BYTES = 256 * 1024
BRACE = re.compile(r"^\s*[\w-]+:\s*[{\[]")


class YamlMistake(ValueError):
    """What is wrong in a file, and in which line."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class Entry(msgspec.Struct, frozen=True):
    """One key of the top level: its value and the line it stands in."""

    value: Any
    line: int
    lines: dict[tuple[str, ...], int] = {}
    """of the keys below, by the keys that lead there."""

    def line_of(self, *keys: Any) -> int:
        """The line of a key below, or of the nearest one above it that there is."""
        path = tuple(str(key) for key in keys)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.line)


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise YamlMistake("aliases are not allowed", self.get_mark().line + 1)
        return super().compose_node(parent, index)


def read_shipped_yaml(content: bytes) -> dict[str, Entry]:
    """As `read_yaml`, ten times as fast, for files that pgtune brings along: libyaml crashes on endless nesting."""
    try:
        return _read(getattr(yaml, "CSafeLoader", _Loader)(content.decode("utf-8")))
    except (yaml.YAMLError, YamlMistake):
        return read_yaml(content)  # which names the mistake


def read_yaml(content: bytes) -> dict[str, Entry]:
    """The top-level keys of a file. Raises YamlMistake."""
    if len(content) > MAX_BYTES:
        raise YamlMistake(f"larger than {MAX_BYTES // 1024} kB")
    try:
        return _read(_Loader(content.decode("utf-8")))
    except UnicodeDecodeError as exc:
        raise YamlMistake("not UTF-8") from exc
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        written = content.decode("utf-8").splitlines()[line - 1 : line]
        quotes = " (a text that begins with { or [ wants quotes)" if any(map(BRACE.search, written)) else ""
        raise YamlMistake(f"not YAML: {exc.problem or exc.context}{quotes}", line) from exc
    except (yaml.YAMLError, ValueError, OverflowError) as exc:
        if isinstance(exc, YamlMistake):
            raise
        raise YamlMistake(f"not YAML: {str(exc).splitlines()[0]}") from exc
    except RecursionError as exc:
        raise YamlMistake("nested too deeply") from exc


def _read(loader: Any) -> dict[str, Entry]:
    node = loader.get_single_node()
    if not isinstance(node, yaml.MappingNode):
        raise YamlMistake("not a mapping of keys to values")
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise YamlMistake(f"the key {key!r} is not a text", line)
        if key in entries:
            raise YamlMistake(f"the key {key!r} stands here a second time", line)
        entries[key] = Entry(loader.construct_object(value_node, deep=True), line, dict(_lines(value_node, ())))
    return entries


def _lines(node: yaml.Node, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        path = (*above, str(key.value))
        yield path, key.start_mark.line + 1
        yield from _lines(value, path)
