"""Every command has examples in its help that the command line takes; the shells complete commands, options, values."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from pgtune_cli.cli.main import app

ROOT: Any = typer.main.get_command(app)


def commands(group: Any = ROOT, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found = {}
    for name, command in group.commands.items():
        at = (*path, name)
        found |= commands(command, at) if hasattr(command, "commands") else {at: command}
    return found


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_the_examples_of_a_command_can_be_given_to_it(path: tuple[str, ...]) -> None:
    command = commands()[path]
    lines = [line.strip() for line in command.help.splitlines()]
    examples = [shlex.split(line.partition(" > ")[0]) for line in lines if line.startswith("pgtune ")]
    assert examples
    for example in examples:
        name, words = example[: len(path) + 1], example[len(path) + 1 :]
        assert name == ["pgtune", *path]
        # raises on an option that there is not, and on a value that it does not take
        command.make_context(" ".join(name), list(words))


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose PATH has `pgtune`, the name that the scripts call."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "pgtune"
    script.write_text(f"#!{sys.executable}\nfrom pgtune_cli.__main__ import main\n\nmain()\n")
    script.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}


SOURCED = {
    "bash": """source "$1"; shift
    for line in "$@"; do
        IFS=: read -ra COMP_WORDS <<< "pgtune:$line"; [[ $line == *: ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pgtune_completion pgtune; echo "${COMPREPLY[@]}"
    done""",
    "zsh": "autoload -U compinit; compinit -u; source $1; print -- $_comps[pgtune]",
    "fish": "source $argv[1]; complete --do-complete 'pgtune analyze --order-by '",
}
ASKED = {
    "ana": "analyze",
    "rules:": "facts",
    "analyze:--order-by:": "total",
    "analyze:--format:js": "json",
    "check:--base": "--baseline",
    "rules:show:PLAN003": "PLAN003",
}
"""words with colons between them, and one of the answers; of bash, which asks the program as the others do"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_and_values(shell: str, env: dict[str, str], tmp_path: Path) -> None:
    known = {**env, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = subprocess.run(
        ["pgtune", "--show-completion", shell], env=known, capture_output=True, text=True, check=True
    )
    assert {"bash": "complete -o default -F _pgtune", "zsh": "#compdef pgtune", "fish": "complete --command pgtune"}[
        shell
    ] in shown.stdout
    if shutil.which(shell) is None:
        return  # nobody to source it
    (tmp_path / "completion").write_text(shown.stdout)
    (tmp_path / "try").write_text(SOURCED[shell])
    asked = list(ASKED) if shell == "bash" else []
    command = [shell, str(tmp_path / "try"), str(tmp_path / "completion"), *asked]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    if shell == "bash":
        assert [
            answer for line, answer in zip(answers, ASKED.values(), strict=True) if answer not in line.split()
        ] == []
    else:
        assert {"zsh": "_pgtune_completion", "fish": "total"}[shell] in answers
