"""Rules from YAML files. Every mistake is named with file and line, all of them at once, before anything is judged."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.override import is_override, override
from pgtune_cli.lint.read_rule import read_rule
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.yaml_file import MAX_BYTES, Entry, YamlMistake, read_shipped_yaml, read_yaml
from pgtune_cli.resources import rules_root

Reader = Callable[[bytes], dict[str, Entry]]
CASES_SUFFIX = ".cases.yaml"
MAX_FILES = 2000
ONLY_OVERRIDE = "; a file with 'overrides:' changes its severity and params"


def load_rules(extra_dirs: Iterable[Path | str] = ()) -> tuple[Rule, ...]:
    """The built-in rules and those of the user's folders, by id. Raises UsageError naming every mistake."""
    files = [(shown, file) for folder in extra_dirs for shown, file in user_files(Path(folder))]
    return _load(files, builtin_rules()) if files else tuple(builtin_rules().values())


@cache
def builtin_rules() -> Mapping[str, Rule]:
    """The rules that come with pgtune, by id."""
    found = _load([(f"rules/{name}", file) for name, file in _files(rules_root())], {}, read_shipped_yaml)
    return {rule.id: rule for rule in found}


def load_folder(folder: Path | str) -> tuple[Rule, ...]:
    """The rules of one folder, and the built-in ones that it overrides. Raises UsageError."""
    files = user_files(Path(folder))
    own = {shown for shown, _ in files}
    return tuple(rule for rule in _load(files, builtin_rules()) if rule.source in own)


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


def _load(
    files: Iterable[tuple[str, Traversable]], known: Mapping[str, Rule], read: Reader = read_yaml
) -> tuple[Rule, ...]:
    rules = dict(known)
    mistakes: list[str] = []
    overrides: list[tuple[str, dict[str, Entry]]] = []
    for shown, file in files:
        entries = _entries(file, shown, mistakes, read)
        if entries is None:
            continue
        if is_override(entries):
            overrides.append((shown, entries))
            continue
        rule, found = read_rule(entries, shown)
        mistakes += [f"{shown}:{mistake.line}: {mistake}" for mistake in found]
        if rule is not None and rule.id in rules:
            line = entries["id"].line
            mistakes.append(f"{shown}:{line}: the id {rule.id} is taken by {rules[rule.id].source}{ONLY_OVERRIDE}")
        elif rule is not None:
            rules[rule.id] = rule
    for shown, entries in overrides:
        try:
            rule = override(entries, rules, shown)
            rules[rule.id] = rule
        except YamlMistake as mistake:
            mistakes.append(f"{shown}:{mistake.line}: {mistake}")
    if mistakes:
        raise UsageError("\n".join(mistakes), "`pgtune rules facts` lists what a condition may use")
    return tuple(rules[rule_id] for rule_id in sorted(rules))


def _entries(file: Traversable, shown: str, mistakes: list[str], read: Reader) -> dict[str, Entry] | None:
    try:
        return read(_content(file))
    except YamlMistake as mistake:
        mistakes.append(f"{shown}:{mistake.line}: {mistake}")
        return None


def _content(file: Traversable) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as exc:
        raise YamlMistake(f"cannot be read: {exc.strerror}") from exc


__all__ = ["YamlMistake", "load_folder", "load_rules", "user_files"]
