"""Every command, statement and file of the README and of docs/ is run, in the order of the pages.

`postgresql://reader@db.example.com/shop` stands for a small shop on the tests' server. A block that cannot be run says
why in a comment above it: `<!-- not run: … -->`.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pgtune_cli.cli.params_file import read_params
from pgtune_cli.settings import load_settings

pytestmark = pytest.mark.pg

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "reference")]
BLOCK = re.compile(r"(?:<!-- not run: (?P<why>[^\n]+?) -->\n)?```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n"
                   r"(?P<text>.*?)```", re.DOTALL)  # fmt: skip
SHOWN = ("text", "console")
OF_CI = re.compile(r"python3 -m venv \.venv && .*/(pgtune demo|pytest)$")
STANDS_FOR = ("postgresql://reader@db.example.com/shop", "postgresql://you@db.example.com/yours")
SCHEMA = """
CREATE EXTENSION pg_stat_statements;
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, warehouse_id int NOT NULL,
                     total numeric NOT NULL, placed_at timestamptz NOT NULL);
INSERT INTO customers SELECT i, 'c' || i || '@example.com' FROM generate_series(1, 1000) i;
INSERT INTO orders SELECT i, 1 + i * 7 % 1000, i % 20, i % 500, timestamptz '2026-01-01' + i * interval '1 minute'
FROM generate_series(1, 20000) i;
ANALYZE;
"""


@dataclass(frozen=True)
class Block:
    page: Path
    kind: str
    title: str | None
    text: str
    why_not_run: str | None


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
            yield Block(page, found["kind"], found["title"], found["text"], found["why"])


def commands() -> list[str]:
    """Each once, in the order of the pages; lines that go on are joined."""
    found = [
        re.sub(r"\s+#.*", "", line).strip() for block in blocks() if block.kind == "sh" and block.why_not_run is None
        for line in block.text.replace("\\\n", " ").splitlines() if line.strip()
    ]  # fmt: skip
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def shop(pg_module: Any) -> str:
    pg_module.execute(SCHEMA)
    for _ in range(3):
        pg_module.fetch("SELECT * FROM orders WHERE customer_id = 5")
        pg_module.fetch("SELECT id FROM orders WHERE warehouse_id = 3 ORDER BY total LIMIT 10")
    return str(pg_module.create_role("docs_reader", "pg_monitor", "SELECT ON ALL TABLES IN SCHEMA public"))


@pytest.fixture(scope="module")
def folder(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the files that the pages show under a title, and a snapshot."""
    made = tmp_path_factory.mktemp("docs")
    for block in blocks():
        if block.title is not None and block.title != "pgtune.yaml":
            (made / block.title).parent.mkdir(exist_ok=True)
            (made / block.title).write_text(block.text, encoding="utf-8")
    done = run(f"pgtune snapshot {STANDS_FOR[0]} -o shop.pgtune", made, shop)
    assert done.returncode == 0, done.stderr
    return made


def run(command: str, folder: Path, dsn: str) -> subprocess.CompletedProcess[str]:
    for place in STANDS_FOR:
        command = command.replace(place, f"'{dsn}'")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATABASE_URL"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=clean | {"PATH": path}, text=True, capture_output=True,
        stdin=subprocess.DEVNULL, timeout=200, check=False,
    )  # fmt: skip


def test_every_block_is_of_a_kind_that_is_run_or_says_why_not() -> None:
    odd = [
        f"{block.page.name}: {block.kind}: {block.text[:60]!r}" for block in blocks()
        if block.kind not in ("sh", "sql", "yaml", *SHOWN) or (block.why_not_run is not None and not block.why_not_run)
    ]  # fmt: skip
    assert odd == []
    assert all(OF_CI.match(command) or "pgtune " in command for command in commands())


def test_the_two_commands_of_the_readme_are_one_line_each() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [len([line for line in lines if re.match(rf"^python3? -m venv .*/{end}$", line)])
            for end in ("pgtune demo", "pytest")] == [1, 1]  # fmt: skip


@pytest.mark.timeout(900)
def test_every_command_runs(folder: Path, shop: str) -> None:
    asked = [command for command in commands() if not OF_CI.match(command)]
    assert len(asked) > 30
    # what writes a file that others read comes first; the others do not depend on each other
    first = [command for command in asked if re.match(r"pgtune (snapshot|baseline) ", command)]
    last = [command for command in asked if command.startswith("pgtune cache clear")]
    done = {command: run(command, folder, shop) for command in first}
    with ThreadPoolExecutor(3) as pool:
        rest = [command for command in asked if command not in (*first, *last)]
        done |= dict(zip(rest, pool.map(lambda command: run(command, folder, shop), rest), strict=True))
    done |= {command: run(command, folder, shop) for command in last}
    failed = {command: one.stdout[-500:] + one.stderr for command, one in done.items() if one.returncode != 0}
    assert failed == {}
    silent = [
        command for command, one in done.items() if not one.stdout and ">" not in command and " -o " not in command
    ]
    assert silent == ["pgtune cache clear"] or silent == []
    assert "CREATE INDEX CONCURRENTLY" in done[f"pgtune indexes {STANDS_FOR[0]}"].stdout


def test_every_statement_is_taken_by_a_server(pg_module: Any) -> None:
    for block in blocks():
        if block.kind == "sql" and block.why_not_run is None:
            pg_module.execute(f"BEGIN; {block.text} ROLLBACK")


def test_every_configuration_is_read(tmp_path: Path) -> None:
    found = [block for block in blocks() if block.kind == "yaml" and block.why_not_run is None]
    assert found
    for block in found:
        file = tmp_path / "file.yaml"
        file.write_text(block.text, encoding="utf-8")
        if block.title == "pgtune.yaml":
            load_settings(file, None, {})
        elif block.title is None:
            read_params(file)


def test_what_is_shown_of_the_shipped_files_is_in_them() -> None:
    """The inputs of the Action and the id of the hook that the pages name."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    shown = [yaml.safe_load(block.text) for block in blocks() if block.kind == "yaml" and block.why_not_run is not None]
    text = json.dumps(shown)
    inputs = re.findall(r'"with": (\{.*?\})', text)
    assert inputs
    assert all(json.loads(one).keys() <= action["inputs"].keys() for one in inputs)
    assert set(re.findall(r'"id": "([\w-]+)"', text)) <= hooks
