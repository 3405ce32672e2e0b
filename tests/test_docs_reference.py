"""docs/reference/ and the session of the README are what docs/generate.py makes of the code; the site builds."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_made_of_the_code_as_it_is(generator: ModuleType, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        generator.main()
    written = {file.name: file.read_text(encoding="utf-8") for file in generator.HERE.glob("*.md")}
    assert written == generator.pages(), "python docs/generate.py"


def test_the_session_of_the_readme_is_the_sample_report(generator: ModuleType) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == generator.with_session(readme), "python docs/generate.py"


def test_every_option_has_a_help_text(generator: ModuleType) -> None:
    bare = [
        f"{name} {option.name}" for name, command in generator.leaf_commands() for option in command.params
        if not option.help
    ]  # fmt: skip
    assert bare == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path / "site")],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    start = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis" not in start
    assert "cdn" not in start
