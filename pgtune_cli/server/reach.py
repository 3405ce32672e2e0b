"""Programs that the server's account can run: root's own virtual environment is often closed to everybody else."""

import os
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


def bring_within_reach(binaries: Binaries, account: Account | None, home: Path) -> Binaries:
    """The same programs, copied into the server's home if its account can't run them where they are.

    Raises EmbeddedServerError when the account can't run the copy either.
    """
    if account is None or _trouble(binaries, account) is None:
        return binaries
    copied = replace(binaries, bin_dir=_copy(binaries.bin_dir, home / "programs"))
    for folder, _, files in os.walk(home / "programs"):
        for path in (Path(folder), *(Path(folder) / name for name in files)):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    os.chown(home, account.uid, account.gid)
    trouble = _trouble(copied, account)
    if trouble is not None:
        raise EmbeddedServerError(
            f"the user {account.uid} can't run {binaries.bin_dir / 'postgres'}, nor a copy of it: {trouble}",
            hint_for(trouble),
        )
    return copied


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
            return str(error)
        if answer.returncode != 0:
            return answer.stderr.strip()
    return None


def _copy(bin_dir: Path, target: Path) -> Path:
    """The programs with their libraries and data, laid out as they were: they find those by relative paths."""
    prefix = bin_dir.parent
    levels = prefix.parts[-2:]
    copied = target.joinpath(*levels)
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
