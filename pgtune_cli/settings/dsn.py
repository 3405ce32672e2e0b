"""A connection string in the configuration: no password in it, but perhaps a variable of the environment."""

import re
from collections.abc import Mapping
from urllib.parse import quote

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_URI = re.compile(r"([a-z][a-z0-9+]*://)(?:([^/?#]*)@)?(.*)", re.IGNORECASE | re.DOTALL)
_PASSWORD_WORD = re.compile(r"(?:^|[\s?&])(?:password|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]*)", re.IGNORECASE)


class Dsn(str):
    """A connection string that does not show itself: it may hold a password from the environment."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def has_plain_password(dsn: str) -> bool:
    """Whether a password is spelled out in it; one from the environment, `${NAME}`, is not."""
    spelled = [word.strip("'") for word in _PASSWORD_WORD.findall(dsn)]
    uri = _URI.fullmatch(dsn)
    if uri and uri[2] and ":" in uri[2]:
        spelled.append(uri[2].partition(":")[2])
    return any(word and not _VARIABLE.fullmatch(word) for word in spelled)


def expand_dsn(dsn: str, env: Mapping[str, str]) -> str:
    """`${NAME}` replaced, quoted for its place so that no character of a password ends it. KeyError: not set."""
    uri = _URI.fullmatch(dsn)
    if uri is None:
        words = re.sub(r"(?<==)\$\{(\w+)\}(?=\s|$)", lambda match: _conninfo(env[match[1]]), dsn)
        return _VARIABLE.sub(lambda match: env[match[1]], words)
    user = _VARIABLE.sub(lambda match: quote(env[match[1]], safe=""), uri[2]) + "@" if uri[2] is not None else ""
    return uri[1] + user + _VARIABLE.sub(lambda match: env[match[1]], uri[3])


def _conninfo(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
