"""libpq's parameters -> where and how to connect, everything decided: nothing is left for the driver to look up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from pgtune_cli.collect.conninfo import parse_dsn, parse_pairs
from pgtune_cli.collect.home import login_name
from pgtune_cli.collect.passfile import find_passfile, look_up, why_unusable
from pgtune_cli.collect.servicefile import read_service
from pgtune_cli.collect.startup import split_options
from pgtune_cli.errors import UsageError

ENVIRONMENT = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGPASSFILE": "passfile",
    "PGSERVICE": "service",
    "PGSERVICEFILE": "servicefile",
    "PGOPTIONS": "options",
    "PGAPPNAME": "application_name",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGSSLMODE": "sslmode",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGSSLCRL": "sslcrl",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
    "PGKRBSRVNAME": "krbsrvname",
    "PGGSSLIB": "gsslib",
}
"""libpq's environment variables that pgtune honours, and the parameter each one sets."""

SOCKET_FOLDERS = ("/run/postgresql", "/var/run/postgresql", "/tmp")  # noqa: S108  libpq's own defaults, only read
TLS = (
    "sslmode", "sslnegotiation", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl",
    "ssl_min_protocol_version", "ssl_max_protocol_version",
)  # fmt: skip
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SESSION_ATTRS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
DEFAULT_TIMEOUT_S = 10.0


class ConnectOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to connect. Shows itself without the password."""

    hosts: tuple[str, ...]
    """names, addresses or folders of Unix sockets, tried in this order."""
    ports: tuple[int, ...]
    """one for each host."""
    database: str
    user: str
    password: str | None = None
    password_note: str | None = None
    """why a password file was not used."""
    tls: tuple[tuple[str, str], ...] = ()
    """libpq's ssl parameters that were given."""
    settings: tuple[tuple[str, str], ...] = ()
    """to be SET once connected (PGOPTIONS)."""
    startup_options: str | None = None
    """the part of PGOPTIONS that is no setting."""
    label: str | None = None
    """PGAPPNAME: shown behind pgtune's own application_name."""
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    """per host; None waits for ever."""
    target_session_attrs: str = "any"
    kerberos: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"ConnectOptions({self.describe()})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("", self.describe())]

    def describe(self) -> str:
        """`host db:5432, database shop, user reader`."""
        hosts = ", ".join(_place(host, port) for host, port in zip(self.hosts, self.ports, strict=True))
        return printable(f"host {hosts}, database {self.database}, user {self.user}")


def printable(text: str) -> str:
    """The text with what could move a terminal's cursor shown as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def options_of_dsn(dsn: str, env: Mapping[str, str]) -> ConnectOptions:
    return options_from(parse_dsn(dsn), env)


def options_from(given: Mapping[str, str], env: Mapping[str, str]) -> ConnectOptions:
    """What was given, completed as libpq does it: the service, the environment, the defaults, the password file.

    Raises:
        UsageError: a value that cannot be, or a service that is not defined.
    """
    found = _completed(given, env)
    hosts = _hosts(found)
    ports = _ports(found.get("port", ""), len(hosts))
    user = found.get("user") or login_name(env)
    if not user:
        raise UsageError("no user to connect as: this uid has no name", "name one with -U or PGUSER")
    database = found.get("dbname") or user
    password, note = _password(found, env, hosts, ports, database, user)
    settings, startup_options = split_options(found.get("options", ""))
    return ConnectOptions(
        hosts=_addresses(found, hosts),
        ports=ports,
        database=database,
        user=user,
        password=password,
        password_note=note,
        tls=tuple((name, found[name]) for name in TLS if name in found),
        settings=_environment_settings(env) + settings,
        startup_options=startup_options,
        label=found.get("application_name"),
        timeout_s=_timeout(found.get("connect_timeout")),
        target_session_attrs=found.get("target_session_attrs", "any"),
        kerberos=tuple((name, found[name]) for name in ("krbsrvname", "gsslib") if name in found),
    )


def _completed(given: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
    environment = parse_pairs((name, env[variable]) for variable, name in ENVIRONMENT.items() if env.get(variable))
    found = {**environment, **given}
    if "service" in found:
        service = read_service(found["service"], found.get("servicefile"), env)
        found = {**environment, **service, **given}
    _one_of(found, "sslmode", SSL_MODES)
    _one_of(found, "target_session_attrs", SESSION_ATTRS)
    return found


def _one_of(found: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> None:
    if name in found and found[name] not in allowed:
        raise UsageError(f"{name} is not one of {', '.join(allowed)}")


def _hosts(found: Mapping[str, str]) -> tuple[str, ...]:
    """The host names; without one, the Unix sockets that are there, then localhost."""
    if "host" in found:
        return tuple(host.strip() or "localhost" for host in found["host"].split(","))
    if "hostaddr" in found:
        return tuple(found["hostaddr"].split(","))
    return (*(folder for folder in SOCKET_FOLDERS if Path(folder).is_dir()), "localhost")


def _addresses(found: Mapping[str, str], hosts: tuple[str, ...]) -> tuple[str, ...]:
    """hostaddr in place of the names it stands for."""
    if "hostaddr" not in found:
        return hosts
    addresses = found["hostaddr"].split(",")
    if len(addresses) != len(hosts):
        raise UsageError(f"{len(addresses)} hostaddr for {len(hosts)} hosts")
    if "host" in found and found.get("sslmode") == "verify-full":
        raise UsageError(
            "sslmode=verify-full does not work together with hostaddr",
            "leave hostaddr out, or use sslmode=verify-ca",
        )
    return tuple(address or host for address, host in zip(addresses, hosts, strict=True))


def _ports(text: str, hosts: int) -> tuple[int, ...]:
    words = [word.strip() or "5432" for word in text.split(",")]
    if len(words) not in (1, hosts):
        raise UsageError(f"{len(words)} ports for {hosts} hosts")
    if not all(word.isascii() and word.isdigit() and 0 < int(word) < 65536 for word in words):
        # not repeated: it is a piece of a password where that holds a bare / or @
        raise UsageError(
            "the port is not a number from 1 to 65535", "in a URI write / as %2F and @ as %40 in the password"
        )
    ports = tuple(int(word) for word in words)
    return ports if len(ports) == hosts else ports * hosts


def _password(
    found: Mapping[str, str],
    env: Mapping[str, str],
    hosts: tuple[str, ...],
    ports: tuple[int, ...],
    database: str,
    user: str,
) -> tuple[str | None, str | None]:
    if "password" in found:
        return found["password"], None
    file = find_passfile(found.get("passfile"), env)
    if file is None:
        return None, None
    return look_up(file, hosts=hosts, ports=ports, database=database, user=user), why_unusable(file)


def _environment_settings(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """PGTZ and PGGEQO are settings of the session."""
    pairs = (("TimeZone", env.get("PGTZ")), ("geqo", env.get("PGGEQO")))
    return tuple((name, value) for name, value in pairs if value)


def _timeout(text: str | None) -> float | None:
    if text is None:
        return DEFAULT_TIMEOUT_S
    try:
        seconds = int(text)
    except ValueError:
        raise UsageError("connect_timeout is not a whole number of seconds") from None
    # libpq: zero and less is no limit, and 1 is taken as 2
    return float(max(seconds, 2)) if seconds > 0 else None
