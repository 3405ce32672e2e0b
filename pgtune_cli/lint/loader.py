"""Rules from YAML files. Every mistake is named with file and line, all of them at once, before anything is judged."""

from collections.abc import Iterable, Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.read_rule import read_rule
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.yaml_file import MAX_BYTES, YamlMistake
from pgtune_cli.resources import rules_root

CASES_SUFFIX = ".cases.yaml"
MAX_FILES = 2000


def load_rules(extra_dirs: Iterable[Path | str] = ()) -> tuple[Rule, ...]:
    """The built-in rules and those of the user's folders, by id. Raises UsageError naming every mistake."""
    files = [(f"rules/{name}", file) for name, file in _files(rules_root())]
    for folder in extra_dirs:
        files += user_files(Path(folder))
    return _load(files)


def load_folder(folder: Path | str) -> tuple[Rule, ...]:
    """The rules of one folder alone. Raises UsageError."""
    return _load(user_files(Path(folder)))


def user_files(folder: Path) -> list[tuple[str, Traversable]]:
    """The rule files of a user's folder, with the names to show for them."""
    if not folder.is_dir():
        raise UsageError(f"no rules folder {folder}", "give --rules a folder with one YAML file a rule")
    return [(str(folder / name), file) for name, file in _files(folder)]


def _files(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found = list(_walk(folder, prefix))
    if len(found) > MAX_FILES:
        raise UsageError(f"{folder} holds more than {MAX_FILES} rule files", "give the folder of the rules alone")
    return found


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            if not entry.name.startswith("."):
                yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".yaml", ".yml")) and not entry.name.endswith(CASES_SUFFIX):
            yield f"{prefix}{entry.name}", entry


def _load(files: Iterable[tuple[str, Traversable]]) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    mistakes: list[str] = []
    for shown, file in files:
        rule, found = read_rule(_content(file, shown, mistakes), shown)
        mistakes += [f"{shown}:{mistake.line}: {mistake}" for mistake in found]
        if rule is not None and rule.id in rules:
            mistakes.append(f"{shown}:1: the id {rule.id} is taken by {rules[rule.id].source}")
        elif rule is not None:
            rules[rule.id] = rule
    if mistakes:
        raise UsageError("\n".join(mistakes), "`pgtune rules facts` lists what a condition may use")
    return tuple(rules[rule_id] for rule_id in sorted(rules))


def _content(file: Traversable, shown: str, mistakes: list[str]) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as exc:
        mistakes.append(f"{shown}:1: cannot be read: {exc.strerror}")
        return b""


__all__ = ["YamlMistake", "load_folder", "load_rules", "user_files"]
