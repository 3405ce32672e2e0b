"""Connection services (`~/.pg_service.conf`): named groups of libpq's parameters."""

from collections.abc import Mapping
from pathlib import Path

from pgtune_cli.collect.conninfo import parse_pairs
from pgtune_cli.collect.home import home_folder
from pgtune_cli.errors import UsageError

_MAX_BYTES = 1 << 20


def read_service(name: str, named_file: str | None, env: Mapping[str, str]) -> dict[str, str]:
    """The parameters of one service, from the user's file or else the system's.

    Raises:
        UsageError: no file defines it, or the file cannot be read.
    """
    files = _files(named_file, env)
    for file in files:
        found = _section(file, name)
        if found is not None:
            return found
    looked = ", ".join(str(file) for file in files) or "no file: PGSERVICEFILE is not set"
    raise UsageError(f"connection service '{name}' is not defined", f"looked in {looked}")


def _files(named_file: str | None, env: Mapping[str, str]) -> list[Path]:
    home = home_folder(env)
    files = [Path(named_file)] if named_file else [home / ".pg_service.conf"] if home else []
    if env.get("PGSYSCONFDIR"):
        files.append(Path(env["PGSYSCONFDIR"]) / "pg_service.conf")
    return files


def _section(file: Path, name: str) -> dict[str, str] | None:
    try:
        with file.open(encoding="utf-8") as opened:
            lines = opened.read(_MAX_BYTES).splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"service file {file} cannot be read: {type(exc).__name__}") from None
    inside = False
    pairs: list[tuple[str, str]] = []
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if inside:
                break
            inside = line == f"[{name}]"
        elif inside:
            key, equals, value = line.partition("=")
            if not equals or key.strip() == "service":
                raise UsageError(f"service file {file}, line {number}: it wants key=value, and no service in a service")
            pairs.append((key.strip(), value.strip()))
    return parse_pairs(pairs) if inside else None
