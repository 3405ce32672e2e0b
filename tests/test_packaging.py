"""What is shipped: the wheel, the sdist it can be built from, and the lock."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RULES = "pgtune_cli/data/rules/"


def build(source: Path, kind: str, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = target.iterdir()
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def git_files(*paths: str) -> set[str]:
    """What git tracks or would track, and what is still there."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # the checkout may belong to someone else than the one who runs the tests
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *paths,
    ]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return {name for name in names if name and (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> dict[str, bytes]:
    return contents(build(ROOT, "wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> Path:
    packed = build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def test_the_wheel_holds_the_rules_of_the_repository(wheel):
    shipped = {name.removeprefix(RULES) for name in wheel if name.startswith(RULES)}
    assert shipped == {name.removeprefix("rules/") for name in git_files("rules")}


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    info = f"pgtune_cli-{PROJECT['version']}.dist-info/"
    others = {name for name in wheel if not name.startswith((RULES, info))}
    assert others == git_files("pgtune_cli")
    assert "pgtune_cli/py.typed" in others


def test_the_wheel_names_its_command_its_licence_and_its_pythons(wheel):
    info = f"pgtune_cli-{PROJECT['version']}.dist-info"
    metadata = wheel[f"{info}/METADATA"].decode().splitlines()
    assert wheel[f"{info}/entry_points.txt"].decode().split() == [
        "[console_scripts]", "pgtune", "=", "pgtune_cli.__main__:main",
        "[pytest11]", "pgtune", "=", "pgtune_cli.cli.pytest_plugin",
    ]  # fmt: skip
    assert wheel[f"{info}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert {"Name: pgtune-cli", "License-Expression: Apache-2.0"} <= set(metadata)
    assert [line for line in metadata if line.startswith("Requires-Python")] == ["Requires-Python: <3.14,>=3.11"]


def test_a_wheel_built_from_the_sdist_is_the_same(wheel, sdist, tmp_path):
    from_sdist = contents(build(sdist, "wheel", tmp_path / "wheel"))
    different = {name for name in wheel.keys() | from_sdist.keys() if wheel.get(name) != from_sdist.get(name)}
    assert different == set()


def test_the_tests_travel_with_the_sdist(sdist):
    shipped = {path.relative_to(sdist).as_posix() for path in (sdist / "tests").rglob("*") if path.is_file()}
    assert shipped == git_files("tests")


def locked_versions() -> dict[str, str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


def wanted() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *extras["test"], *extras["dev"]]
    return [requirement for requirement in map(Requirement, texts) if requirement.name != PROJECT["name"]]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_the_lock_has_a_version_that_the_project_accepts(requirement):
    version = locked_versions().get(canonicalize_name(requirement.name))
    assert version is not None, f"{requirement} is not locked; the first lines of requirements.lock say how"
    assert requirement.specifier.contains(version)


def test_every_locked_package_has_hashes_and_no_registry_is_named():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked_versions())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if re.search(r"://|--.*index|--find-links", line)] == []
