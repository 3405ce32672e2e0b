"""The command line itself: what --help imports, exit codes, errors in one line, where output goes."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from support.command import pgtune

HEAVY = ("asyncpg", "sqlglot", "jinja2", "cel", "yaml", "highspy")


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "--help"], ["check", "-h"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.argv = ['pgtune', *{arguments!r}]\n"
        "from pgtune_cli.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["analyze", "postgresql://nobody@127.0.0.1:1/none"], 3, "127.0.0.1"),
        (["analyze", "missing.pgtune"], 2, "missing.pgtune"),
        (["analyze", "x", "--format", "jsn"], 2, "did you mean json?"),
        (["analyze", "x", "--fail-on", "fatal"], 2, "one of info, warning, error"),
        (["analyze", "x", "-o", "report.pdf"], 2, "report.pdf"),
        (["analyze", "x", "-o", "nowhere/report.html"], 2, "nowhere"),
        (["analyze", "x", "--budget", "many"], 2, "many"),
        (["analyze", "x", "-o", "markdwn=report.md"], 2, "did you mean markdown?"),
        (["analyze", "x", "-o", "html="], 2, "names no file"),
        (["analyze", "x", "-o", "html=."], 2, "is a folder"),
        (["analyze", "x", "--color", "sometimes"], 2, "auto, always, never"),
        (["analyze", "x", "--ignore", "SHCEMA"], 2, "SHCEMA"),
        (["indexes", "x", "--format", "html"], 2, "sql"),
        (["schema", "reprot"], 2, "did you mean report?"),
        (["analyze", "x", "--pg-bin", "nowhere"], 2, "--pg-bin"),
        (["rules", "show", "PLAN0O3"], 2, "PLAN0"),
        (["check", "x", "--baseline", "missing.json"], 2, "missing.json"),
    ],
)
def test_a_mistake_ends_in_one_clear_line(arguments: list[str], code: int, said: str, tmp_path: Path) -> None:
    done = pgtune(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("pgtune: ")]) <= 2


def test_a_broken_configuration_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "pgtune.yaml").write_text("slow_query_treshold: 5ms\n", encoding="utf-8")
    done = pgtune("analyze", "postgresql://nobody@127.0.0.1:1/none", cwd=tmp_path)
    assert done.returncode == 2
    assert "pgtune.yaml:1" in done.stderr
    assert "slow_query_threshold" in done.stderr


def test_a_password_is_never_printed(tmp_path: Path) -> None:
    done = pgtune("analyze", "postgresql://me:hunter2secret@127.0.0.1:1/none", cwd=tmp_path)
    assert done.returncode == 3
    assert "hunter2secret" not in done.stdout + done.stderr


def test_init_writes_a_file_once(tmp_path: Path) -> None:
    assert pgtune("init", cwd=tmp_path).returncode == 0
    written = (tmp_path / "pgtune.yaml").read_text(encoding="utf-8")
    again = pgtune("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (tmp_path / "pgtune.yaml").read_text(encoding="utf-8") == written


@pytest.mark.parametrize("name", ["report", "indexes", "check", "baseline", "snapshot", "config"])
def test_every_schema_is_a_schema(name: str, tmp_path: Path) -> None:
    done = pgtune("schema", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    jsonschema.Draft202012Validator.check_schema(json.loads(done.stdout))


def test_doctor_prints_every_statement_without_connecting(tmp_path: Path) -> None:
    done = pgtune("doctor", "--print-sql", cwd=tmp_path)
    assert done.returncode == 0
    assert "pg_stat_statements" in done.stdout
    assert "pgtune" in done.stdout


def test_a_result_that_cannot_be_written_is_no_fault_of_pgtune() -> None:
    command = [sys.executable, "-m", "pgtune_cli", "rules", "list"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "pgtune: cannot write the result to stdout: No space left on device\n"


def test_a_closed_stdout_is_silence() -> None:
    command = f'"{sys.executable}" -m pgtune_cli rules list >&-'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_encoding_without_the_characters_of_a_result_is_no_fault() -> None:
    done = pgtune("rules", "facts", "statement", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "it compares a count(?) with something" in done.stdout


def test_without_a_home_there_is_no_cache_to_list() -> None:
    done = pgtune("cache", "list", env={"HOME": "nowhere", "XDG_CACHE_HOME": ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("pgtune: nothing can be kept: this user has no home")
