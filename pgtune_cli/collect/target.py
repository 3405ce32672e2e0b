"""What a command works on: a server or a snapshot file, from the command line, the configuration or the environment."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pgtune_cli.collect.connect_options import ConnectOptions, options_from, printable
from pgtune_cli.collect.conninfo import is_uri, parse_dsn
from pgtune_cli.errors import UsageError


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Either a server (`options`) or a snapshot file (`snapshot_path`)."""

    options: ConnectOptions | None = None
    snapshot_path: Path | None = None
    origin: str
    """where it was named, in words."""

    @property
    def connect_options(self) -> ConnectOptions:
        """Where the server is.

        Raises:
            UsageError: the target is a snapshot file.
        """
        if self.options is None:
            raise UsageError("this needs a server, and the target is a snapshot file")
        return self.options

    def describe(self) -> str:
        """What and where from, in one line without the password."""
        what = printable(f"snapshot {self.snapshot_path}") if self.options is None else self.options.describe()
        return f"{what} (from {self.origin})"


def resolve_target(
    target: str | None,
    *,
    dsn: str | None = None,
    host: str | None = None,
    port: int | None = None,
    user: str | None = None,
    dbname: str | None = None,
    password: str | None = None,
    profile_dsn: str | None = None,
    env: Mapping[str, str],
) -> Target:
    """The first of TARGET, --dsn, PGTUNE_DSN, the profile, DATABASE_URL that is given; flags replace parts of it.

    Without any of them the flags and libpq's environment say where.

    Raises:
        UsageError: what is named cannot be read, or is not there.
    """
    if target and dsn:
        raise UsageError("both a TARGET and --dsn are given", "name one of them")
    flags = _flags(host, port, user, dbname)
    named, origin = _named(target, dsn, profile_dsn, env)
    if named is not None and not _is_connection(named):
        if flags:
            raise UsageError(f"{', '.join(_OPTION[name] for name in flags)} given for a snapshot file")
        return Target(snapshot_path=Path(named), origin=origin)
    given = parse_dsn(named) if named is not None else {}
    given = _overridden(given, flags)
    if password is not None:
        given["password"] = password
    words = [origin] if named is not None else []
    words += [", ".join(_OPTION[name] for name in flags)] if flags else []
    return Target(options=options_from(given, env), origin=" and ".join(words) or _environment_words(env))


_OPTION = {"host": "--host", "port": "--port", "user": "--user", "dbname": "--dbname"}


def _flags(host: str | None, port: int | None, user: str | None, dbname: str | None) -> dict[str, str]:
    values = {"host": host, "port": None if port is None else str(port), "user": user, "dbname": dbname}
    return {name: value for name, value in values.items() if value}


def _named(
    target: str | None, dsn: str | None, profile_dsn: str | None, env: Mapping[str, str]
) -> tuple[str | None, str]:
    sources = (
        (target, "the command line"),
        (dsn, "--dsn"),
        (env.get("PGTUNE_DSN"), "PGTUNE_DSN"),
        (profile_dsn, "the configuration"),
        (env.get("DATABASE_URL"), "DATABASE_URL"),
    )
    return next(((text, origin) for text, origin in sources if text and text.strip()), (None, ""))


def _is_connection(text: str) -> bool:
    """A connection, or else an existing snapshot file; neither is a mistake."""
    if is_uri(text):
        return True
    path = Path(text)
    try:
        if path.is_file():
            return False
        is_folder = path.is_dir()
    except (OSError, ValueError):  # a text too long for a name, or with a NUL
        is_folder = False
    if is_folder:
        raise UsageError(printable(f"{text} is a folder, not a snapshot file"))
    if "=" in text:
        return True
    # with an @ it may be a URI that lost its beginning, password and all
    what = f"no snapshot file {text[:200]}" if "@" not in text else "neither a snapshot file nor a connection"
    raise UsageError(
        printable(what),
        "a connection is a URI (postgresql://user@host/database) or host=… dbname=…; a database alone is --dbname",
    )


def _overridden(given: dict[str, str], flags: dict[str, str]) -> dict[str, str]:
    """Flags win over parts; what belonged to the part they replace goes with it."""
    kept = dict(given)
    if "host" in flags:
        kept.pop("hostaddr", None)
        if "," in kept.get("port", ""):
            kept.pop("port")
    if "user" in flags and flags["user"] != given.get("user"):
        kept.pop("password", None)
    return {**kept, **flags}


def _environment_words(env: Mapping[str, str]) -> str:
    given = [name for name in ("PGSERVICE", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER") if env.get(name)]
    return ", ".join(given) if given else "libpq's defaults"
