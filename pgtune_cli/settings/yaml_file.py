"""One YAML file of the configuration: its plain values, and the line of each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pgtune_cli.errors import UsageError

MAX_BYTES = 256 * 1024
MAX_VALUES = 20_000
"""aliases are followed; this bounds what a few lines of them may expand to."""


class YamlFile:
    """Raises UsageError, with the line, for what is no YAML of keys and values."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = self._compose(self._read())
        self._budget = MAX_VALUES
        self._loader = yaml.SafeLoader("")
        self.values: Any = {} if self._root is None else self._plain(self._root, 0)

    def error(self, place: tuple[str, ...], message: str, hint: str | None = None) -> UsageError:
        return UsageError(f"{self.path}:{self._line(place)}: {message}", hint)

    def _line(self, place: tuple[str, ...]) -> int:
        """The line of the value at `place`; of the nearest that is in the file where it is not."""
        node, line = self._root, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == step), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
                node = node.value[int(step)]
                line = node.start_mark.line + 1
        return line

    def _read(self) -> str:
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise UsageError(f"{self.path}: larger than {MAX_BYTES // 1024} kB")
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise UsageError(f"{self.path}: not UTF-8 at byte {exc.start}") from exc
        except OSError as exc:
            raise UsageError(f"cannot read {self.path}: {exc.strerror}") from exc

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as exc:
            mark = exc.problem_mark or exc.context_mark
            place = f"{self.path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self.path)
            raise UsageError(f"{place}: {exc.problem or exc.context}") from exc
        except yaml.YAMLError as exc:
            raise UsageError(f"{self.path}: {' '.join(str(exc).split())}") from exc
        except RecursionError as exc:
            raise UsageError(f"{self.path}: nested too deeply") from exc

    def _plain(self, node: yaml.Node, depth: int) -> Any:
        """The node as dict, list or scalar."""
        self._budget -= 1
        if self._budget < 0 or depth > 20:
            raise UsageError(f"{self.path}:{node.start_mark.line + 1}: too many or too deeply nested values")
        if isinstance(node, yaml.MappingNode):
            return {key: self._plain(value, depth + 1) for key, value in self._items(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(value, depth + 1) for value in node.value]
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as exc:
            reason = getattr(exc, "problem", None) or exc
            raise UsageError(f"{self.path}:{node.start_mark.line + 1}: {reason}") from exc

    def _items(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
        seen = set()
        for key, value in node.value:
            where = f"{self.path}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise UsageError(f"{where}: a key must be a word")
            if key.value in seen:
                raise UsageError(f"{where}: {key.value!r} is there twice")
            seen.add(key.value)
            yield key.value, value
