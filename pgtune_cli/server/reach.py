"""Programs that the server's account can run: root's own virtual environment is often closed to everybody else."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.account import Account
from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.failure import hint_for

NOT_NEEDED = shutil.ignore_patterns(
    "*.a", "pgxs", "pkgconfig", "include", "doc", "man", "locale", "bitcode", "__pycache__"
)
PROGRAMS = ("initdb", "postgres")


def copy_within_reach(binaries: Binaries, account: Account | None, home: Path) -> Binaries:
    """The same programs, copied into the server's home if its account can't run them where they are."""
    if account is None or _trouble(binaries, account) is None:
        return binaries
    return replace(binaries, bin_dir=_copy(binaries.bin_dir, home / "programs"))


def check_reach(binaries: Binaries, account: Account) -> None:
    """Raises EmbeddedServerError, with the reason, when the account can't run the programs."""
    trouble = _trouble(binaries, account)
    if trouble is not None:
        message = f"the user {account.uid} can't run the programs of {binaries.origin}: {trouble}"
        raise EmbeddedServerError(message, hint_for(trouble))


def _trouble(binaries: Binaries, account: Account) -> str | None:
    """Why the account can't run the programs; None when it can."""
    for program in (binaries.initdb, binaries.postgres):
        try:
            answer = subprocess.run(
                [str(program), "--version"],
                cwd="/",
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            return error.strerror or str(error)
        if answer.returncode != 0:
            return answer.stderr.strip()
    return None


def _copy(bin_dir: Path, target: Path) -> Path:
    """The programs with their libraries and data, laid out as they were: they find those by relative paths."""
    prefix = bin_dir.parent
    copied = target.joinpath(*prefix.parts[1:][-2:])
    (copied / bin_dir.name).mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy2(bin_dir / program, copied / bin_dir.name / program)
    for name in ("lib", "lib64", "share"):
        if (prefix / name).is_dir():
            shutil.copytree(prefix / name, copied / name, ignore=NOT_NEEDED, symlinks=True)
    bundled = prefix.parent.parent / f"{prefix.parent.name}.libs"  # what a wheel's builder put beside the package
    if bundled.is_dir():
        shutil.copytree(bundled, target / bundled.name, symlinks=True)
    return copied / bin_dir.name
