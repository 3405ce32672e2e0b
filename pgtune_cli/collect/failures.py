"""Why a connection failed: one line that names the object, and what to do. Decided by SQLSTATE, never by wording."""

import ssl
from collections.abc import Callable
from pathlib import Path

from pgtune_cli.collect.connect_options import ConnectOptions, printable
from pgtune_cli.errors import ConnectionFailed

_Explain = Callable[[ConnectOptions, str], tuple[str, str | None]]


def failure(error: BaseException, options: ConnectOptions) -> ConnectionFailed:
    """The error to raise for whatever the driver raised."""
    message, hint = _explained(error, options)
    return ConnectionFailed(printable(_without_password(message, options)), hint)


def _without_password(message: str, options: ConnectOptions) -> str:
    """A server or a pooler could echo it; ours never do."""
    password = options.password
    return message.replace(password, "***") if password and len(password) > 3 else message


def _explained(error: BaseException, options: ConnectOptions) -> tuple[str, str | None]:
    state = getattr(error, "sqlstate", None)
    said = " ".join(str(error).split())
    if isinstance(state, str):
        explain = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
        return explain(options, said) if explain else (f"the server refused the connection: {said}", None)
    where = _where(options)
    if isinstance(error, TimeoutError):
        return (
            f"no answer from {where} within {options.timeout_s or 0:g} s",
            "check host, port and firewall; PGCONNECT_TIMEOUT waits longer",
        )
    if isinstance(error, ssl.SSLError) or "SSL" in said:
        return _tls(error, options, where, said)
    return _network(error, options, where, said)


def _tls(error: BaseException, options: ConnectOptions, where: str, said: str) -> tuple[str, str | None]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {where} is not trusted: {error.verify_message}",
            "sslrootcert names the authority to trust; sslmode=require connects without checking",
        )
    if "rejected SSL" in said and dict(options.tls).get("sslmode", "prefer") in ("allow", "prefer"):
        # the driver goes on without TLS where a server has none: this was another answer
        return f"{where} does not answer as PostgreSQL does", "check host and port: something else listens there"
    if "rejected SSL" in said:
        return (
            f"{where} does not offer TLS, and sslmode demands it",
            "sslmode=prefer connects without TLS where there is none",
        )
    return f"TLS with {where} failed: {said}", "see sslmode, sslrootcert, sslcert and sslkey"


def _network(error: BaseException, options: ConnectOptions, where: str, said: str) -> tuple[str, str | None]:
    import socket

    if isinstance(error, socket.gaierror):
        return (
            f"host name of {where} is not known: {error.strerror}",
            "check the spelling of the host, and the name server",
        )
    missing = _missing_certificate(options)
    if isinstance(error, OSError) and missing:
        return missing, "see sslrootcert, sslcert, sslkey and sslcrl"
    if isinstance(error, FileNotFoundError):
        return f"no server on the socket of {where}", "check the socket folder and the port"
    if isinstance(error, PermissionError):
        return f"no permission for {error.filename or where}", None
    if isinstance(error, ConnectionRefusedError) or "Multiple exceptions" in said or "Connect call failed" in said:
        return f"nothing listens on {where}", "check host and port, and that the server is running (pg_isready)"
    if isinstance(error, OSError):
        return f"no connection to {where}: {error.strerror or said}", None
    kind = type(error).__name__
    said, _, hint = said.partition(" HINT: ")
    if hint:  # of the driver's own
        return f"no connection to {where}: {said}", hint
    if kind == "TargetServerAttributeNotMatched":
        return f"no server of {where} is {options.target_session_attrs}", "see target_session_attrs"
    return f"no connection to {where}: {said or kind}", _hint_of(options) if "password" in said else None


def _missing_certificate(options: ConnectOptions) -> str | None:
    """OpenSSL's error names no file."""
    paths = {name: value for name, value in options.tls if name in ("sslrootcert", "sslcert", "sslkey", "sslcrl")}
    absent = [f"{name} {value}" for name, value in paths.items() if value != "system" and not Path(value).is_file()]
    return f"{absent[0]} is not a file that can be read" if absent else None


def _where(options: ConnectOptions) -> str:
    return options.describe().partition(", database ")[0].removeprefix("host ")


def _hint_of(options: ConnectOptions) -> str:
    if options.password_note:
        return options.password_note
    if options.password is None:
        return "no password was given: put it into ~/.pgpass or PGPASSWORD, or let -W ask for it"
    return "check the password in the connection string, PGPASSWORD or ~/.pgpass"


def _password_refused(options: ConnectOptions, _said: str) -> tuple[str, str | None]:
    return f"{_where(options)} refused the password of user {options.user}", _hint_of(options)


def _not_admitted(options: ConnectOptions, said: str) -> tuple[str, str | None]:
    hint = "check the role's name; pg_hba.conf decides who may connect from where, and whether TLS is needed (sslmode)"
    return f"{_where(options)} does not admit user {options.user}: {said}", hint


def _no_database(options: ConnectOptions, _said: str) -> tuple[str, str | None]:
    return f"there is no database {options.database} on {_where(options)}", "name it with --dbname, or see psql -l"


def _full(options: ConnectOptions, said: str) -> tuple[str, str | None]:
    return f"{_where(options)} has no connection left: {said}", "wait, or raise max_connections"


def _not_now(options: ConnectOptions, said: str) -> tuple[str, str | None]:
    return f"{_where(options)} takes no connections now: {said}", "wait until the server has started"


def _denied(options: ConnectOptions, said: str) -> tuple[str, str | None]:
    return (
        f"user {options.user} may not connect to database {options.database}: {said}",
        "GRANT CONNECT ON DATABASE … TO … as its owner",
    )


def _wrong_setting(_options: ConnectOptions, said: str) -> tuple[str, str | None]:
    return f"a setting of the connection was refused: {said}", "see PGOPTIONS and options= of the connection"


def _pooler(options: ConnectOptions, said: str) -> tuple[str, str | None]:
    return f"{_where(options)} refused the connection: {said}", "a pooler may not know this database, user or option"


def _closed(_options: ConnectOptions, said: str) -> tuple[str, str | None]:
    hint = "see its log; behind a pooler in statement mode, which takes no transactions, name the server itself"
    return f"the server refused the connection: {said}", hint


_BY_STATE: dict[str, _Explain] = {
    "28P01": _password_refused,
    "28000": _not_admitted,
    "3D000": _no_database,
    "53300": _full,
    "57P03": _not_now,
    "42501": _denied,
    "42704": _wrong_setting,
    "22023": _wrong_setting,
    "55P02": _wrong_setting,
    "08P01": _pooler,
    "08003": _closed,
}
