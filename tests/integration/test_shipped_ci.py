"""What ships for CI: the Action's steps in a shell, the pytest plugin in a run of its own, the hook, the Dockerfile."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.gate_shop import Application, load, run

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PG", "GITHUB"))}


@pytest.fixture(scope="module")
def shop(pg_module: Any) -> Any:
    load(pg_module.execute, customers=100, orders=500)
    run(pg_module.dsn, Application())
    return pg_module


def as_a_runner_would(folder: Path, inputs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Each step of action.yml in bash, with the expressions of its env filled in."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    values = {f"inputs.{name}": inputs.get(name, one["default"]) for name, one in action["inputs"].items()}
    values |= {"github.action_path": str(ROOT), "runner.temp": str(folder)}
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"], "an input in a script is code"
        env = {
            name: re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: values[match[1]], text)
            for name, text in step["env"].items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**ENVIRONMENT, **env, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "summary.md")},
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            break
    return done


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose virtual environment is there already: the install step finds this one's packages."""
    folder = tmp_path_factory.mktemp("runner")
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", folder / "pgtune"], check=True)
    site = next((folder / "pgtune" / "lib").glob("python3*")) / "site-packages"
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "of_the_tests.pth").write_text("\n".join(packages), encoding="utf-8")
    return folder


def test_the_action_fails_the_job_and_fills_the_summary(shop: Any, runner: Path) -> None:
    (runner / "pgtune.yaml").write_text("slow_query_threshold: 0.0001ms\n", encoding="utf-8")
    done = as_a_runner_would(runner, {"target": shop.dsn, "arguments": "--no-plans", "sarif": "found.sarif"})
    assert done.returncode == 1, done.stderr
    assert "::error " in done.stdout
    assert (runner / "summary.md").read_text(encoding="utf-8").startswith("### pgtune check failed")
    assert '"version": "2.1.0"' in (runner / "found.sarif").read_text(encoding="utf-8")
    (runner / "pgtune.yaml").write_text("slow_query_threshold: 1h\n", encoding="utf-8")
    hostile = as_a_runner_would(runner, {"target": shop.dsn, "arguments": "--no-plans", "source": "$(touch pwned)"})
    assert "no folder $(touch pwned)" in hostile.stderr
    assert not (runner / "pwned").exists()


SUITE = """
import asyncio, asyncpg, os, pytest

async def send():
    connection = await asyncpg.connect(os.environ["SHOP"])
    await connection.fetch("SELECT pg_sleep(0.3), count(*) FROM orders")
    await connection.close()

def test_slow():
    asyncio.run(send())

@pytest.fixture(scope="session")
def database(pgtune_watch):
    pgtune_watch(os.environ["SHOP"])

def test_of_a_database_made_by_a_fixture(database):
    asyncio.run(send())
"""


@pytest.mark.parametrize(("workers", "chosen"), [("0", "test_slow"), ("2", "test_of_a_database_made_by_a_fixture")])
def test_the_pytest_plugin_checks_what_the_tests_sent(shop: Any, tmp_path: Path, workers: str, chosen: str) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    option = ["--pgtune", shop.dsn] if chosen == "test_slow" else []
    words = [sys.executable, "-m", "pytest", "-q", "-n", workers, *option, "-k", chosen, "test_suite.py"]
    env = {**ENVIRONMENT, "SHOP": shop.dsn}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert re.search(r"FAIL +SELECT pg_sleep", done.stdout), done.stdout
    (tmp_path / "pgtune.yaml").write_text("slow_query_threshold: 1h\n", encoding="utf-8")
    quiet = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert quiet.returncode == 0, quiet.stdout + quiet.stderr


def test_the_pytest_plugin_says_why_it_cannot_read_a_database(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text("def test_nothing(): pass\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--pgtune", "postgresql://127.0.0.1:1/x"]
    done = subprocess.run(words, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "pgtune: " in done.stdout + done.stderr


def test_pre_commit_installs_the_hook_and_runs_it(shop: Any, tmp_path: Path) -> None:
    """From this repository's last commit into an environment of pre-commit's own; dependencies come from this one."""
    env = {
        **ENVIRONMENT,
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "hooks"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # as pip reads it: without; hatchling is there
    }
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    git = partial(subprocess.run, check=True, env=env, text=True, capture_output=True)
    commit = git(["git", "rev-parse", "HEAD"], cwd=ROOT).stdout.strip()
    hook = {"id": "pgtune-check", "args": [shop.dsn, "--no-plans"]}
    config = {"repos": [{"repo": str(ROOT), "rev": commit, "hooks": [hook]}]}
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    git(["git", "init", "-q"], cwd=folder)

    def run_hooks(threshold: str) -> subprocess.CompletedProcess[str]:
        (folder / "pgtune.yaml").write_text(f"slow_query_threshold: {threshold}\n", encoding="utf-8")
        git(["git", "add", "."], cwd=folder)
        words = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)

    failed = run_hooks("0.0001ms")
    assert (failed.returncode, "check failed" in failed.stdout) == (1, True), failed.stdout + failed.stderr
    assert list((tmp_path / "hooks").glob("repo*/py_env-*/bin/pgtune")) != []
    passed = run_hooks("1h")
    assert passed.returncode == 0, passed.stdout + passed.stderr


def docker_instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def test_the_dockerfile_pins_its_base_and_ends_as_nobody_special() -> None:
    found = docker_instructions()
    assert re.fullmatch(r"python:3\.1[123]-slim-\w+", dict(found)["FROM"])
    users = [value for name, value in found if name == "USER"]
    assert users == ["10001"]
    assert any("useradd" in value and "--uid 10001" in value for name, value in found if name == "RUN")
    assert [name for name, _ in found].index("USER") < [name for name, _ in found].index("ENTRYPOINT")
    assert not any(name == "ADD" for name, _ in found)


def test_hadolint_has_nothing_to_say_about_the_dockerfile() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    good = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout) == (0, ""), good.stdout + good.stderr
    bad = subprocess.run([hadolint, "-"], input="FROM python\n", capture_output=True, text=True, check=False)
    assert "DL3006" in bad.stdout


def test_the_dockerfile_s_install_step_works_in_a_fresh_folder(tmp_path: Path) -> None:
    """The RUN that installs, with its paths below a folder; dependencies come from this environment."""
    (step,) = [value for name, value in docker_instructions() if name == "RUN" and "pip install" in value]
    ignored = shutil.ignore_patterns(".git", ".venv", "servers", "node_modules", "tests", "*_cache", "__pycache__")
    shutil.copytree(ROOT, tmp_path / "src", ignore=ignored)
    script = step.replace("/opt/", f"{tmp_path}/opt/").replace("/src", f"{tmp_path}/src")
    script = script.replace("--no-cache-dir", "--no-cache-dir --no-deps -q --disable-pip-version-check")
    subprocess.run(["bash", "-ec", script], check=True, env=ENVIRONMENT)
    assert not (tmp_path / "src").exists()
    site = next((tmp_path / "opt" / "pgtune" / "lib").glob("python3*")) / "site-packages"
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "of_the_tests.pth").write_text("\n".join(packages), encoding="utf-8")
    shown = subprocess.run(
        [tmp_path / "opt" / "pgtune" / "bin" / "pgtune", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("pgtune ")


def test_the_gitlab_job_is_one_that_gitlab_reads() -> None:
    job = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))["pgtune"]
    assert job["artifacts"]["reports"] == {"codequality": "gl-code-quality.json", "junit": "junit.xml"}
    assert any("gitlab=gl-code-quality.json" in line and "junit.xml" in line for line in job["script"])
