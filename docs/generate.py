"""Writes docs/reference/ from the code, and the session of the README from the sample report.

`python docs/generate.py`; tests/test_docs_reference.py compares.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from pgtune_cli.cli.main import app
from pgtune_cli.cli.schema import NAMES
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.lint.reference import fact_reference, subject_kinds
from pgtune_cli.lint.rule import Rule
from pgtune_cli.report.schema import json_schema
from pgtune_cli.settings import config_schema, example

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "docs" / "reference"
SESSION = re.compile(r"(<!-- session: made by docs/generate.py -->\n).*?(<!-- end -->)", re.DOTALL)
MADE = "<!-- made by docs/generate.py -->"
AREAS = {
    "app": "what an application asks of its database",
    "plan": "plans",
    "schema": "tables, columns, indexes, sequences",
    "server": "settings and the state of the server",
    "sql": "the text of statements",
}


def pages() -> dict[str, str]:
    """File name -> text of every page."""
    made = {
        "commands.md": _commands(),
        "configuration.md": _configuration(),
        "schemas.md": _schemas(),
        "facts.md": _facts(),
    }
    areas: dict[str, list[Rule]] = {}
    for rule in load_rules(()):
        areas.setdefault(Path(rule.source).parent.name, []).append(rule)
    made["rules.md"] = _rule_index(areas)
    made |= {f"rules-{area}.md": _rules(area, rules) for area, rules in areas.items()}
    return {name: text.rstrip() + "\n" for name, text in made.items()}


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([MADE, "", f"# {title}", "", *lines])


def _cell(text: object) -> str:
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())


def _table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    yield from ("| " + " | ".join(map(_cell, row)) + " |" for row in rows)
    yield ""


def leaf_commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        for inner, one in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), one


def _commands() -> str:
    def lines() -> Iterator[str]:
        yield "`pgtune COMMAND --help` says the same on a terminal."
        yield ""
        for name, command in leaf_commands():
            yield f"## pgtune {name}"
            yield ""
            about, _, examples = command.help.partition("Example")
            yield from (*(" ".join(paragraph.split()) + "\n" for paragraph in about.strip().split("\n\n")),)
            asked = [line.strip() for line in examples.splitlines() if line.strip().startswith("pgtune ")]
            if asked:
                yield from ("```text", *asked, "```", "")
            arguments = [one for one in command.params if one.opts == [one.name]]
            options = [one for one in command.params if one not in arguments]
            if arguments:
                rows: list[tuple[object, ...]] = [(f"`{one.name.upper()}`", _help(one)) for one in arguments]
                yield from _table(("argument", ""), rows)
            if options:
                rows = [(_names(one), _help(one), _default(one)) for one in options]
                yield from _table(("option", "", "default"), rows)

    return _page("Commands", lines())


def _names(option: Any) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _help(option: Any) -> str:
    return (option.help or "").replace("\\[", "[")


def _default(option: Any) -> str:
    value = option.default
    return "" if value is None or value is False or value == 0 or callable(value) else f"`{value}`"


def _configuration() -> str:
    def lines() -> Iterator[str]:
        yield "`pgtune.yaml`, the nearest at or above the working folder, or `--config FILE`."
        yield "`pgtune init` writes this:"
        yield ""
        yield from ("```yaml", example().rstrip(), "```", "")
        yield "## Keys"
        yield ""
        yield from _structures(json.loads(config_schema()))

    return _page("Configuration", lines())


def _schemas() -> str:
    def lines() -> Iterator[str]:
        yield "`pgtune schema NAME` prints the JSON Schema (draft 2020-12) of each kind of file, for machines."
        yield "For people:"
        yield ""
        for name in NAMES:
            if name == "config":
                continue
            schema = json.loads(json_schema(name))
            yield f"## {name}"
            yield ""
            if "description" in schema:
                yield f"{schema['description']}\n"
            yield from _structures(schema, prefix=name)

    return _page("JSON schemas", lines())


def _structures(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """A table for each structure, the root first, then in the order of the alphabet."""
    found = schema["$defs"]
    root = schema["$ref"].rpartition("/")[2]
    for name in (root, *sorted(found.keys() - {root})):
        body = found[name]
        if "properties" not in body:
            continue
        yield f"### {prefix + ': ' if prefix else ''}{name}"
        yield ""
        if "description" in body:
            yield f"{_cell(body['description'])}\n"
        required = body.get("required", [])
        rows: list[tuple[object, ...]] = []
        for key, value in sorted(body["properties"].items()):
            default = "required" if key in required else _literal(value.get("default"))
            rows.append((f"`{key}`", _type(value, found), default, value.get("description", "")))
        yield from _table(("key", "type", "default", ""), rows)


def _literal(value: object) -> str:
    return f"`{json.dumps(value)}`"


def _type(value: dict[str, Any], found: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return " or ".join(f"`{one}`" for one in found[name]["enum"]) if "enum" in found[name] else name
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_type(one, found) for one in value["anyOf"]))
    if "enum" in value:
        return " or ".join(f"`{one}`" for one in value["enum"])
    kind = value.get("type", "any")
    if kind == "array":
        inner = value.get("items") or {}
        return f"list of {_type(inner, found)}" if inner else "list"
    if kind == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"mapping to {_type(value['additionalProperties'], found)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _facts() -> str:
    def lines() -> Iterator[str]:
        yield "What the condition of a rule may use, by what the rule judges. Unknown is null: the rule is then"
        yield "skipped, with the need named. `pgtune rules facts` prints them too."
        yield ""
        kinds = {kind.name: kind for kind in subject_kinds()}
        for name, facts in fact_reference().items():
            yield f"## {name}"
            yield ""
            about = kinds[name].description
            yield f"{about[:1].upper()}{about[1:]}; `{kinds[name].variable}` in conditions."
            yield ""
            rows: list[tuple[object, ...]] = [
                (f"`{fact.name}`", fact.type.value, fact.description, fact.need or "") for fact in facts
            ]
            yield from _table(("fact", "type", "", "needs"), rows)

    return _page("Facts", lines())


def _rule_index(areas: dict[str, list[Rule]]) -> str:
    def lines() -> Iterator[str]:
        yield f"{sum(map(len, areas.values()))} rules. [How to write your own](../how-to/rules.md)."
        yield ""
        for area, rules in areas.items():
            yield f"## {area}: {AREAS[area]}"
            yield ""
            rows: list[tuple[object, ...]] = [
                (f"[{rule.id}](rules-{area}.md#{rule.id.lower()}-{rule.name})", rule.name, rule.severity.value,
                 rule.confidence.value, rule.subject, ", ".join(rule.needs))
                for rule in rules
            ]  # fmt: skip
            yield from _table(("id", "name", "severity", "confidence", "judges", "needs"), rows)

    return _page("Rules", lines())


def _rules(area: str, rules: list[Rule]) -> str:
    def lines() -> Iterator[str]:
        for rule in rules:
            yield f"## {rule.id} {rule.name}"
            yield ""
            needs = f"; needs {', '.join(rule.needs)}" if rule.needs else ""
            yield f"{rule.severity.value}, confidence {rule.confidence.value}, judges {rule.subject}{needs}."
            yield ""
            yield f"{_cell(rule.why)}\n"
            if rule.suggestion is not None and rule.suggestion.text is not None:
                yield f"**Do:** {_code_places(_cell(rule.suggestion.text.text))}\n"
            yield from ("```text", re.sub(r"\s*(&&|\|\|)\s*", r"\n  \1 ", " ".join(rule.when.text.split())), "```", "")
            if rule.params:
                yield from _table(
                    ("parameter", "default"),
                    [
                        (f"`{name}`", f"`{value:g}`" if isinstance(value, float) else f"`{value}`")
                        for name, value in rule.params.items()
                    ],
                )
            yield from (f"<{reference}>\n" for reference in rule.references)

    return _page(f"Rules: {AREAS[area]}", lines())


def _code_places(text: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda match: f"`{match[0]}`", text)


def with_session(readme: str) -> str:
    """The README with the begin of the sample report as its session."""
    report = (ROOT / "sample_reports" / "report.txt").read_text(encoding="utf-8").splitlines()
    second = next((number for number, line in enumerate(report) if line.startswith(" 2. ")), 40)
    shown = [*report[:second], "…"]
    block = "\n".join(("```console", "$ pgtune analyze shop.pgtune", *shown, "```", ""))
    return SESSION.sub(lambda match: match[1] + block + match[2], readme)


def main() -> None:
    HERE.mkdir(exist_ok=True)
    made = pages()
    for old in HERE.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (HERE / name).write_text(text, encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_session(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
