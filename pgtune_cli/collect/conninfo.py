"""Connection strings -> libpq's parameters: URIs and `key=value` texts, by the rules of libpq's own parser.

No message here repeats the text: it may hold a password in any place where it is mistyped.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from pgtune_cli.errors import UsageError, near_hint

URI = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://(.*)", re.DOTALL)
_SCHEME = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?", re.IGNORECASE)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")

USED = frozenset((
    "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "connect_timeout", "application_name",
    "options", "target_session_attrs", "service", "servicefile", "sslmode", "sslnegotiation", "sslcert", "sslkey",
    "sslpassword", "sslrootcert", "sslcrl", "ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname",
    "gsslib",
))  # fmt: skip
"""libpq's parameters that reach the connection."""

IGNORED = frozenset((
    "client_encoding", "fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval",
    "keepalives_count", "tcp_user_timeout", "sslcompression", "sslcertmode", "sslsni", "gssencmode",
    "gssdelegation", "load_balance_hosts", "channel_binding", "min_protocol_version", "max_protocol_version",
    "sslcrldir", "sslkeylogfile",
))  # fmt: skip
"""libpq's parameters that asyncpg has no counterpart for and that change no answer."""

REFUSED = frozenset((
    "replication", "requirepeer", "require_auth", "requiressl", "scram_client_key", "scram_server_key",
))  # fmt: skip
"""libpq's parameters that would lose their protection, or their meaning, if they were ignored."""

OF_CLIENTS = frozenset((
    "schema", "connection_limit", "pool_timeout", "pgbouncer", "pool", "pool_size", "max_overflow",
    "socket_timeout", "statement_cache_size", "prepared_statement_cache_size", "prepared_statement_name_func",
    "serverVersion", "charset", "encoding", "reconnect", "timeout", "currentSchema", "sslaccept", "sslidentity",
    "conn_max_age", "prepareThreshold", "prepared_statements", "adapter",
))  # fmt: skip
"""what ORMs and drivers put into DATABASE_URL for themselves."""

_SYNONYMS = {"database": "dbname", "username": "user", "ssl_root_cert": "sslrootcert"}


def is_uri(text: str) -> bool:
    return URI.match(text.strip()) is not None


def parse_dsn(text: str) -> dict[str, str]:
    """A URI or a conninfo string as libpq's parameters; empty values are left out.

    Raises:
        UsageError: malformed, another database's URI, or a parameter that nobody knows.
    """
    text = text.strip()
    return parse_pairs(_uri(text) if is_uri(text) else _conninfo(text))


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names and values as they were written -> the parameters that reach the connection, under libpq's names."""
    found: dict[str, str] = {}
    for key, value in pairs:
        name, value = _known(_SYNONYMS.get(key, key), value)
        if "\0" in value:
            raise UsageError(f"connection parameter {_shown(name)} holds a NUL character")
        if name in USED and value:
            found[name] = value
    return found


def _known(key: str, value: str) -> tuple[str, str]:
    if key == "ssl":
        return "sslmode", _sslmode_of(value)
    if key in REFUSED:
        raise UsageError(f"connection parameter {key} is not supported", "leave it out of the connection string")
    if key not in USED | IGNORED | OF_CLIENTS:
        otherwise = "the names are libpq's; characters such as & and % are written %26, %25"
        raise UsageError(
            f"unknown connection parameter {_shown(key)}", near_hint(key, sorted(USED | IGNORED), otherwise)
        )
    return key, value


def _sslmode_of(value: str) -> str:
    """The `ssl=` of JDBC and of asyncpg."""
    return {"true": "require", "1": "require", "on": "require", "false": "disable", "0": "disable"}.get(value, value)


def _shown(key: str) -> str:
    """A parameter name, unless it may be a piece of a password."""
    return f"'{key}'" if re.fullmatch(r"[a-z][a-z_]{1,40}", key) else "(not a name)"


def _uri(text: str) -> Iterator[tuple[str, str]]:
    """`postgresql://[user[:password]@][host[:port],…][/dbname][?key=value&…]`."""
    match = URI.match(text)
    assert match is not None
    scheme, rest = match.groups()
    if not _SCHEME.fullmatch(scheme):
        raise UsageError("not a PostgreSQL connection: the URI is of another kind", "it starts with postgresql://")
    before_query, _, query = rest.partition("?")
    authority, slash, database = before_query.partition("/")
    if "@" in database:
        raise UsageError("the connection URI has an @ behind its first /", _ENCODE)
    credentials, at, hosts = authority.rpartition("@")
    if at:
        user, _, password = credentials.partition(":")
        yield "user", _decode(user)
        yield "password", _decode(password)
    yield from _hosts(hosts)
    if slash:
        yield "dbname", _decode(database)
    for part in query.split("&") if query else ():
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError("a parameter of the connection URI has no value", _ENCODE)
        yield _decode(key), _decode(value)


_ENCODE = "in user and password write / as %2F, ? as %3F, @ as %40, # as %23, % as %25"


def _hosts(text: str) -> Iterator[tuple[str, str]]:
    if not text:
        return
    names, ports = [], []
    for spec in text.split(","):
        match = _HOST.fullmatch(spec)
        if match is None:
            raise UsageError("host and port of the connection URI cannot be read", _ENCODE)
        names.append(_decode(match[1].removeprefix("[").removesuffix("]")))
        ports.append(match[2] or "")
    yield "host", ",".join(names)
    yield "port", ",".join(ports) if any(ports) else ""


def _decode(text: str) -> str:
    if _BAD_PERCENT.search(text):
        raise UsageError("the connection URI has a % that starts no escape", _ENCODE)
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UsageError("an escape of the connection URI is not UTF-8", _ENCODE) from None


_PAIR = re.compile(
    r"\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?(?=\s|$))", re.DOTALL
)


def _conninfo(text: str) -> Iterator[tuple[str, str]]:
    r"""`host=db dbname='my db' password='it\'s'`."""
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None:
            raise UsageError(
                "the connection string cannot be read: it wants key=value pairs",
                r"quote values with spaces: dbname='my db', and write ' as \'",
            )
        quoted, bare = match[2], match[3]
        yield match[1], re.sub(r"\\(.)", r"\1", quoted if quoted is not None else bare or "", flags=re.DOTALL)
        at = match.end()
