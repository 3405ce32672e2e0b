"""What a place of the configuration may hold, for the one who mistyped it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, get_args

import msgspec

from pgtune_cli.settings.keys import Settings


def keys_at(place: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that the mapping at `place` may have."""
    within = place[2:] if place[:1] == ("profiles",) else place
    struct: type[msgspec.Struct] = Settings
    for step in within:
        types = {each.encode_name: each.type for each in msgspec.structs.fields(struct)}
        struct = _struct_within(types[step]) or struct if step in types else struct
    return tuple(each.encode_name for each in msgspec.structs.fields(struct))


def words_at(place: tuple[str, ...]) -> tuple[str, ...]:
    """The words that the value at `place` may be; none where it is not one of a few."""
    struct: type[msgspec.Struct] = Settings
    type_: Any = None
    for step in place[2:] if place[:1] == ("profiles",) else place:
        types = {each.encode_name: each.type for each in msgspec.structs.fields(struct)}
        # in a mapping of names to words, the name is no field
        type_ = types.get(step, type_)
        struct = _struct_within(type_) or struct
    return tuple(_words_within(type_))


def _words_within(type_: Any) -> Iterator[str]:
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        yield from (str(each) for each in type_)
    for inner in get_args(type_):
        yield from _words_within(inner)


def _struct_within(type_: Any) -> type[msgspec.Struct] | None:
    """The structure that a field holds, alone, in a tuple or beside None."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    return next((found for inner in get_args(type_) if (found := _struct_within(inner))), None)
