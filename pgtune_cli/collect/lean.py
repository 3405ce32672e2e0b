"""Structures as JSON for people to read: indented, fields in the order of their declaration, defaults left out."""

from enum import Enum
from functools import cache
from typing import Any

import msgspec


def lean_json(value: object) -> bytes:
    """Equal structures give equal bytes: a dict is sorted by its keys, whatever order it was read in."""
    return msgspec.json.format(msgspec.json.encode(_lean(value)), indent=1) + b"\n"


def _lean(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return {
            name: _lean(found)
            for name, default in _fields(type(value))
            if (found := getattr(value, name)) is not default and (found != default or type(found) is not type(default))
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _lean(value[key]) for key in sorted(value)}
    if isinstance(value, tuple | list):
        return [_lean(item) for item in value]
    return value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Name and default; of a field without one a default that nothing equals."""
    return tuple((field.name, _default(field)) for field in msgspec.structs.fields(kind))


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default
